/**
 * Bitfinex v2, public channels: arrays routed by a handle that the server hands out, one counter over
 * all arrays of a connection, checksums of books, and a maintenance that pauses.
 *
 * Sources, read 2026-11-22 (venues.md §3.7): [docs] docs.bitfinex.com `ws-general`, `ws-public` and the
 * conf flags, [probe] the live venue probed 2026-09-22..24 (arbitrage-observatory), [rec] recorded
 * traffic of 2021-04-17.
 */
import type { SequencePoint } from "../sequence/point.ts";
import { sequenceRules } from "../sequence/rule.ts";
import { BitfinexBook } from "./bitfinex-book.ts";
import { bitfinexTopics, hasKnownChecksum, requestOf, topicOfAnswer } from "./bitfinex-topics.ts";
import { defineVenue } from "./define-venue.ts";
import { isRecord, parseFrame, textOf } from "./kit/json.ts";
import { refusalBy } from "./kit/refusals.ts";
import { bitfinexRefusals } from "./refusal-tables.ts";
import type { Conversation, VenueProfile, VenueSource, VenueWord } from "./venue.ts";

/** `[price, count, amount]`; a count of 0 deletes, an amount below 0 is an ask. [docs] */
export type BitfinexBookEntry = readonly [price: number, count: number, amount: number];

/** `[id, ms, amount, price]`; an amount below 0 is a sale. `te` comes first, then `tu`. [docs] */
export type BitfinexTradeEntry = readonly [id: number, atMs: number, amount: number, price: number];

/** `[handle, payload…, number]`, as it comes; or an event. */
export type BitfinexMessage = readonly [chanId: number, ...rest: readonly unknown[]];

export interface BitfinexOptions {
  /** @defaultValue "wss://api-pub.bitfinex.com" */
  readonly endpoint?: string | undefined;
  /** Asks for checksums of books and holds each book against them. @defaultValue true */
  readonly checksums?: boolean | undefined;
}

const sources: readonly VenueSource[] = [
  {
    tag: "docs",
    what: "docs.bitfinex.com ws-general, ws-public, conf flags",
    readOn: "2026-11-22",
  },
  { tag: "probe", what: "live venue, probed 2026-09-22..24", readOn: "2026-11-22" },
  { tag: "rec", what: "recorded traffic of 2021-04-17", readOn: "2026-11-22" },
];

/** Flags of `conf`: number every array, send checksums of books. [docs] */
const SEQ_ALL = 65_536;
const OB_CHECKSUM = 131_072;

/** The profile of Bitfinex. Topics are `channel:symbol`, such as `book:tBTCUSD` or `trades:tBTCUSD`. */
export function bitfinex(options: BitfinexOptions = {}): VenueProfile<BitfinexMessage> {
  const { endpoint = "wss://api-pub.bitfinex.com", checksums = true } = options;
  const flags = checksums ? SEQ_ALL + OB_CHECKSUM : SEQ_ALL;
  return defineVenue<BitfinexMessage>({
    id: "bitfinex",
    sources,
    url: `${endpoint.replace(/\/+$/, "")}/ws/2`,
    topics: bitfinexTopics,
    limits: {
      pacing: [{ frames: 20, perMs: 1_000 }], // none is published: a civil pace
      subscriptionPacing: [{ frames: 10, perMs: 1_000 }],
      topicsPerConnection: 30, // 25 or 30 by the docs, 36 probed [docs, probe]
      topicsPerFrame: 1, // [docs]
      connects: [{ attempts: 20, perMs: 60_000 }], // per address, then blocked for 60 s [docs]
      firstSubscribeWithinMs: 60_000, // [probe]
    },
    retryBudget: { attempts: 15, perMs: 60_000 },
    opening: () => [{ event: "conf", flags }],
    // `hb` on every channel every 15 s. [docs, probe]
    keepalive: { mode: "server-message" },
    heartbeat: { intervalMs: 20_000, timeoutMs: 5_000, probe: () => ({ event: "ping", cid: 0 }) },
    // Which channel missed what is not known: all begin anew. A checksum knows its book.
    recovery: (stream) => (stream === CONNECTION ? "reconnect" : "resubscribe"),
    freshness: () => ({ firstMs: 30_000, silenceMs: 60_000 }),
    open: () => new BitfinexConversation(checksums),
  });
}

/** The stream of the connection's own counter. */
const CONNECTION = "connection";
const COUNTS = sequenceRules.connection();

/** The venue closes to go on elsewhere; no time is given. [docs] */
const RESTART_WITHIN_MS = 5_000;

interface BitfinexEvent {
  readonly event: string;
  readonly chanId?: number;
  readonly code?: number;
  readonly msg?: string;
  readonly status?: string;
  readonly flags?: number;
  readonly platform?: { readonly status?: number };
}

class BitfinexConversation implements Conversation<BitfinexMessage> {
  readonly numbersControl = true;
  readonly #checksums: boolean;
  readonly #topics = new Map<number, string>();
  readonly #handles = new Map<string, number>();
  readonly #books = new Map<number, BitfinexBook>();
  /** `conf` was accepted: the last element of every array is its number. */
  #isNumbered = false;

  constructor(checksums: boolean) {
    this.#checksums = checksums;
  }

