/**
 * Deribit v2, as its server speaks: JSON-RPC, acknowledgements that leave out what is not known, a
 * challenge that must be answered, and books whose `prev_change_id` links to the change before.
 *
 * Facts: venues.md §3.8, read 2026-11-22; timings as probed there.
 */
import type { Desk, Dialect, Notice, Said, Subject, Talk } from "../dialect.ts";
import { isObject, parseJson, type JsonObject } from "../json.ts";
import { notNow } from "../not-now.ts";
import type { BookChange, Level, MarketEvent, Quote, Trade } from "../market-event.ts";

/** Requests are paid from a pool that refills. */
const POOL = 30_000;
const REFILL_PER_MS = 10;
const SUBSCRIBE_COST = 3_000;
const OTHER_COST = 500;

const CHANNELS_PER_CALL = 500;
const IDLE_CUT_MS = 60_500;
const ANSWER_WITHIN_MS = 10_000;

export const deribitDialect: Dialect = {
  id: "deribit",
  paths: ["/ws/api/v2"],
  symbols: ["BTC-PERPETUAL", "ETH-PERPETUAL", "SOL_USDC-PERPETUAL"],
  numbering: "linked",
  limits: {
    inbound: [],
    maxConnections: 32, // of one address
    maxStreams: Infinity,
    pingIntervalMs: Infinity,
    pongTimeoutMs: Infinity,
    maxAgeMs: Infinity,
  },
  account: (event) => {
    switch (event.feed) {
      case "trades": {
        const numbers = { first: event.id, last: event.id, isContiguous: true };
        return { stream: `trades.${event.instrument}.100ms`, numbers };
      }
      case "quotes":
        return { stream: `ticker.${event.instrument}.100ms` };
      case "book": {
        const { first, last, previous } = event;
        const numbers = { first, last, previous, isContiguous: false };
        return { stream: `book.${event.instrument}.100ms`, numbers };
      }
      case "slow-book":
        return undefined;
    }
  },
  enter: (path) => (/^\/ws\/api\/v2\/?(\?|$)/.test(path) ? (desk) => new DeribitTalk(desk) : 404),
};

/**
 * Deribit's RPC error codes, as a client sorts them.
 * @see {@link https://nautilustrader.io/docs/core-latest/nautilus_deribit/common/consts/static.DERIBIT_RETRY_ERROR_CODES.html}
 *   read 2026-11-30
 */
const NOT_NOW = [
  ["13028", "temporarily_unavailable"],
  ["11051", "system_maintenance"],
  ["10047", "matching_engine_queue_full"],
  ["10028", "too_many_requests"],
] as const;

class DeribitTalk implements Talk {
  readonly #desk: Desk;
  #credits = POOL;
  #paidAtMs: number;
  #hasHeartbeat = false;

  constructor(desk: Desk) {
    this.#desk = desk;
    this.#paidAtMs = desk.nowMs;
    this.#cutWhenIdle();
  }

  hear(frame: string): void {
    const request = parseJson(frame);
    if (!isObject(request)) {
      // Without an id, since none could be read.
      const error = { code: 11050, data: "invalid json", message: "bad_request" };
      this.#desk.say(JSON.stringify({ jsonrpc: "2.0", error, ...this.#times() }));
      return;
    }
    const { id, method } = request;
    const params = isObject(request["params"]) ? request["params"] : {};
    const isSubscribing = method === "public/subscribe" || method === "public/unsubscribe";
    if (!this.#pays(isSubscribing ? SUBSCRIBE_COST : OTHER_COST)) {
      this.#desk.violation("credits");
      this.#refuse(id, 10028, "too_many_requests");
      return;
    }
    this.#serve(id, method, params);
  }

