/**
 * Bitfinex's topics as text, as requests, and as they come back in answers.
 *
 * `ticker:tBTCUSD`, `trades:tBTCUSD`, `book:tBTCUSD` (precision P0, F0, 25 levels) or
 * `book:tBTCUSD:P1:F1:100`, `candles:trade:1m:tBTCUSD`, `status:deriv:tBTCF0:USTF0`. Sources as in
 * `bitfinex.ts`.
 */
import { isRecord, textOf } from "./kit/json.ts";
import type { ParsedTopic, TopicGrammar } from "./venue.ts";

const SYMBOL = /^[tf][A-Z0-9]+(:[A-Z0-9]+)?$/;
const BOOK_DEFAULTS = ["P0", "F0", "25"] as const;
const BOOK_OPTIONS = /:(P[0-4]|R0):(F[01]):(1|25|100|250)$/;
const EXAMPLE = "book:tBTCUSD";

export const bitfinexTopics: TopicGrammar = {
  example: EXAMPLE,
  parse: (topic) => {
    if (typeof topic === "string") return read(topic);
    const { channel, symbol, key, prec, freq, len, ...rest } = topic;
    if (typeof channel !== "string" || Object.keys(rest).length > 0) return wrong;
    if (typeof key === "string") return read(`${channel}:${key}`);
    if (typeof symbol !== "string") return wrong;
    const options = [prec, freq, len];
    if (options.every((value) => value === undefined)) return read(`${channel}:${symbol}`);
    const full = options.map((value, index) => textOf(value ?? BOOK_DEFAULTS[index]));
    return read(`${channel}:${symbol}:${full.join(":")}`);
  },
};

const wrong: ParsedTopic = {
  expected: `ticker, trades, book, candles or status and a symbol, such as ${EXAMPLE}`,
};

function read(text: string): ParsedTopic {
  const cut = text.indexOf(":");
  const channel = text.slice(0, cut);
  const rest = text.slice(cut + 1);
  switch (channel) {
    case "ticker":
    case "trades":
      return SYMBOL.test(rest) ? { topic: text } : wrong;
    case "book": {
      const options = BOOK_OPTIONS.exec(rest);
      const symbol = options === null ? rest : rest.slice(0, options.index);
      return SYMBOL.test(symbol) ? { topic: bookTopic(symbol, options?.slice(1)) } : wrong;
    }
    case "candles":
    case "status":
      return /^\w+(:\w+)+$/.test(rest) ? { topic: text } : wrong;
  }
  return wrong;
}

function bookTopic(symbol: string, options: readonly string[] = BOOK_DEFAULTS): string {
  const isDefault = options.join(":") === BOOK_DEFAULTS.join(":");
  return isDefault ? `book:${symbol}` : `book:${symbol}:${options.join(":")}`;
}

/**
 * The recipe of the checksum is published for the best 25 levels of a pair, as `[price, count, amount]` in
 * real time at full precision [docs]. Funding books (`fUSD`) have entries of four, books of single orders
 * (R0) other ones; of aggregated ones (P1 to P4), of F1 and of one level nothing is said: none of these is
 * held against a checksum. Their arrays are numbered all the same.
 */
export function hasKnownChecksum(topic: string): boolean {
  if (!topic.startsWith("book:t")) return false;
  const [, prec, freq, len] = BOOK_OPTIONS.exec(topic) ?? ["", ...BOOK_DEFAULTS];
  return prec === "P0" && freq === "F0" && len !== "1";
}

/** The frame that subscribes. */
export function requestOf(topic: string): { readonly [key: string]: string } {
  const cut = topic.indexOf(":");
  const channel = topic.slice(0, cut);
  const rest = topic.slice(cut + 1);
  const asked = { event: "subscribe", channel };
  if (channel === "candles" || channel === "status") return { ...asked, key: rest };
  if (channel !== "book") return { ...asked, symbol: rest };
  const options = BOOK_OPTIONS.exec(rest);
  const symbol = options === null ? rest : rest.slice(0, options.index);
  const [prec, freq, len] = options?.slice(1) ?? BOOK_DEFAULTS;
  return { ...asked, symbol, prec: prec ?? "P0", freq: freq ?? "F0", len: len ?? "25" };
}

/** The topic that an answer or an error echoes; undefined when it names none. */
export function topicOfAnswer(event: object): string | undefined {
  if (!isRecord(event)) return undefined;
  const { channel, symbol, key, prec, freq, len } = event;
  if (typeof channel !== "string") return undefined;
  if (typeof key === "string") return `${channel}:${key}`;
  if (typeof symbol !== "string") return undefined;
  if (channel !== "book") return `${channel}:${symbol}`;
  return bookTopic(
    symbol,
    [prec, freq, len].map((value, index) => textOf(value ?? BOOK_DEFAULTS[index])),
  );
}
