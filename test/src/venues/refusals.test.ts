/**
 * Each profile's refusals, row by row: the answer goes through the profile's own words, so that a row which
 * no answer leads to is found.
 */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { Refusal } from "../../../machines/refusal.ts";
import type { Acknowledgement } from "../../../src/subscriptions/protocol.ts";
import {
  binanceCoinm,
  binanceSpot,
  binanceUsdm,
  bitfinex,
  bybit,
  coinbaseAdvanced,
  coinbaseExchange,
  deribit,
  hyperliquid,
  kraken,
  krakenFutures,
  kucoin,
  kucoinUta,
  okx,
  type VenueProfile,
} from "../../../src/venues/index.ts";
import { refusalBy, type RefusalTable } from "../../../src/venues/kit/refusals.ts";
import * as tables from "../../../src/venues/refusal-tables.ts";

interface Case {
  readonly profile: VenueProfile<never>;
  readonly table: RefusalTable;
  readonly topic: string;
  /** The venue's refusal of request 1, which asked for `topic`, with this row. */
  readonly answer: (row: string) => object;
}

const binance = {
  table: tables.binanceRefusals,
  topic: "btcusdt@trade",
  answer: (row: string) => ({ code: Number(row), msg: "said in words", id: 1 }),
};
const bybitAnswer = {
  table: tables.bybitRefusals,
  topic: "publicTrade.BTCUSDT",
  answer: (row: string) => ({
    success: false,
    ret_msg: `error:${row},topic:publicTrade.BTCUSDT`,
    req_id: "1",
    op: "subscribe",
  }),
};

function caseOf<M>(profile: VenueProfile<M>, rest: Omit<Case, "profile">): Case {
  return { profile: profile as unknown as VenueProfile<never>, ...rest };
}

const cases: readonly Case[] = [
  caseOf(binanceSpot(), binance),
  caseOf(binanceUsdm(), binance),
  caseOf(binanceCoinm(), binance),
  caseOf(bybit(), bybitAnswer),
  caseOf(okx(), {
    table: tables.okxRefusals,
    topic: "books:BTC-USDT",
    answer: (row) => ({ event: "error", id: "1", code: row, msg: "said in words" }),
  }),
  caseOf(kraken(), {
    table: tables.krakenRefusals,
    topic: "ohlc:BTC/USD:5",
    answer: (row) => ({
      method: "subscribe",
      req_id: 1,
      success: false,
      symbol: "BTC/USD",
      // Of the same topic it would be success.
      error: row.startsWith("Already") ? `${row} to another` : row,
    }),
  }),
  caseOf(krakenFutures(), {
    table: tables.krakenFuturesRefusals,
    topic: "book:PF_XBTUSD",
    answer: (row) => ({
      event: "subscribed_failed",
      feed: "book",
      product_ids: ["PF_XBTUSD"],
      message: row,
    }),
  }),
  caseOf(coinbaseExchange(), {
    table: tables.coinbaseExchangeRefusals,
    topic: "level2:BTC-USD",
    answer: (row) => ({
      type: "error",
      message: "Failed to subscribe",
      reason: row.startsWith("is not") ? `BTC-USD ${row}` : `level2, and full channels ${row}`,
    }),
  }),
  caseOf(deribit(), {
    table: tables.deribitRefusals,
    topic: "book.BTC-PERPETUAL.100ms",
    answer: (row) => ({ jsonrpc: "2.0", id: 1, error: { code: Number(row), message: "in words" } }),
  }),
  caseOf(bitfinex(), {
    table: tables.bitfinexRefusals,
    topic: "trades:tBTCUSD",
    answer: (row) => ({
      event: "error",
      channel: "trades",
      symbol: "tBTCUSD",
      code: Number(row),
      msg: "in words",
    }),
  }),
  caseOf(kucoin(), {
    table: tables.kucoinRefusals,
    topic: "/market/level2:BTC-USDT",
    answer: (row) => ({ id: "1", type: "error", code: Number(row), data: "in words" }),
  }),
  caseOf(kucoinUta(), {
    table: tables.kucoinUtaRefusals,
    topic: "trade:BTC-USDT",
    answer: (row) => ({ id: "1", result: false, reason: row }),
  }),
  caseOf(hyperliquid(), {
    table: tables.hyperliquidRefusals,
    topic: "trades:BTC",
    answer: (row) => {
      const frame = { method: "subscribe", subscription: { type: "trades", coin: "BTC" } };
      return { channel: "error", data: `${row}: ${JSON.stringify(frame)}` };
    },
  }),
];

/** What the profile makes of the refusal. */
function meaningOf({ profile, topic, answer }: Case, row: string): Refusal | undefined {
  const talk = profile.open();
  // It is said of another interval than the one that is held.
  if (row.startsWith("Already")) talk.subscribe(["ohlc:BTC/USD:60"], 2);
  talk.subscribe([topic], 1);
  const message = talk.decode(Buffer.from(JSON.stringify(answer(row))), false);
  const word = talk.control?.(message);
  if (word?.kind !== "answer") throw new Error(`${row} is no answer`);
  const {
    error,
    refusal,
    topics = [topic],
  } = word.answer as Acknowledgement & {
    readonly error?: string;
    readonly refusal?: Refusal;
    readonly topics?: readonly string[];
  };
  const [rejected] = ("rejected" in word.answer ? word.answer.rejected : undefined) ?? [];
  expect(error ?? rejected?.reason).toContain(row);
  expect(topics).toEqual([topic]);
  return refusal ?? rejected?.refusal;
}

describe.each(cases)("the refusals of $profile.id", (given) => {
  const { table } = given;

  it.each(["never", "later", "unknown"] as const)("that are %s lead there", (kind) => {
    for (const row of Object.keys(table[kind])) {
      expect([row, meaningOf(given, row)?.kind ?? "unknown"]).toEqual([row, kind]);
    }
  });

  it("that no table lists are not known", () => {
    expect(refusalBy(table, "99999")).toBeUndefined();
    expect(refusalBy(table, "constructor")).toBeUndefined();
    expect(refusalBy(table, undefined)).toBeUndefined();
  });

  it("are told by which source, and read on which day", () => {
    expect(table.source).not.toBe("");
    expect(table.readOn).toMatch(/^2026-\d\d-\d\d$/);
  });
});

describe("Coinbase Advanced", () => {
  it("names no topic in an error, so that there is nothing to sort", () => {
    const talk = coinbaseAdvanced().open();
    const error = { type: "error", message: "rate limit exceeded" };
    const message = talk.decode(Buffer.from(JSON.stringify(error)), false);
    expect(talk.control?.(message)).toMatchObject({ kind: "notice" });
  });
});

describe("docs/errors.md", () => {
  it("has a row for each of these tables, with every row of it where it belongs", () => {
    const page = readFileSync("docs/errors.md", "utf8").split("\n");
    const told = page.map((line) =>
      line
        .split("|")
        .map((cell) => cell.trim())
        .join("|"),
    );
    for (const table of new Set(cases.map(({ table }) => table))) {
      const ids = cases.filter((one) => one.table === table).map(({ profile }) => profile.id);
      const lists = [table.never, table.later, table.unknown].map(
        (rows) =>
          Object.entries(rows)
            .map(([row, means]) => `\`${row}\` ${means}`)
            .join("; ") || "none",
      );
      const source = `${table.source} (${table.readOn})`;
      expect(told).toContain(["", ids.join(", "), ...lists, source, ""].join("|"));
    }
  });
});