  tell(event: MarketEvent, channel: string): readonly Said[] {
    switch (event.feed) {
      case "trades":
        return [notification(channel, [writeTrade(event)])];
      case "quotes":
        return [notification(channel, writeQuote(event, channel))];
      case "book":
        return isGrouped(channel)
          ? [this.#writeWindow(channel, event.instrument)]
          : [notification(channel, writeChange(event))];
      case "slow-book":
        return [];
    }
  }

  announce(notice: Notice): void {
    if (!this.#desk.topics.has("platform_state") || notice === "shutdown") return;
    this.#desk.say(notification("platform_state", { maintenance: notice === "pause" }));
  }

  #serve(id: unknown, method: unknown, params: JsonObject): void {
    switch (method) {
      case "public/subscribe":
        this.#subscribe(id, params);
        return;
      case "public/unsubscribe": {
        const channels = textsOf(params["channels"]) ?? [];
        this.#reply(
          id,
          channels.filter((channel) => this.#desk.release(channel)),
        );
        return;
      }
      case "public/unsubscribe_all":
        for (const channel of this.#desk.topics.keys()) this.#desk.release(channel);
        this.#reply(id, "ok");
        return;
      case "public/set_heartbeat": {
        const interval = params["interval"];
        if (typeof interval !== "number" || interval < 10) {
          this.#refuse(id, -32602, "Invalid params");
          return;
        }
        this.#hasHeartbeat = true;
        this.#challengeAfter(interval * 1_200, interval * 1_060);
        this.#reply(id, "ok");
        return;
      }
      case "public/disable_heartbeat":
        this.#hasHeartbeat = false;
        this.#desk.cancel("challenge");
        this.#desk.cancel("answer");
        this.#reply(id, "ok");
        return;
      case "public/auth":
        this.#logIn(id, params);
        return;
      case "public/test":
        this.#desk.cancel("answer");
        this.#reply(id, { version: "1.2.26" });
        return;
    }
    this.#refuse(id, -32601, "Method not found");
  }

  /** Whoever names himself is let in: there are no accounts here. `.raw` channels stay closed. */
  #logIn(id: unknown, { grant_type, client_id, client_secret }: JsonObject): void {
    const isGiven = [client_id, client_secret].every((each) => typeof each === "string");
    const refusal = this.#desk.refusalOf("logins");
    if (refusal !== undefined) this.#refuseForNow(id, refusal.code);
    else if (grant_type !== "client_credentials" || !isGiven) {
      this.#refuse(id, 13004, "invalid_credentials");
    } else {
      const token = {
        access_token: "1582628593469.1MbQ-J_4",
        refresh_token: "1582628593469.1GP4rQd0",
      };
      this.#reply(id, {
        ...token,
        expires_in: 900,
        scope: "connection mainaccount",
        token_type: "bearer",
      });
    }
  }

  #refuseForNow(id: unknown, given: string | undefined): void {
    const { code, text } = notNow(NOT_NOW, given);
    this.#refuse(id, Number(code), text);
  }

  #subscribe(id: unknown, params: JsonObject): void {
    const channels = textsOf(params["channels"]);
    if (channels === undefined || channels.length > CHANNELS_PER_CALL) {
      if (channels !== undefined) this.#desk.violation("500 channels per call");
      this.#refuse(id, -32602, "Invalid params");
      return;
    }
    if (channels.some((channel) => channel.endsWith(".raw"))) {
      this.#refuse(id, 13778, "raw_subscriptions_not_available_for_unauthorized");
      return;
    }
    const refusal = this.#desk.refusalOf("subscriptions");
    if (refusal !== undefined) {
      this.#refuseForNow(id, refusal.code);
      return;
    }
    // What isn't known is left out, without a word; the order of the answer is the server's own.
    const { market, topics } = this.#desk;
    const accepted = channels.filter((channel) => {
      const subject = subjectOf(channel);
      return channel === "platform_state" || (subject && market.knows(subject.instrument));
    });
    const begun = accepted.filter((channel) => !topics.has(channel));
    for (const channel of begun) this.#desk.hold(channel, subjectOf(channel));
    this.#reply(id, accepted.toReversed());
    for (const channel of begun) this.#begin(channel);
  }

  /** Only a channel that was not subscribed yet begins with a snapshot. */
  #begin(channel: string): void {
    const subject = subjectOf(channel);
    if (subject === undefined || this.#desk.isMute(channel)) return;
    const { market, nowMs } = this.#desk;
    const { feed, instrument } = subject;
    const [book, quote] = [market.book(instrument), market.quote(instrument, nowMs)];
    // Of trades nothing is told again, but by a fault.
    const past = feed === "trades" ? this.#desk.pastTrades(channel, instrument, 0) : [];
    if (past.length > 0) this.#desk.say(notification(channel, past.map(writeTrade)));
    if (feed === "quotes" && quote !== undefined) {
      this.#desk.say(notification(channel, writeQuote(quote, channel)));
    }
    if (feed !== "book" || book === undefined) return;
    if (isGrouped(channel)) {
      this.#desk.say(this.#writeWindow(channel, instrument));
      return;
    }
    this.#desk.say(
      notification(channel, {
        timestamp: nowMs,
        type: "snapshot",
        change_id: book.position,
        instrument_name: instrument,
        bids: book.bids.map((level) => ["new", ...writeLevel(level)]),
        asks: book.asks.map((level) => ["new", ...writeLevel(level)]),
      }),
    );
  }

  /** A grouped channel gives the whole window each time. */
  #writeWindow(channel: string, instrument: string): string {
    const { market, nowMs } = this.#desk;
    const { position = 0, bids = [], asks = [] } = market.book(instrument) ?? {};
    const depth = Number(channel.split(".")[3] ?? 0);
    return notification(channel, {
      timestamp: nowMs,
      change_id: position,
      instrument_name: instrument,
      bids: bids.slice(0, depth).map(writeLevel),
      asks: asks.slice(0, depth).map(writeLevel),
    });
  }

  #challengeAfter(delayMs: number, againMs: number): void {
    this.#desk.after("challenge", delayMs, () => {
      const params = { type: "test_request" };
      this.#desk.say(JSON.stringify({ params, method: "heartbeat", jsonrpc: "2.0" }));
      this.#desk.after("answer", ANSWER_WITHIN_MS, () => {
        this.#desk.violation("unanswered test_request");
        this.#desk.close(4000, "heartbeat close");
      });
      this.#challengeAfter(againMs, againMs);
    });
  }

  /** A connection that neither subscribes nor is challenged is dropped without a word. */
  #cutWhenIdle(): void {
    this.#desk.after("idle", IDLE_CUT_MS, () => {
      if (this.#hasHeartbeat || this.#desk.topics.size > 0) this.#cutWhenIdle();
      else this.#desk.drop("idle");
    });
  }

  #pays(cost: number): boolean {
    const { nowMs } = this.#desk;
    this.#credits = Math.min(POOL, this.#credits + (nowMs - this.#paidAtMs) * REFILL_PER_MS);
    this.#paidAtMs = nowMs;
    if (this.#credits < cost) return false;
    this.#credits -= cost;
    return true;
  }

  #reply(id: unknown, result: unknown): void {
    this.#desk.say(JSON.stringify({ jsonrpc: "2.0", id, result, ...this.#times() }));
  }

  #refuse(id: unknown, code: number, message: string): void {
    const error = { code, message };
    this.#desk.say(JSON.stringify({ jsonrpc: "2.0", id, error, ...this.#times() }));
  }

  #times(): object {
    const usIn = this.#desk.nowMs * 1_000;
    return { usIn, usOut: usIn + 75, usDiff: 75, testnet: false };
  }
}

