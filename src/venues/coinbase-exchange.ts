/**
 * Coinbase Exchange (`ws-feed`), public channels: answers that show the whole state, several channels in
 * one request, trades counted by product, and a `sequence` that only the channel `full` shows whole.
 *
 * Sources, read 2026-11-22 (venues.md §3.3) and 2026-11-25: [docs] docs.cdp.coinbase.com Exchange
 * "WebSocket feed" and "WebSocket channels", [limits] the same, "Rate limits", [rec] recorded traffic of
 * 2021-04-17, [errors] refusals as bytewax#279 (2023-08-16) and barter-data show them, [seen] names in
 * public clients' fixtures.
 */
import { checkSync } from "../check.ts";
import { wrongValue } from "../errors.ts";
import type { SequencePoint } from "../sequence/point.ts";
import { sequenceRules } from "../sequence/rule.ts";
import { isPlainObject } from "../shape.ts";
import type { FreshnessPolicy } from "../subscriptions/freshness.ts";
import { refusedTopics, subscribedTopics } from "./coinbase-exchange-answers.ts";
import type {
  CoinbaseExchangeMessage,
  CoinbaseExchangeOrderEvent,
} from "./coinbase-exchange-messages.ts";
import { defineVenue } from "./define-venue.ts";
import { isRecord, parseFrame } from "./kit/json.ts";
import { refusalBy } from "./kit/refusals.ts";
import { channelGrammar, splitTopic } from "./kit/topic-grammar.ts";
import { TopicNames } from "./kit/topic-names.ts";
import { coinbaseExchangeRefusals } from "./refusal-tables.ts";
import type { Conversation, VenueProfile, VenueSource, VenueWord } from "./venue.ts";

export interface CoinbaseExchangeOptions {
  /** @defaultValue "wss://ws-feed.exchange.coinbase.com" */
  readonly endpoint?: string | undefined;
  /**
   * Signs a request: gives its `signature`, `key`, `passphrase` and `timestamp`, anew for each. Without
   * it the venue refuses `level2` and `full`; `level2_batch` and the others need none.
   */
  readonly sign?: (() => Readonly<Record<string, string>>) | undefined;
}

const sources: readonly VenueSource[] = [
  {
    tag: "docs",
    what: "docs.cdp.coinbase.com Exchange WebSocket feed, channels",
    readOn: "2026-11-25",
  },
  { tag: "limits", what: "docs.cdp.coinbase.com Exchange rate limits", readOn: "2026-11-22" },
  { tag: "rec", what: "recorded traffic of 2021-04-17", readOn: "2026-11-22" },
  { tag: "errors", what: "bytewax#279 (2023-08-16), barter-data 0.11", readOn: "2026-11-25" },
  { tag: "seen", what: "fixtures of public clients (2026)", readOn: "2026-11-25" },
];

const BY_PRODUCT = [
  "level2",
  "level2_batch",
  "matches",
  "ticker",
  "ticker_batch",
  "heartbeat",
  "full",
];

/** All channels begin at once [rec], and may then be quiet, but for these. */
const FRESHNESS: ReadonlyMap<string, FreshnessPolicy> = new Map([
  ["heartbeat", { firstMs: 10_000, silenceMs: 10_000 }], // once a second [docs]
  ["ticker_batch", { firstMs: null, silenceMs: null }], // beside `ticker` its messages pass for those
]);

/** Refused to whoever has not signed the request. [errors] */
const LOGIN: ReadonlySet<string> = new Set(["level2", "full"]);

