/**
 * KuCoin's newer sockets ("UTA", "Pro"), spot and futures: no token, JSON in binary frames, one topic a
 * frame, and books of 500 levels that begin with a snapshot.
 *
 * Sources, read 2026-11-22 (venues.md §3.10) and 2026-11-25: [docs] kucoin.com/docs-new, UTA WebSocket
 * "Introduction", "Orderbook" and "Rate Limit Rule (UTA)", quoted in [probe] the live venue's futures,
 * probed on 2026-09-22 (arbitrage-observatory), [notice] KuCoin's announcement of the 500-level feed
 * (2026-06-08), [clients] code of several clients, with frames as they came. KuCoin calls it not for
 * production. How marks and funding are subscribed is not known, so they are left out.
 */
import type { SequencePoint } from "../sequence/point.ts";
import { sequenceRules } from "../sequence/rule.ts";
import type { FreshnessPolicy } from "../subscriptions/freshness.ts";
import type { Topic } from "../subscriptions/topic.ts";
import { defineVenue } from "./define-venue.ts";
import { isRecord, parseFrame, textOf, type JsonRecord } from "./kit/json.ts";
import { refusalBy } from "./kit/refusals.ts";
import { TopicNames } from "./kit/topic-names.ts";
import type { KucoinService } from "./kucoin.ts";
import { awaitWelcome, textOfError } from "./kucoin-welcome.ts";
import { kucoinUtaRefusals } from "./refusal-tables.ts";
import type { Conversation, ParsedTopic, VenueProfile, VenueSource, VenueWord } from "./venue.ts";

/** Price and size; a size of "0" takes the level away. [probe] */
export type KucoinUtaLevel = readonly [price: string, size: string];

/** A book or a change of it: numbers `O` to `C` are in it. [docs, probe] */
export interface KucoinUtaBook {
  readonly s: string;
  readonly O: number;
  readonly C: number;
  /** Nanoseconds, which `JSON.parse` rounds. */
  readonly M: number;
  readonly a: readonly KucoinUtaLevel[];
  readonly b: readonly KucoinUtaLevel[];
}

/** `ti` identifies a trade. [clients] */
export interface KucoinUtaTrade {
  readonly s: string;
  readonly S: string;
  readonly p: string;
  readonly q: string;
  readonly ti: string;
  readonly M: number;
}

/** A push, as it comes: `T` is channel and kind of market, such as `obu.FUTURES`. */
export interface KucoinUtaMessage {
  readonly T: string;
  /** Of books: how deep, and how they are told. */
  readonly dp?: string;
  readonly t?: "snapshot" | "delta";
  /** Nanoseconds, which `JSON.parse` rounds. */
  readonly P: number;
  readonly d: KucoinUtaBook | KucoinUtaTrade | { readonly s: string };
}

export interface KucoinUtaOptions {
  /** @defaultValue "spot" */
  readonly service?: KucoinService | undefined;
  /** @defaultValue "wss://x-push-spot.kucoin.com", or of futures "wss://x-push-futures.kucoin.com" */
  readonly endpoint?: string | undefined;
}

const docs = "kucoin.com/docs-new UTA WebSocket";
const sources: readonly VenueSource[] = [
  {
    tag: "docs",
    what: `${docs} Introduction, Orderbook 3470221w0, rate-limit-rule-uta`,
    readOn: "2026-11-22",
  },
  { tag: "errors", what: "kucoin.com/docs-new error-code/websocket", readOn: "2026-11-30" },
  { tag: "probe", what: "the live venue's futures, probed 2026-09-22", readOn: "2026-11-25" },
  { tag: "notice", what: "announcement of the 500-level feed (2026-06-08)", readOn: "2026-11-25" },
  { tag: "clients", what: "code of several clients (2026)", readOn: "2026-11-25" },
];

