/**
 * Bitfinex v2, as its server speaks: channels are arrays under a number that the server hands out, one
 * counter runs over all frames of a connection (flag SEQ_ALL), and a signed CRC32 proves the book.
 *
 * Facts: venues.md §3.7, read 2026-11-22. Connections per minute and address are not counted here.
 */
import { crc32 } from "node:zlib";
import { ConnectionCounter } from "../connection-counter.ts";
import type { Desk, Dialect, Notice, Said, Subject, Talk } from "../dialect.ts";
import { isObject, parseJson, type JsonObject } from "../json.ts";
import { notNow } from "../not-now.ts";
import type { BookChange, BookView, Level, MarketEvent, Quote, Trade } from "../market-event.ts";

const FLAGS = { timestamp: 32_768, seqAll: 65_536, checksum: 131_072, bulk: 536_870_912 };

/** As probed; the documentation says 25 and 30. */
const CHANNELS = 36;
/** With which a subscription begins. */
const SHOWN_TRADES = 10;
const HEARTBEAT_MS = 15_000;
const CHECKSUM_MS = 2_500;
const IDLE_CUT_MS = 60_000;

export const bitfinexDialect: Dialect = {
  id: "bitfinex",
  paths: ["/ws/2"],
  symbols: ["tBTCUSD", "tETHUSD", "tSOLUSD"],
  numbering: "range",
  limits: {
    inbound: [],
    maxStreams: CHANNELS,
    pingIntervalMs: Infinity,
    pongTimeoutMs: Infinity,
    maxAgeMs: Infinity,
  },
  account: (event) => {
    switch (event.feed) {
      case "trades": {
        const numbers = { first: event.id, last: event.id, isContiguous: false };
        return { stream: `trades:${event.instrument}`, numbers, showsLoss: true };
      }
      case "quotes":
        return { stream: `ticker:${event.instrument}`, showsLoss: true };
      case "book":
        return { stream: `book:${event.instrument}`, showsLoss: true };
      case "slow-book":
        return undefined;
    }
  },
  enter: (path) => (/^\/ws\/2\/?(\?|$)/.test(path) ? (desk) => new BitfinexTalk(desk) : 404),
};

const feeds = { book: "book", trades: "trades", ticker: "quotes" } as const;

type ChannelName = keyof typeof feeds;

/** A channel that is subscribed. */
interface Channel {
  readonly id: number;
  readonly name: ChannelName;
  readonly topic: string;
  readonly subject: Subject;
  summedAtMs: number;
}

/**
 * The general refusal of a subscription; that it may pass shows in nothing.
 * @see {@link https://docs.bitfinex.com/docs/ws-general} read 2026-11-30
 */
const NOT_NOW = [["10300", "subscribe: failed"]] as const;

class BitfinexTalk implements Talk {
  readonly counter = new ConnectionCounter(1);
  readonly #desk: Desk;
  readonly #channels = new Map<number, Channel>();
  readonly #byTopic = new Map<string, Channel>();
  #flags = 0;
  #lastChannelId: number;

  constructor(desk: Desk) {
    this.#desk = desk;
    this.#lastChannelId = 200_000 + desk.sessionId * 1_000;
    const serverId = "083bd8d4-aca7-4690-a573-eabfc8103de8";
    const platform = { status: desk.isPaused ? 0 : 1 };
    this.#event({ event: "info", version: 2, serverId, platform });
    this.#cutWhenIdle();
  }

  hear(frame: string): void {
    const request = parseJson(frame);
    if (!isObject(request) || Array.isArray(request)) {
      this.#refuse(10000, "event: unknown", {});
      return;
    }
    switch (request["event"]) {
      case "ping":
        this.#event({ event: "pong", ts: this.#desk.nowMs, cid: request["cid"] });
        return;
      case "conf": {
        const { flags } = request;
        this.#flags = typeof flags === "number" ? flags : 0;
        this.#event({ event: "conf", status: "OK", flags: this.#flags });
        return;
      }
      case "subscribe":
        this.#subscribe(request);
        return;
      case "unsubscribe":
        this.#unsubscribe(request);
        return;
    }
    this.#refuse(10000, "event: unknown", {});
  }