/** The profile of Coinbase Exchange. Topics are `channel:product`, or `{ channel, product_id }`. */
export function coinbaseExchange(
  options: CoinbaseExchangeOptions = {},
): VenueProfile<CoinbaseExchangeMessage> {
  const { endpoint = "wss://ws-feed.exchange.coinbase.com", sign } = options;
  checkSync(sign, "sign");
  return defineVenue<CoinbaseExchangeMessage>({
    id: "coinbase-exchange",
    sources,
    url: endpoint,
    topics: channelGrammar({
      channelOf: (channel) =>
        channel === "status" || BY_PRODUCT.includes(channel)
          ? { service: "default", isGlobal: channel === "status" }
          : undefined,
      itemKey: "product_id",
      item: /^[A-Z0-9]+(-[A-Z0-9]+)+$/,
      expected: `status, or one of ${BY_PRODUCT.join(", ")} and a product`,
      example: "matches:BTC-USD",
    }),
    limits: {
      // 100 messages a second for an address [limits]: half are left to its other connections.
      pacing: [{ frames: 50, perMs: 1_000 }],
      subscriptionPacing: [{ frames: 40, perMs: 1_000 }],
      // All channels of a product in one request, but for those that need a login: one that is wrong
      // must not have the others of its request refused [errors name what is wrong, not what is lost].
      groupOf: (topic) => {
        const [channel, product] = splitTopic(topic);
        return LOGIN.has(channel) ? `login ${product}` : product;
      },
      connects: [{ attempts: 8, perMs: 1_000 }], // per address [limits]
      firstSubscribeWithinMs: 5_000, // [docs]
    },
    // No cut for idleness is documented. A ping after silence finds the dead.
    keepalive: { mode: "idle-probe" },
    // Matches can be dropped, and no snapshot brings them back [docs]: a gap is all one can know.
    recovery: () => "none",
    freshness: (topic) =>
      FRESHNESS.get(splitTopic(topic)[0]) ?? { firstMs: 30_000, silenceMs: null },
    open: () => new CoinbaseExchangeConversation(sign),
  });
}

const COUNTS = sequenceRules.contiguous();

/** What `full` has besides matches. [docs] */
const ORDER_EVENTS: ReadonlySet<string> = new Set([
  "received",
  "open",
  "done",
  "change",
  "activate",
]);

/** Messages that are of one product. */
const OF_PRODUCT: ReadonlySet<unknown> = new Set([
  ...ORDER_EVENTS,
  "match",
  "last_match",
  "snapshot",
  "l2update",
  "ticker",
  "heartbeat",
]);

/** A server that never answers must not make us remember every question. */
const MAX_ASKED = 10_000;

class CoinbaseExchangeConversation implements Conversation<CoinbaseExchangeMessage> {
  readonly #sign: CoinbaseExchangeOptions["sign"];
  readonly #names = new TopicNames();
  /** As the last answer said. */
  #subscribed: ReadonlySet<string> = new Set();
  /** Asked for, and in no answer yet: whom a refusal may mean. */
  readonly #asked = new Set<string>();

  constructor(sign: CoinbaseExchangeOptions["sign"]) {
    this.#sign = sign;
  }