/** What each channel takes besides its symbol: the key in the venue's words, and its values. */
const CHANNELS: Readonly<Record<string, readonly [option: string, values: RegExp] | null>> = {
  // Plain `increment` has no snapshot, and is at its end. [notice, probe]
  obu: ["depth", /^(increment@10ms|50|5|1)$/],
  kline: ["interval", /^(1|3|5|15|30)min$|^(1|2|4|6|8|12)hour$|^1day$|^1week$/],
  trade: null,
  ticker: null,
};

const PING = { id: "ping", type: "ping" } as const;

/** The profile of KuCoin's UTA sockets. Topics are `channel:symbol`, or `channel:symbol:option`. */
export function kucoinUta(options: KucoinUtaOptions = {}): VenueProfile<KucoinUtaMessage> {
  const { service = "spot", endpoint = `wss://x-push-${service}.kucoin.com` } = options;
  return defineVenue<KucoinUtaMessage>({
    id: "kucoin-uta",
    sources,
    service,
    services: ["spot", "futures"],
    url: endpoint,
    topics: {
      example: service === "spot" ? "obu:BTC-USDT:increment@10ms" : "obu:XBTUSDTM:increment@10ms",
      parse,
    },
    limits: {
      pacing: [{ frames: 290, perMs: 10_000 }], // 300 messages in 10 s [docs]
      topicsPerConnection: 600, // [docs]
      topicsPerFrame: 1, // of a book; a list is refused [probe]
      connects: [{ attempts: 250, perMs: 300_000 }], // per address; 300 by the same page [docs]
    },
    // The welcome says every 18 s; more than one ping a second is punished. [docs, probe]
    keepalive: { mode: "client-message", everyMs: 15_000, frame: () => PING },
    heartbeat: { intervalMs: 20_000, timeoutMs: 10_000, probe: () => PING },
    authenticate: awaitWelcome(({ message }) => message === "welcome"),
    // A snapshot comes with the first subscription of a socket. A second one brings none [probe], and
    // whether one does that follows an end is not known.
    recovery: (stream) => (isIncrement(stream) ? "reconnect" : "none"),
    freshness,
    open: () => new KucoinUtaTalk(service),
  });
}

/** `obu:BTC-USDT:increment@10ms`, or `{ channel, symbol, depth }` as the venue's own request has it. */
function parse(topic: Topic): ParsedTopic {
  const wrong: ParsedTopic = {
    expected:
      "a KuCoin UTA channel with its symbol and option: obu:SYMBOL:DEPTH, kline:SYMBOL:INTERVAL, " +
      "trade:SYMBOL or ticker:SYMBOL, such as obu:BTC-USDT:increment@10ms",
  };
  const [channel, symbol, option, ...rest] =
    typeof topic === "string" ? topic.split(":") : (partsOf(topic) ?? []);
  const isSymbol = symbol !== undefined && /^[A-Z0-9]+(-[A-Z0-9]+)?$/.test(symbol);
  const facts = Object.hasOwn(CHANNELS, channel ?? "") ? CHANNELS[channel ?? ""] : undefined;
  if (facts === undefined || !isSymbol || rest.length > 0) return wrong;
  const isRight = facts === null ? option === undefined : facts[1].test(option ?? "");
  if (!isRight) return wrong;
  const text = [channel, symbol, option].filter((part) => part !== undefined).join(":");
  // A symbol of the other kind is acknowledged, and silent. [probe]
  return { topic: text, service: symbol.includes("-") ? "spot" : "futures" };
}

function partsOf(topic: Exclude<Topic, string>): readonly (string | undefined)[] | undefined {
  const { channel, symbol, ...options } = topic as JsonRecord;
  if (typeof channel !== "string" || typeof symbol !== "string") return undefined;
  const key = CHANNELS[channel]?.[0];
  const given = Object.entries(options);
  const [entry] = given;
  if (entry === undefined) return [channel, symbol];
  const isOption = given.length === 1 && entry[0] === key;
  return isOption ? [channel, symbol, textOf(entry[1])] : undefined;
}

function isIncrement(topic: string): boolean {
  return topic.endsWith(":increment@10ms");
}

