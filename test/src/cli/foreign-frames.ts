/**
 * Frames in the shape of venues that no profile knows; the numbers are made up. Each of them looks, to the words of
 * one profile or another, much like its own.
 */

type Frames = (index: number) => readonly unknown[];

const levels = [
  ["100.1", "2"],
  ["100.2", "3"],
];

/** By venue: its frames at a step, so that any number of them can be had. */
const foreign: Readonly<Record<string, Frames>> = {
  "kraken v1": (n) => [
    n === 0
      ? {
          channelID: 0,
          channelName: "book-10",
          event: "subscriptionStatus",
          pair: "XBT/USD",
          status: "subscribed",
        }
      : { event: "heartbeat" },
    [336, { a: [["100.1", "2.0", `1534614248.${n}`]], c: "974942666" }, "book-10", "XBT/USD"],
    [337, [["100.1", "0.1", `1534614057.${n}`, "s", "l", ""]], "trade", "XBT/USD"],
    {
      event: "systemStatus",
      connectionID: 8_628_615_390_848_610_000,
      status: "online",
      version: "1.0.0",
    },
  ],
  "gate v4 spot": (n) => [
    {
      time: 1_606_294_781 + n,
      time_ms: 1_606_294_781_236,
      channel: "spot.order_book_update",
      event: "update",
      result: {
        t: 1,
        e: "depthUpdate",
        E: 1,
        s: "BTC_USDT",
        U: 40 + n * 2,
        u: 41 + n * 2,
        b: levels,
        a: levels,
      },
    },
    {
      time: 1_606_292_218,
      channel: "spot.trades",
      event: "update",
      result: { id: 309_143_071 + n, currency_pair: "GT_USDT", amount: "16.47", price: "0.47" },
    },
    {
      time: 1_606_292_218,
      id: n,
      channel: "spot.trades",
      event: "subscribe",
      error: null,
      result: { status: "success" },
    },
  ],
  "gate v3": (n) => [
    { method: "depth.update", params: [false, { asks: levels }, "EOS_USDT"], id: null },
    { error: null, result: { status: "success" }, id: n },
  ],
  "hitbtc v2": (n) => [
    {
      jsonrpc: "2.0",
      method: "updateOrderbook",
      params: { ask: [], bid: [], symbol: "ETHBTC", sequence: 8_073_830 + n },
    },
    {
      jsonrpc: "2.0",
      method: "updateTrades",
      params: { data: [{ id: 54_469_813 + n, price: "0.05" }], symbol: "ETHBTC" },
    },
    { jsonrpc: "2.0", result: true, id: n },
  ],
  "hitbtc v3": (n) => [
    {
      ch: "orderbook/full",
      update: { ETHBTC: { t: 1, s: 42_902_120 + n * 2, a: levels, b: levels } },
    },
    {
      ch: "trades",
      update: { ETHBTC: [{ t: 1, i: 987_654_321 + n, p: "0.05", q: "1", s: "buy" }] },
    },
    { result: { ch: "trades", subscriptions: ["ETHBTC"] }, id: n },
  ],
  bitget: (n) => [
    {
      action: "update",
      arg: { instType: "SPOT", channel: "books", instId: "BTCUSDT" },
      data: [{ asks: levels, bids: levels, checksum: 0, seq: 7 + n * 3, ts: "1695716059516" }],
      ts: 1_695_716_059_516,
    },
    {
      action: "update",
      arg: { instType: "SPOT", channel: "trade", instId: "BTCUSDT" },
      data: [{ ts: "1", price: "26293.4", size: "0.1", side: "buy", tradeId: `${1 + n}` }],
      ts: 1,
    },
    { event: "subscribe", arg: { instType: "SPOT", channel: "books", instId: "BTCUSDT" } },
  ],
  htx: (n) => [
    {
      ch: "market.btcusdt.mbp.150",
      ts: 1_573_199_608_679,
      tick: { seqNum: 100_020_146_795 + n * 2, prevSeqNum: 100_020_146_794 + n, asks: [] },
    },
    { ping: 1_492_420_473_027 + n },
    { id: "id1", status: "ok", subbed: "market.btcusdt.mbp.150", ts: n },
  ],
  bitstamp: (n) => [
    { event: "trade", channel: "live_trades_btcusd", data: { id: 1_234 + n, price: 1 } },
    {
      event: "data",
      channel: "diff_order_book_btcusd",
      data: { microtimestamp: "1", bids: levels, asks: levels },
    },
    { event: "bts:subscription_succeeded", channel: "live_trades_btcusd", data: {} },
  ],
  gemini: (n) => [
    { type: "l2_updates", symbol: "BTCUSD", changes: [["buy", "9122.04", "0.00121"]] },
    { type: "trade", symbol: "BTCUSD", event_id: 169_841_458 + n, price: "9110.05" },
    { type: "heartbeat", timestamp: n },
  ],
  mexc: (n) => [
    {
      c: "spot@public.increase.depth.v3.api@BTCUSDT",
      d: { asks: [], r: `${3_407_459_756 + n}`, e: "x" },
      s: "BTCUSDT",
      t: 1,
    },
    { id: n, code: 0, msg: "spot@public.deals.v3.api@BTCUSDT" },
  ],
  bitmex: (n) => [
    { table: "trade", action: "insert", data: [{ symbol: "XBTUSD", size: n }] },
    {
      success: true,
      subscribe: "trade:XBTUSD",
      request: { op: "subscribe", args: ["trade:XBTUSD"] },
    },
  ],
  "crypto.com": (n) => [
    {
      id: -1,
      method: "subscribe",
      code: 0,
      result: {
        instrument_name: "BTC_USDT",
        channel: "book.update",
        data: [{ u: 7 + n, pu: 6 + n }],
      },
    },
    { id: n, method: "public/heartbeat", code: 0 },
  ],
  phemex: (n) => [
    {
      book: { asks: [], bids: [] },
      depth: 30,
      sequence: 1_191_904 + n,
      symbol: "BTCUSD",
      type: "incremental",
    },
    { error: null, id: n, result: { status: "success" } },
  ],
  poloniex: (n) => [
    {
      channel: "book_lv2",
      data: [{ symbol: "BTC_USDT", asks: [], id: 10 + n, lastId: 9 + n }],
      action: "update",
    },
    { event: "pong" },
  ],
  "binance without its envelope": (n) => [
    { e: "trade", E: 1, s: "BNBBTC", t: 12_345 + n, p: "0.001", q: "100", T: 1, m: true },
    { e: "depthUpdate", E: 1, s: "BNBBTC", U: 157 + n, u: 157 + n, b: levels, a: levels },
  ],
  "bitfinex without its answers": (n) => [
    [17_470, "tu", [401_597_395 + n, 1_574_694_478_808, 0.005, 7_245.3], n + 1],
    [17_470, "hb", n + 2],
  ],
  "dydx v4": (n) => [
    {
      type: "channel_data",
      connection_id: "x",
      message_id: 3 + n,
      id: "BTC-USD",
      channel: "v4_trades",
      contents: {},
    },
    { type: "connected", connection_id: "x", message_id: 0 },
  ],
  upbit: (n) => [{ type: "trade", code: "KRW-BTC", trade_price: 1, sequential_id: 17_123 + n }],
  bitvavo: (n) => [
    { event: "book", market: "BTC-EUR", nonce: 10 + n, bids: levels, asks: levels },
    { event: "trade", market: "BTC-EUR", id: `${n}`, price: "1" },
  ],
  ascendex: (n) => [
    { m: "depth", symbol: "BTC/USDT", data: { ts: 1, seqnum: 9 + n, asks: levels, bids: levels } },
    { m: "ping", hp: 3 },
  ],
};

/** How many steps of a venue's frames make a recording. */
const STEPS = 60;

export const foreignVenues: readonly string[] = Object.keys(foreign);

/** A recording's frames of one of them, as text. */
export function foreignFrames(venue: string): readonly string[] {
  const frames = foreign[venue];
  if (frames === undefined) throw new Error(`no frames of ${venue}`);
  return Array.from({ length: STEPS }, (_, index) => frames(index))
    .flat()
    .map((frame) => JSON.stringify(frame));
}