  tell(event: MarketEvent, topic: string): readonly Said[] {
    const channel = this.#byTopic.get(topic);
    if (channel === undefined) return [];
    switch (event.feed) {
      case "trades":
        // Executed, then updated: the same trade twice, by design.
        return ["te", "tu"].map((kind) => this.#frame(channel, kind, writeTrade(event)));
      case "quotes":
        return [this.#frame(channel, writeQuote(event))];
      case "book":
        return this.#tellBook(event, channel);
      case "slow-book":
        return [];
    }
  }

  announce(notice: Notice): void {
    const notices = {
      shutdown: [20051, "Stopping. Please try to reconnect."],
      pause: [20060, "Refreshing data. Please pause any activity."],
      resume: [20061, "Done refreshing data. Unsubscribe and subscribe all channels again."],
    } as const;
    const [code, msg] = notices[notice];
    this.#event({ event: "info", code, msg });
  }

  #subscribe(request: JsonObject): void {
    const { channel: name, symbol } = request;
    const { prec = "P0", freq = "F0", len = "25", subId } = request;
    if (!isChannelName(name)) {
      this.#refuse(10302, "channel: unknown", request);
      return;
    }
    const details = name === "book" ? { prec, freq, len: String(len) } : {};
    if (typeof symbol !== "string" || !this.#desk.market.knows(symbol)) {
      this.#refuse(10300, "symbol: invalid", { ...request, pair: pairOf(symbol) });
      return;
    }
    const isUsual = prec === "P0" && freq === "F0" && String(len) === "25";
    const suffix = name !== "book" || isUsual ? "" : `:${[prec, freq, len].join(":")}`;
    const topic = `${name}:${symbol}${suffix}`;
    if (this.#byTopic.has(topic)) {
      this.#refuse(10301, "subscribe: dup", request);
      return;
    }
    const refusal = this.#desk.refusalOf("subscriptions");
    if (refusal !== undefined) {
      const { code, text } = notNow(NOT_NOW, refusal.code);
      this.#refuse(Number(code), text, { ...request, pair: pairOf(symbol) });
      return;
    }
    if (this.#channels.size >= this.#desk.limits.maxStreams) {
      this.#desk.violation("topics per connection");
      this.#refuse(10305, "subscribe: limit", {});
      return;
    }
    const subject: Subject = { feed: feeds[name], instrument: symbol };
    const chanId = (this.#lastChannelId += 1);
    const channel: Channel = { id: chanId, name, topic, subject, summedAtMs: this.#desk.nowMs };
    this.#channels.set(chanId, channel);
    this.#byTopic.set(topic, channel);
    this.#desk.hold(topic, subject);
    const pair = pairOf(symbol);
    this.#event({ event: "subscribed", channel: name, chanId, symbol, ...details, subId, pair });
    this.#begin(channel);
    this.#beat(channel);
  }

  #unsubscribe({ chanId }: JsonObject): void {
    const channel = typeof chanId === "number" ? this.#channels.get(chanId) : undefined;
    if (channel === undefined) {
      this.#refuse(10400, "unsubscribe: invalid", { chanId });
      return;
    }
    this.#channels.delete(channel.id);
    this.#byTopic.delete(channel.topic);
    this.#desk.release(channel.topic);
    this.#desk.cancel(`hb ${channel.id}`);
    this.#event({ event: "unsubscribed", status: "OK", chanId: channel.id });
  }

  /** Every channel begins with what there is. */
  #begin(channel: Channel): void {
    if (this.#desk.isMute(channel.topic)) return;
    const { market, nowMs } = this.#desk;
    const { feed, instrument } = channel.subject;
    const [book, quote] = [market.book(instrument), market.quote(instrument, nowMs)];
    if (feed === "trades") {
      const latestFirst = this.#desk
        .pastTrades(channel.topic, instrument, SHOWN_TRADES)
        .toReversed();
      this.#desk.say(this.#frame(channel, latestFirst.map(writeTrade)));
    } else if (feed === "quotes" && quote !== undefined) {
      this.#desk.say(this.#frame(channel, writeQuote(quote)));
    } else if (feed === "book" && book !== undefined) {
      this.#desk.say(this.#frame(channel, writeBook(book)));
    }
  }

  #tellBook(change: BookChange, channel: Channel): readonly Said[] {
    const levels = writeBook(change);
    const isBulk = (this.#flags & FLAGS.bulk) !== 0;
    const updates = isBulk
      ? [this.#frame(channel, levels)]
      : levels.map((level) => this.#frame(channel, level));
    const isSummed = (this.#flags & FLAGS.checksum) !== 0;
    const book = this.#desk.market.book(change.instrument);
    if (!isSummed || book === undefined || change.atMs < channel.summedAtMs + CHECKSUM_MS) {
      return updates;
    }
    channel.summedAtMs = change.atMs;
    return [...updates, this.#frame(channel, "cs", this.#desk.checksum(bitfinexChecksum(book)))];
  }

  /** Every 15 s, busy or quiet. */
  #beat(channel: Channel): void {
    this.#desk.after(`hb ${channel.id}`, HEARTBEAT_MS, () => {
      this.#desk.say(this.#frame(channel, "hb"));
      this.#beat(channel);
    });
  }

  /** A connection without a channel whose client says nothing is dropped without a word. */
  #cutWhenIdle(): void {
    const quietMs = this.#desk.nowMs - this.#desk.lastHeardAtMs;
    if (this.#channels.size === 0 && quietMs >= IDLE_CUT_MS) {
      this.#desk.drop("idle");
      return;
    }
    this.#desk.after("idle", quietMs >= IDLE_CUT_MS ? IDLE_CUT_MS : IDLE_CUT_MS - quietMs, () => {
      this.#cutWhenIdle();
    });
  }