/** Unknown symbols are acknowledged, and silent. A snapshot took up to 6.2 s. [probe] */
function freshness(topic: string): FreshnessPolicy {
  // Every 100 ms, changed or not. [probe]
  if (/^obu:.*:50$/.test(topic)) return { firstMs: 15_000, silenceMs: 30_000 };
  return { firstMs: isIncrement(topic) ? 15_000 : 60_000, silenceMs: null };
}

/** A change begins at the number after the last, or before it. [docs]; it never overlapped. [probe] */
const RANGE = sequenceRules.range();
/** Whole each time: said again under the number that it had. [probe] */
const GROWS = sequenceRules.monotonic({ equal: "alive", lower: "reset" });

class KucoinUtaTalk implements Conversation<KucoinUtaMessage> {
  readonly #names = new TopicNames();
  readonly #tradeType: string;

  constructor(service: KucoinService) {
    this.#tradeType = service.toUpperCase();
  }

  subscribe([topic = ""]: readonly string[], id: number) {
    return this.#request("SUBSCRIBE", topic, id);
  }

  unsubscribe([topic = ""]: readonly string[], id: number) {
    return this.#request("UNSUBSCRIBE", topic, id);
  }

  /** Text, whatever the frame says that it is. [probe] */
  decode(data: Buffer): KucoinUtaMessage {
    const message = parseFrame(data);
    const isPush = isRecord(message) && typeof message["T"] === "string" && isRecord(message["d"]);
    const isAnswer =
      isRecord(message) && ["result", "message", "type"].some((key) => key in message);
    if (!isPush && !isAnswer) throw new Error("neither a push nor an answer");
    return message as unknown as KucoinUtaMessage;
  }

  /** `{"id":"1","result":true}`, documented as "true"; a refusal has a reason or a message. [docs, probe] */
  control(message: KucoinUtaMessage): VenueWord | undefined {
    if (message.T !== undefined) return undefined;
    const answer = message as unknown as JsonRecord;
    const { id, result, reason, message: text, type } = answer;
    if (type === "pong" || text === "welcome") return { kind: "alive" };
    const requestId = typeof id === "string" && id !== "" ? Number(id) : NaN;
    if (result === undefined || !Number.isSafeInteger(requestId)) {
      if (type !== "error") return { kind: "answer", answer: { unmatched: true } };
      return { kind: "notice", notice: { action: "status", detail: textOfError(answer) } };
    }
    if (result === true || result === "true") return { kind: "answer", answer: { id: requestId } };
    const error = textOf(reason ?? text ?? "refused");
    const refusal = refusalBy(kucoinUtaRefusals, error);
    return { kind: "answer", answer: { id: requestId, error, refusal } };
  }

  topicOf({ T, dp, d }: Partial<KucoinUtaMessage>): string | undefined {
    if (T === undefined || d === undefined) return undefined; // an answer
    const [channel = ""] = T.split(".", 1);
    const name = this.#names.of(channel, d.s);
    if (channel === "kline" && "i" in d) return this.#names.of(name, textOf(d.i));
    return dp === undefined ? name : this.#names.of(name, dp);
  }

  isSnapshot({ t }: KucoinUtaMessage): boolean {
    return t === "snapshot";
  }

  sequence(message: KucoinUtaMessage): SequencePoint | undefined {
    const { T, t, d } = message;
    if (!T.startsWith("obu.")) return undefined;
    const { O, C } = d as KucoinUtaBook;
    const stream = this.topicOf(message) ?? "";
    if (!isIncrement(stream)) return { stream, first: C, last: C, scope: "stream", rule: GROWS };
    if (t === "snapshot") return { stream, first: C, last: C, scope: "stream", restarts: true };
    return { stream, first: O, last: C, scope: "stream", rule: RANGE };
  }

  #request(action: string, topic: string, id: number) {
    const [channel = "", symbol, option] = topic.split(":");
    const key = CHANNELS[channel]?.[0];
    const given = key === undefined ? {} : { [key]: option };
    return { id: String(id), action, channel, tradeType: this.#tradeType, symbol, ...given };
  }
}