  subscribe([topic = ""]: readonly string[]) {
    return requestOf(topic);
  }

  unsubscribe([topic = ""]: readonly string[]) {
    const chanId = this.#handles.get(topic);
    return chanId === undefined ? undefined : { event: "unsubscribe", chanId };
  }

  decode(data: Buffer): BitfinexMessage {
    const message = parseFrame(data);
    const isArray = Array.isArray(message) && typeof message[0] === "number";
    const isEvent = isRecord(message) && typeof message["event"] === "string";
    if (!isArray && !isEvent) throw new Error("neither an array with a handle nor an event");
    return message as unknown as BitfinexMessage;
  }

  control(message: BitfinexMessage): VenueWord | undefined {
    if (Array.isArray(message)) {
      return message[1] === "hb" || message[1] === "cs" ? { kind: "alive" } : undefined;
    }
    return this.#hear(message as unknown as BitfinexEvent);
  }

  topicOf(message: BitfinexMessage): string | undefined {
    return Array.isArray(message) ? this.#topics.get(message[0]) : undefined;
  }

  /** Snapshots are arrays of arrays; of an empty book, an empty one. [docs] */
  isSnapshot([, payload]: BitfinexMessage): boolean {
    return Array.isArray(payload) && (payload.length === 0 || Array.isArray(payload[0]));
  }

  /** 1, 2, 3 … over data, snapshots, `hb` and `cs`; not over events. [rec: 1,670, probe: 1,310] */
  sequence(message: BitfinexMessage): SequencePoint | undefined {
    if (!this.#isNumbered || !Array.isArray(message)) return undefined;
    const number = message.at(-1) as number;
    return { stream: CONNECTION, first: number, last: number, scope: "connection", rule: COUNTS };
  }

  verify(message: BitfinexMessage): boolean {
    if (!this.#checksums || !Array.isArray(message)) return true;
    const [chanId, payload, checksum] = message;
    const book = this.#books.get(chanId);
    if (book === undefined) return true;
    if (payload === "cs") return typeof checksum !== "number" || book.hasChecksum(checksum);
    if (Array.isArray(payload)) book.apply(payload as readonly unknown[]);
    return true;
  }

  /** `[chanId, "cs", checksum]` is about the book that came before it. [docs] */
  carriesChecksum(message: BitfinexMessage): boolean {
    if (!this.#checksums || !Array.isArray(message)) return false;
    const [chanId, payload, checksum] = message;
    return payload === "cs" && typeof checksum === "number" && this.#books.has(chanId);
  }

  #hear(event: BitfinexEvent): VenueWord {
    switch (event.event) {
      case "subscribed": {
        const topic = topicOfAnswer(event);
        if (topic === undefined || event.chanId === undefined) break;
        this.#begin(topic, event.chanId);
        return { kind: "answer", answer: { topics: [topic] } };
      }
      case "unsubscribed": {
        const topic = this.#end(event.chanId ?? NaN);
        return { kind: "answer", answer: { topics: topic === undefined ? [] : [topic] } };
      }
      case "conf":
        this.#isNumbered = event.status === "OK" && ((event.flags ?? 0) & SEQ_ALL) !== 0;
        return { kind: "alive" };
      case "error":
        return refusal(event);
      case "info":
        return announcement(event);
    }
    return { kind: "alive" };
  }

  #begin(topic: string, chanId: number): void {
    this.#topics.set(chanId, topic);
    this.#handles.set(topic, chanId);
    if (this.#checksums && hasKnownChecksum(topic)) this.#books.set(chanId, new BitfinexBook());
  }

  #end(chanId: number): string | undefined {
    const topic = this.#topics.get(chanId);
    // It may be subscribed anew already, under another handle.
    if (topic !== undefined && this.#handles.get(topic) === chanId) this.#handles.delete(topic);
    this.#topics.delete(chanId);
    this.#books.delete(chanId);
    return topic;
  }
}

/** 10301: subscribed already, which is what we want. An error echoes what was asked. [docs, probe] */
function refusal(event: BitfinexEvent): VenueWord {
  const topic = topicOfAnswer(event);
  if (topic === undefined) return { kind: "answer", answer: { unmatched: true } };
  if (event.code === 10_301) return { kind: "answer", answer: { topics: [topic] } };
  const error = `${textOf(event.code)}: ${textOf(event.msg)}`;
  const meaning = refusalBy(bitfinexRefusals, event.code);
  return { kind: "answer", answer: { topics: [topic], error, refusal: meaning } };
}

/** What an `info` event's code says; rely on nothing else of it. [docs] */
const notices: ReadonlyMap<number | undefined, "replace" | "pause" | "resume"> = new Map([
  [20_051, "replace"],
  [20_060, "pause"],
  [20_061, "resume"],
] as const);

function announcement({ code, msg, platform }: BitfinexEvent): VenueWord {
  const action = notices.get(code);
  const detail = `${textOf(code)}: ${textOf(msg ?? "")}`;
  if (action === "replace") {
    return { kind: "notice", notice: { action, withinMs: RESTART_WITHIN_MS, detail } };
  }
  if (action !== undefined) return { kind: "notice", notice: { action, detail } };
  if (platform?.status === 0) {
    return { kind: "notice", notice: { action: "status", detail: "platform in maintenance" } };
  }
  return { kind: "alive" };
}
