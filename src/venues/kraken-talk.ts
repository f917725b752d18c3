/**
 * What is said on one Kraken socket, and what must be remembered of it: which request asked for which
 * symbols, at which depth a symbol's book is subscribed, and each book for its checksum.
 *
 * Data names a channel and a symbol, never a depth: of one symbol a connection can follow one book and
 * one interval of candles. Sources as in `kraken.ts`.
 */
import type { SequencePoint } from "../sequence/point.ts";
import { sequenceRules } from "../sequence/rule.ts";
import type { Acknowledgement } from "../subscriptions/protocol.ts";
import { rangeOf } from "./kit/range-of.ts";
import { isRecord, parseFrame, textOf } from "./kit/json.ts";
import { refusalBy } from "./kit/refusals.ts";
import { RequestMemory } from "./kit/request-memory.ts";
import { TopicNames } from "./kit/topic-names.ts";
import { KrakenBook } from "./kraken-book.ts";
import { paramsOf, splitKrakenTopic, textOfParts } from "./kraken-topics.ts";
import type { KrakenMessage, KrakenTrade } from "./kraken.ts";
import { krakenRefusals } from "./refusal-tables.ts";
import type { Conversation, VenueWord } from "./venue.ts";

/** Success names what it was for in `result`, refusal its symbol beside the error. [wire] */
interface KrakenAnswer {
  readonly method?: string;
  readonly req_id?: unknown;
  readonly success?: boolean;
  readonly symbol?: string;
  readonly error?: unknown;
  readonly result?: {
    readonly channel: string;
    readonly symbol?: string;
    readonly depth?: number;
    readonly interval?: number;
  };
}

/** Trades count one by one in a book. [docs] */
const COUNTS = sequenceRules.contiguous();

export class KrakenTalk implements Conversation<KrakenMessage> {
  readonly #checksums: boolean;
  readonly #names = new TopicNames();
  readonly #asked = new RequestMemory();
  /** The topic of a channel and symbol, by the text of both. */
  readonly #topics = new Map<string, string>();
  readonly #books = new Map<string, KrakenBook>();
  /** Books as they came: their numbers are needed as they were written. */
  readonly #raw = new WeakMap<KrakenMessage, Buffer>();
  /** The system's last status. */
  #system = "online";

  constructor(checksums: boolean) {
    this.#checksums = checksums;
  }

