/**
 * Hyperliquid, public market data: one topic a frame, books that are whole each time and carry no number
 * but their time, and a socket that dies without a word of one topic that is unknown.
 *
 * Sources, read 2026-11-22 (venues.md §3.9) and 2026-11-25: [docs] its gitbook, "Subscriptions", "Timeouts
 * and heartbeats", "Rate limits", [probe] the live venue, probed on 2026-09-24 (arbitrage-observatory),
 * [clients] code of several clients, which agree.
 */
import type { SequencePoint } from "../sequence/point.ts";
import { sequenceRules } from "../sequence/rule.ts";
import type { FreshnessPolicy } from "../subscriptions/freshness.ts";
import { defineVenue } from "./define-venue.ts";
import { bareTopic, hyperliquidTopics, subscriptionOf, topicOfEcho } from "./hyperliquid-topics.ts";
import { isRecord, parseFrame } from "./kit/json.ts";
import { refusalBy } from "./kit/refusals.ts";
import { TopicNames } from "./kit/topic-names.ts";
import { hyperliquidRefusals } from "./refusal-tables.ts";
import type { Conversation, VenueProfile, VenueSource, VenueWord } from "./venue.ts";

/** Price, size and number of orders. [docs] */
export interface HyperliquidLevel {
  readonly px: string;
  readonly sz: string;
  readonly n: number;
}

/** All of a book, as deep as was asked: bids, then asks, the best first. [docs, probe] */
export interface HyperliquidBook {
  readonly coin: string;
  readonly time: number;
  readonly levels: readonly [bids: readonly HyperliquidLevel[], asks: readonly HyperliquidLevel[]];
}

/** `null` where a side is empty. [docs] */
export interface HyperliquidBbo {
  readonly coin: string;
  readonly time: number;
  readonly bbo: readonly [bid: HyperliquidLevel | null, ask: HyperliquidLevel | null];
}

/**
 * A trade. `tid` identifies it and counts nothing. The first message after a subscription tells again of
 * trades up to some 20 s before it [probe]: a consumer who counts trades leaves out every `tid` that he
 * had, as after a new socket most of that message is what the old one told.
 */
export interface HyperliquidTrade {
  readonly coin: string;
  /** `B` a buyer took, `A` a seller. */
  readonly side: "A" | "B";
  readonly px: string;
  readonly sz: string;
  readonly time: number;
  readonly hash: string;
  readonly tid: number;
  readonly users?: readonly [buyer: string, seller: string];
}

/** A push, as it comes. Channels without a type here are delivered as they are. */
export type HyperliquidMessage =
  | { readonly channel: "l2Book"; readonly data: HyperliquidBook }
  | { readonly channel: "bbo"; readonly data: HyperliquidBbo }
  | { readonly channel: "trades"; readonly data: readonly HyperliquidTrade[] }
  | {
      readonly channel:
        | "candle"
        | "activeAssetCtx"
        | "activeSpotAssetCtx"
        | "allMids"
        | "allDexsAssetCtxs"
        | "fastAssetCtxs";
      readonly data: unknown;
    };

export interface HyperliquidOptions {
  /** @defaultValue "wss://api.hyperliquid.xyz"; test "wss://api.hyperliquid-testnet.xyz" */
  readonly endpoint?: string | undefined;
}

const sources: readonly VenueSource[] = [
  {
    tag: "docs",
    what: "hyperliquid.gitbook.io: Subscriptions, Timeouts and heartbeats, Rate limits",
    readOn: "2026-11-25",
  },
  { tag: "probe", what: "the live venue, probed 2026-09-24", readOn: "2026-11-25" },
  { tag: "clients", what: "code of several clients (2026)", readOn: "2026-11-25" },
];

/** Answered by `{"channel":"pong"}`. [docs, probe] */
const PING = { method: "ping" } as const;

/** The profile of Hyperliquid. Topics are `type:coin?option=value`, or its own subscription objects. */
export function hyperliquid(options: HyperliquidOptions = {}): VenueProfile<HyperliquidMessage> {
  const { endpoint = "wss://api.hyperliquid.xyz" } = options;
  return defineVenue<HyperliquidMessage>({
    id: "hyperliquid",
    sources,
    url: `${endpoint.replace(/\/+$/, "")}/ws`,
    topics: hyperliquidTopics,
    limits: {
      // 2,000 messages a minute from an address, over all of its sockets [docs]: some are for pings.
      pacing: [{ frames: 1_900, perMs: 60_000 }],
      subscriptionPacing: [{ frames: 200, perMs: 1_000 }], // 356 in 1.7 s were all taken [probe]
      topicsPerConnection: 1_000, // of an address [docs]
      topicsPerFrame: 1, // [docs]; a list of coins is refused [probe]
      connects: [{ attempts: 30, perMs: 60_000 }], // per address, and 10 at a time [docs]
    },
    // Cut when IT has sent nothing for 60 s [docs], however much we say: a pong is what it needs.
    keepalive: { mode: "idle-probe" },
    heartbeat: { intervalMs: 20_000, timeoutMs: 5_000, probe: () => PING },
    // A full bucket and its refill are the 30 of a minute. [docs]
    retryBudget: { attempts: 15, perMs: 60_000 },
    freshness,
    open: () => new HyperliquidTalk(),
  });
}