  subscribe(topics: readonly string[]) {
    for (const topic of topics) if (this.#asked.size < MAX_ASKED) this.#asked.add(topic);
    return { ...this.#signature(), type: "subscribe", channels: channelsOf(topics) };
  }

  #signature(): object | undefined {
    if (this.#sign === undefined) return undefined;
    const signature: unknown = this.#sign();
    if (isPlainObject(signature)) return signature;
    throw wrongValue("sign()", "an object with the signature", signature);
  }

  unsubscribe(topics: readonly string[]) {
    for (const topic of topics) this.#asked.delete(topic);
    return { type: "unsubscribe", channels: channelsOf(topics) };
  }

  decode(data: Buffer): CoinbaseExchangeMessage {
    const message = parseFrame(data);
    const isOurs = isRecord(message) && typeof message["type"] === "string";
    if (!isOurs) throw new Error("a message without a type");
    if (OF_PRODUCT.has(message["type"]) && typeof message["product_id"] !== "string") {
      throw new Error("a message without its product");
    }
    return message as unknown as CoinbaseExchangeMessage;
  }

  /** No answer bears an id: `subscriptions` shows all that is subscribed. [docs, rec] */
  control(message: CoinbaseExchangeMessage): VenueWord | undefined {
    const { type }: { readonly type: string } = message;
    if (type === "subscriptions") {
      const state = subscribedTopics(message);
      for (const topic of state) this.#asked.delete(topic);
      this.#subscribed = new Set(state);
      return { kind: "answer", answer: { state } };
    }
    if (type !== "error") return undefined;
    const { topics, error } = refusedTopics(message, this.#asked);
    if (topics.length === 0) return { kind: "notice", notice: { action: "status", detail: error } };
    for (const topic of topics) this.#asked.delete(topic);
    const refusal = refusalBy(coinbaseExchangeRefusals, error);
    return { kind: "answer", answer: { topics, error, refusal } };
  }

  topicOf(message: CoinbaseExchangeMessage): string | undefined {
    const { type, product_id: product } = message;
    switch (type) {
      case "snapshot":
      case "l2update":
        return this.#either("level2", "level2_batch", product);
      case "ticker":
        return this.#either("ticker", "ticker_batch", product);
      case "last_match":
        return this.#names.of("matches", product);
      case "match":
        return this.#names.of(this.#isFull(product) ? "full" : "matches", product);
      case "heartbeat":
        return this.#names.of("heartbeat", product);
      case "received":
      case "open":
      case "done":
      case "change":
      case "activate":
        return this.#names.of("full", product);
      case "status":
        return "status";
    }
    return undefined; // types may be added at any time [docs]
  }

  isSnapshot({ type }: CoinbaseExchangeMessage): boolean {
    return type === "snapshot";
  }

  /**
   * `trade_id` counts a product's matches [rec: 97 of 97]. `sequence` counts what happens to a product,
   * and only `full` shows all of it [docs]: elsewhere its jumps are no gaps [rec: 97 of 204 pairs].
   *
   * A heartbeat's `last_trade_id` is for people: nothing says that it waits for the matches before it.
   */
  sequence(message: CoinbaseExchangeMessage): SequencePoint | undefined {
    const { type } = message;
    if (type === "last_match" || (type === "match" && !this.#isFull(message.product_id))) {
      const point = at(this.#names.of("matches", message.product_id), message.trade_id);
      // A new subscription begins with the last match before it. [docs]
      return type === "last_match" ? { ...point, retold: true } : point;
    }
    if (type !== "match" && !isOrderEvent(message)) return undefined;
    const { product_id: product, sequence: number } = message;
    return number === undefined ? undefined : at(this.#names.of("full", product), number);
  }

  /** Two channels give messages of one type: this is the one that is subscribed. */
  #either(usual: string, other: string, product: string): string {
    const topic = this.#names.of(other, product);
    return this.#subscribed.has(topic) && !this.#subscribed.has(this.#names.of(usual, product))
      ? topic
      : this.#names.of(usual, product);
  }

  /** `full` holds the matches too, and counts them. */
  #isFull(product: string): boolean {
    return this.#subscribed.has(this.#names.of("full", product));
  }
}

function isOrderEvent(message: CoinbaseExchangeMessage): message is CoinbaseExchangeOrderEvent {
  return ORDER_EVENTS.has(message.type);
}

function at(stream: string, number: number): SequencePoint {
  return { stream, first: number, last: number, scope: "stream", rule: COUNTS };
}

/** Channels with their products, as a request names them. [docs] */
function channelsOf(topics: readonly string[]): readonly object[] {
  const products = new Map<string, string[]>();
  for (const topic of topics) {
    const [channel, product] = splitTopic(topic);
    const known = products.get(channel) ?? [];
    products.set(channel, product === "" ? known : [...known, product]);
  }
  return [...products].map(([name, ids]) =>
    ids.length === 0 ? { name } : { name, product_ids: ids },
  );
}