  /** An array frame: numbered last, but for a time that may follow. */
  #frame(channel: Channel, ...content: readonly unknown[]): Said {
    const isStamped = (this.#flags & FLAGS.timestamp) !== 0;
    const stamp = isStamped ? [this.#desk.nowMs] : [];
    if ((this.#flags & FLAGS.seqAll) === 0) {
      return JSON.stringify([channel.id, ...content, ...stamp]);
    }
    const number = this.counter.take();
    return { text: JSON.stringify([channel.id, ...content, number, ...stamp]), number };
  }

  /** An object frame: never numbered. */
  #event(event: object): void {
    this.#desk.say(JSON.stringify(event));
  }

  /** Repeats what was asked. */
  #refuse(code: number, msg: string, asked: object): void {
    this.#event({ ...asked, event: "error", msg, code });
  }
}

/** Over the best 25 of both sides in turn, as `price:amount`; amounts of asks are negative. Signed. */
export function bitfinexChecksum({ bids, asks }: BookView): number {
  const parts = Array.from({ length: 25 }, (_, index) => {
    const [bid, ask] = [bids[index], asks[index]];
    return [
      ...(bid === undefined ? [] : [bid[0] / 10, bid[1] / 1_000]),
      ...(ask === undefined ? [] : [ask[0] / 10, -ask[1] / 1_000]),
    ];
  });
  return crc32(parts.flat().join(":")) | 0;
}

/** Bids first. */
function writeBook({ bids, asks }: Pick<BookView, "bids" | "asks">): number[][] {
  return [...writeSide(bids, 1), ...writeSide(asks, -1)];
}

/** `[price, count, amount]`; a count of 0 takes the level away, from the side of the amount's sign. */
function writeSide(levels: readonly Level[], sign: 1 | -1): number[][] {
  return levels.map(([price, quantity]) =>
    quantity === 0 ? [price / 10, 0, sign] : [price / 10, 1, (sign * quantity) / 1_000],
  );
}

function writeTrade({ id, atMs, quantity, price, taker }: Trade): number[] {
  return [id, atMs, (taker === "buyer" ? quantity : -quantity) / 1_000, price / 10];
}

/** Bid, its size, ask, its size, the day's change and that in relation, last, volume, high, low. */
function writeQuote({ bid, ask, lastPrice }: Quote): number[] {
  const last = lastPrice / 10;
  return [bid[0] / 10, bid[1] / 1_000, ask[0] / 10, ask[1] / 1_000, 0, 0, last, 1, last, last];
}

function isChannelName(name: unknown): name is ChannelName {
  return typeof name === "string" && Object.hasOwn(feeds, name);
}

function pairOf(symbol: unknown): string {
  return typeof symbol === "string" ? symbol.replace(/^t/, "") : "";
}