/** Told at fixed times, changed or not; in milliseconds. [probe] */
const TOLD_EVERY_MS: Readonly<Record<string, number>> = {
  l2Book: 5_400,
  activeAssetCtx: 1_000,
  fastAssetCtxs: 1_000,
  allMids: 5_100,
  allDexsAssetCtxs: 13_600,
};

/** An unknown coin is no quiet one here: it has killed the socket. */
function freshness(topic: string): FreshnessPolicy | null {
  const [type = ""] = topic.split(/[:?]/, 1);
  const everyMs = TOLD_EVERY_MS[type];
  if (everyMs === undefined) return null; // when something happens
  const silenceMs = Math.max(everyMs * 5, 15_000);
  return { firstMs: silenceMs, silenceMs };
}

/** Of a book its time only grows; the same again was seen, a lower one never. [probe] */
const GROWS = sequenceRules.monotonic({ equal: "alive" });

/**
 * Data names a type and a coin and no options, so that of one coin a socket can follow one kind of book:
 * where several are asked for, nobody can say whose a message is, and it is delivered without a topic.
 */
class HyperliquidTalk implements Conversation<HyperliquidMessage> {
  readonly #names = new TopicNames();
  /** The topics with options that were asked for, by what data names of them. */
  readonly #asked = new Map<string, string[]>();

  subscribe([topic = ""]: readonly string[]) {
    const bare = bareTopic(topic);
    if (bare.startsWith("l2Book:")) {
      const others = this.#asked.get(bare)?.filter((each) => each !== topic) ?? [];
      this.#asked.set(bare, [...others, topic]);
    }
    return { method: "subscribe", subscription: subscriptionOf(topic) };
  }

  unsubscribe([topic = ""]: readonly string[]) {
    const bare = bareTopic(topic);
    const others = this.#asked.get(bare)?.filter((each) => each !== topic) ?? [];
    if (others.length > 0) this.#asked.set(bare, others);
    else this.#asked.delete(bare);
    return { method: "unsubscribe", subscription: subscriptionOf(topic) };
  }

  decode(data: Buffer): HyperliquidMessage {
    const message = parseFrame(data);
    if (!isRecord(message) || typeof message["channel"] !== "string") {
      throw new Error("no message of a channel");
    }
    return message as unknown as HyperliquidMessage;
  }

  control({ channel, data }: { readonly channel: string; readonly data?: unknown }) {
    switch (channel) {
      case "pong":
        return { kind: "alive" } as const;
      case "subscriptionResponse":
        return answerTo(isRecord(data) ? data["subscription"] : undefined);
      case "error":
        return hearError(data);
      default:
        return undefined;
    }
  }

  topicOf(message: HyperliquidMessage): string | undefined {
    if (message.channel === "l2Book") {
      const bare = this.#names.of(message.channel, message.data.coin);
      const asked = this.#asked.get(bare);
      return asked === undefined ? bare : asked.length === 1 ? asked[0] : undefined;
    }
    if (message.channel === "bbo") return this.#names.of(message.channel, message.data.coin);
    if (message.channel === "trades") {
      const [trade] = message.data;
      return trade === undefined ? undefined : this.#names.of(message.channel, trade.coin);
    }
    return nameOfOther(message.channel, message.data);
  }

  /** A book is all of it each time. [docs] */
  isSnapshot({ channel }: HyperliquidMessage): boolean {
    return channel === "l2Book";
  }

  /** Nothing shows what is missing; trades have numbers without an order. [probe] */
  sequence(message: HyperliquidMessage): SequencePoint | undefined {
    if (message.channel !== "l2Book" && message.channel !== "bbo") return undefined;
    const { time } = message.data;
    const stream = this.topicOf(message);
    if (stream === undefined) return undefined;
    return { stream, first: time, last: time, scope: "stream", rule: GROWS };
  }
}

/** Spot's contexts come on a channel of another name. [clients] */
function nameOfOther(channel: string, data: unknown): string | undefined {
  if (!isRecord(data)) return channel;
  const { coin, dex, s, i } = data;
  switch (channel) {
    case "candle":
      return `candle:${String(s)}?interval=${String(i)}`;
    case "activeAssetCtx":
    case "activeSpotAssetCtx":
      return `activeAssetCtx:${String(coin)}`;
    case "allMids":
      return typeof dex === "string" && dex !== "" ? `allMids?dex=${dex}` : channel;
    default:
      return channel;
  }
}

function answerTo(subscription: unknown, error?: string): VenueWord {
  const topic = topicOfEcho(subscription);
  if (topic === undefined) return { kind: "answer", answer: { unmatched: true } };
  if (error === undefined) return { kind: "answer", answer: { topics: [topic] } };
  const refusal = refusalBy(hyperliquidRefusals, error);
  return { kind: "answer", answer: { topics: [topic], error, refusal } };
}

const ALREADY = /^Already (?:un)?subscribed: /;
const UNREADABLE = "Error parsing JSON into valid websocket request: ";

/** An error names its subscription, or repeats the whole frame that was not understood. [probe] */
function hearError(data: unknown): VenueWord {
  const text = typeof data === "string" ? data : "";
  const already = ALREADY.exec(text)?.[0];
  if (already !== undefined) return answerTo(parseText(text.slice(already.length)));
  if (!text.startsWith(UNREADABLE)) return { kind: "answer", answer: { unmatched: true } };
  const frame = parseText(text.slice(UNREADABLE.length));
  return answerTo(isRecord(frame) ? frame["subscription"] : undefined, text);
}

function parseText(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