  subscribe(topics: readonly string[], id: number) {
    for (const topic of topics) {
      const key = this.#keyOf(topic);
      if (!this.#topics.has(key)) this.#topics.set(key, topic);
    }
    this.#asked.remember(id, topics);
    return { method: "subscribe", params: paramsOf(topics), req_id: id };
  }

  unsubscribe(topics: readonly string[], id: number) {
    this.#asked.remember(id, topics);
    return { method: "unsubscribe", params: paramsOf(topics), req_id: id };
  }

  decode(data: Buffer): KrakenMessage {
    const frame = parseFrame(data);
    const isPush =
      isRecord(frame) &&
      typeof frame["channel"] === "string" &&
      (Array.isArray(frame["data"]) || isRecord(frame["data"]) || frame["channel"] === "heartbeat");
    const isAnswer = isRecord(frame) && (typeof frame["method"] === "string" || "error" in frame);
    if (!isPush && !isAnswer) throw new Error("neither a push nor an answer");
    const message = frame as unknown as KrakenMessage;
    if (this.#checksums && message.channel === "book") this.#raw.set(message, data);
    return message;
  }

  control(message: KrakenMessage): VenueWord | undefined {
    switch (message.channel) {
      case "heartbeat":
        return { kind: "alive" };
      case "status":
        return this.#hearStatus(message.data);
      case undefined:
        return this.#hear(message as unknown as KrakenAnswer);
      default:
        return undefined;
    }
  }

  topicOf({ channel, data }: KrakenMessage): string | undefined {
    if (channel === "instrument") return channel;
    const row: unknown = Array.isArray(data) ? data[0] : undefined;
    if (!isRecord(row) || typeof row["symbol"] !== "string") return undefined;
    const { symbol, interval } = row;
    const key = this.#names.of(channel, symbol);
    const known = this.#topics.get(key);
    if (known !== undefined) return known;
    return typeof interval === "number" ? textOfParts(channel, symbol, interval) : key;
  }

  /** All but trades begin anew with one. [docs] */
  isSnapshot({ channel, type }: KrakenMessage): boolean {
    return type === "snapshot" && channel !== "trade";
  }

  /** Only trades are numbered; those of a message are of one symbol. [fixture] */
  sequence(message: KrakenMessage): SequencePoint | undefined {
    if (message.channel !== "trade") return undefined;
    const stream = this.topicOf(message);
    if (stream === undefined) return undefined;
    const numbers = (message.data as readonly KrakenTrade[]).map((trade) => trade.trade_id);
    const [first, last] = rangeOf(numbers);
    // A new subscription begins with the last 50 trades. [trade]
    const retold = message.type === "snapshot";
    return { stream, first, last, scope: "stream", rule: COUNTS, retold };
  }

  /** Each message of a book has one, unless its snapshot had none. [docs] */
  carriesChecksum(message: KrakenMessage): boolean {
    const topic = this.#raw.has(message) ? this.topicOf(message) : undefined;
    if (topic === undefined) return false;
    const row: unknown = Array.isArray(message.data) ? message.data[0] : undefined;
    const isSummed = isRecord(row) && row["checksum"] !== undefined;
    return isSummed && (this.isSnapshot(message) || this.#books.has(topic));
  }

  /** A book that is not whole is so until its next snapshot: that is said once. */
  verify(message: KrakenMessage): boolean {
    const raw = this.#raw.get(message);
    const topic = raw === undefined ? undefined : this.topicOf(message);
    if (raw === undefined || topic === undefined) return true;
    if (this.isSnapshot(message)) {
      this.#books.set(topic, new KrakenBook(splitKrakenTopic(topic).option ?? 0));
    }
    if (this.#books.get(topic)?.apply(raw) ?? true) return true;
    this.#books.delete(topic);
    return false;
  }

  /** One answer for each symbol. [docs, wire] */
  #hear(answer: KrakenAnswer): VenueWord {
    const { method, success, error } = answer;
    if (method === "pong") return { kind: "alive" };
    if (method !== "subscribe" && method !== "unsubscribe") {
      return { kind: "answer", answer: { unmatched: true } };
    }
    const reason = success === true ? undefined : textOf(error ?? "refused");
    const topic = this.#takeTopic(answer);
    if (topic === undefined) return { kind: "answer", answer: wholeRequest(answer, reason) };
    if (method === "unsubscribe") {
      this.#end(topic);
      return { kind: "answer", answer: { topics: [topic] } };
    }
    if (reason === undefined || this.#isHeldAlready(topic, reason)) {
      this.#topics.set(this.#keyOf(topic), topic);
      return { kind: "answer", answer: { topics: [topic] } };
    }
    this.#end(topic);
    const refusal = refusalBy(krakenRefusals, reason);
    return { kind: "answer", answer: { topics: [topic], error: reason, refusal } };
  }

  /** Whose answer this is; the rest of its request waits for theirs. */
  #takeTopic({ req_id: id, result, symbol = result?.symbol }: KrakenAnswer): string | undefined {
    const asked = typeof id === "number" ? this.#asked.take(id) : [];
    const topic = asked.find((each) => splitKrakenTopic(each).symbol === symbol);
    const rest = asked.filter((each) => each !== topic);
    if (typeof id === "number" && topic !== undefined && rest.length > 0) {
      this.#asked.remember(id, rest);
    }
    if (topic !== undefined || result === undefined) return topic;
    const { channel, depth, interval } = result;
    return symbol === undefined ? channel : textOfParts(channel, symbol, depth ?? interval);
  }

  /** "Already subscribed" is what we want, unless it is said of another depth or interval. [clients] */
  #isHeldAlready(topic: string, reason: string): boolean {
    return /already subscribed/i.test(reason) && this.#topics.get(this.#keyOf(topic)) === topic;
  }

  #end(topic: string): void {
    const key = this.#keyOf(topic);
    if (this.#topics.get(key) === topic) this.#topics.delete(key);
    this.#books.delete(topic);
  }

  #keyOf(topic: string): string {
    const { channel, symbol } = splitKrakenTopic(topic);
    return symbol === undefined ? channel : this.#names.of(channel, symbol);
  }

  /** online, cancel_only, maintenance or post_only; on every connect, and when it changes. [wire] */
  #hearStatus(rows: KrakenMessage["data"]): VenueWord {
    const row: unknown = Array.isArray(rows) ? rows[0] : undefined;
    const system = textOf(isRecord(row) ? row["system"] : undefined);
    const isNews = system !== this.#system;
    this.#system = system;
    if (!isNews) return { kind: "alive" };
    return { kind: "notice", notice: { action: "status", detail: `system: ${system}` } };
  }
}

/** One that names no symbol speaks of all that was asked. */
function wholeRequest({ req_id: id }: KrakenAnswer, error: string | undefined): Acknowledgement {
  if (typeof id !== "number" || error === undefined) return { unmatched: true };
  return { id, error, refusal: refusalBy(krakenRefusals, error) };
}