/** `book.BTC-PERPETUAL.100ms`, `book.BTC-PERPETUAL.none.20.100ms`, `trades.…`, `ticker.…`, `quote.…`. */
function subjectOf(channel: string): Subject | undefined {
  const [kind, instrument = "", ...rest] = channel.split(".");
  const speed = rest.at(-1) ?? "";
  if (kind === "quote" && rest.length === 0) return { feed: "quotes", instrument };
  if (!/^(100ms|agg2)$/.test(speed)) return undefined;
  if (kind === "book" && (rest.length === 1 || isGrouped(channel))) {
    return { feed: "book", instrument };
  }
  if (rest.length !== 1) return undefined;
  if (kind === "trades") return { feed: "trades", instrument };
  return kind === "ticker" ? { feed: "quotes", instrument } : undefined;
}

function isGrouped(channel: string): boolean {
  return /^book\.[^.]+\.[^.]+\.(1|10|20)\.(100ms|agg2)$/.test(channel);
}

function notification(channel: string, data: unknown): string {
  return JSON.stringify({ jsonrpc: "2.0", method: "subscription", params: { channel, data } });
}

function writeLevel([price, quantity]: Level): [number, number] {
  return [price / 10, quantity / 1_000];
}

/** `new`, `change` or `delete`, by what was there before. */
function writeMoves(levels: readonly Level[], levelsBefore: readonly Level[] = []): unknown[] {
  return levels.map((level, index) => {
    const wasThere = levelsBefore[index]?.[1] !== 0;
    const action = level[1] === 0 ? "delete" : wasThere ? "change" : "new";
    return [action, ...writeLevel(level)];
  });
}

function writeChange(change: BookChange): object {
  const { atMs, instrument, last, previous, bids, asks, before } = change;
  return {
    timestamp: atMs,
    type: "change",
    change_id: last,
    instrument_name: instrument,
    bids: writeMoves(bids, before?.bids),
    asks: writeMoves(asks, before?.asks),
    prev_change_id: previous,
  };
}

function writeTrade({ atMs, price, quantity, taker, instrument, id }: Trade): object {
  return {
    timestamp: atMs,
    price: price / 10,
    amount: quantity / 1_000,
    direction: taker === "buyer" ? "buy" : "sell",
    index_price: price / 10,
    instrument_name: instrument,
    trade_seq: id,
    mark_price: price / 10,
    tick_direction: 2,
    trade_id: String(id),
  };
}

function writeQuote(quote: Quote, channel: string): object {
  const { atMs, instrument, bid, ask, lastPrice } = quote;
  const best = {
    best_bid_price: bid[0] / 10,
    best_bid_amount: bid[1] / 1_000,
    best_ask_price: ask[0] / 10,
    best_ask_amount: ask[1] / 1_000,
  };
  const common = { timestamp: atMs, instrument_name: instrument, ...best };
  return channel.startsWith("quote.")
    ? common
    : { ...common, state: "open", last_price: lastPrice / 10, mark_price: lastPrice / 10 };
}

function textsOf(value: unknown): readonly string[] | undefined {
  const isTexts =
    Array.isArray(value) && value.every((item): item is string => typeof item === "string");
  return isTexts ? value : undefined;
}
