/**
 * Kraken's topics as text, as requests, and as they come back in answers and in data.
 *
 * `book:BTC/USD` (10 levels) or `book:BTC/USD:100`, `trade:BTC/USD`, `ticker:BTC/USD`, `ohlc:BTC/USD` (one
 * minute) or `ohlc:BTC/USD:60`, and `instrument`, which takes no symbol. Sources as in `kraken.ts`.
 */
import type { Topic } from "../subscriptions/topic.ts";
import { isRecord } from "./kit/json.ts";
import type { ParsedTopic, TopicGrammar } from "./venue.ts";

/** What a channel takes beside its symbol: under which key, which values, and what it takes when not told. */
interface ChannelOption {
  readonly key: "depth" | "interval";
  readonly values: readonly number[];
  readonly usual: number;
}

const NO_OPTION = undefined;
const OPTIONS: ReadonlyMap<string, ChannelOption | undefined> = new Map([
  ["book", { key: "depth", values: [10, 25, 100, 500, 1_000], usual: 10 }], // [docs]
  ["ohlc", { key: "interval", values: [1, 5, 15, 30, 60, 240, 1_440, 10_080, 21_600], usual: 1 }], // [docs]
  ["trade", NO_OPTION],
  ["ticker", NO_OPTION],
]);
const INSTRUMENT = "instrument";

/** `BTC/USD`; the `XBT` of v1 is refused. [docs] */
const SYMBOL = /^(?!XBT\/)[A-Za-z0-9.]+\/[A-Za-z0-9.]+$/;
const EXAMPLE = "book:BTC/USD";

export interface KrakenTopicParts {
  readonly channel: string;
  /** Undefined where the channel takes none. */
  readonly symbol: string | undefined;
  readonly option: number | undefined;
}

export const krakenTopics: TopicGrammar = {
  example: EXAMPLE,
  parse: (topic) => (typeof topic === "string" ? read(topic) : readTyped(topic)),
};

const wrong: ParsedTopic = {
  expected: `book, trade, ticker or ohlc and a symbol, such as ${EXAMPLE}, or ${INSTRUMENT}`,
};

function read(text: string): ParsedTopic {
  if (text === INSTRUMENT) return { topic: INSTRUMENT };
  const [channel = "", symbol = "", option, ...rest] = text.split(":");
  const number = option === undefined || /^[1-9]\d*$/.test(option) ? option : "";
  return number === "" || rest.length > 0
    ? wrong
    : join(channel, symbol, number === undefined ? undefined : Number(number));
}

function readTyped(topic: Topic): ParsedTopic {
  if (!isRecord(topic)) return wrong;
  const { channel, symbol, ...rest } = topic;
  if (channel === INSTRUMENT && Object.keys(topic).length === 1) return { topic: INSTRUMENT };
  if (typeof channel !== "string" || typeof symbol !== "string") return wrong;
  const [[key, value] = [], ...more] = Object.entries(rest);
  if (key === undefined) return join(channel, symbol, undefined);
  const isKnown = key === OPTIONS.get(channel)?.key && typeof value === "number";
  return isKnown && more.length === 0 ? join(channel, symbol, value) : wrong;
}

function join(channel: string, symbol: string, given: number | undefined): ParsedTopic {
  if (!OPTIONS.has(channel) || !SYMBOL.test(symbol)) return wrong;
  const option = OPTIONS.get(channel);
  if (given !== undefined && option?.values.includes(given) !== true) {
    if (option === undefined) return wrong;
    const { key, values } = option;
    return { expected: `${channel}'s ${key} to be one of ${values.join(", ")}` };
  }
  return { topic: textOfParts(channel, symbol, given) };
}

/** The one text of these parts: what is usual is left out. */
export function textOfParts(channel: string, symbol: string, option: number | undefined): string {
  const isUsual = option === undefined || option === OPTIONS.get(channel)?.usual;
  return isUsual ? `${channel}:${symbol}` : `${channel}:${symbol}:${option}`;
}

/** The parts of a text that the grammar gave. */
export function splitKrakenTopic(topic: string): KrakenTopicParts {
  const [channel = "", symbol, option] = topic.split(":");
  const usual = OPTIONS.get(channel)?.usual;
  return { channel, symbol, option: option === undefined ? usual : Number(option) };
}

/** Topics of one channel and one option: they may share a frame. */
export function krakenGroup(topic: string): string {
  const { channel, option } = splitKrakenTopic(topic);
  return `${channel} ${option ?? ""}`;
}

/** The `params` that ask for topics of one group. */
export function paramsOf(topics: readonly string[]): { readonly [key: string]: unknown } {
  const { channel, option } = splitKrakenTopic(topics[0] ?? "");
  if (channel === INSTRUMENT) return { channel };
  const symbol = topics.map((topic) => splitKrakenTopic(topic).symbol);
  const key = OPTIONS.get(channel)?.key;
  return key === undefined ? { channel, symbol } : { channel, symbol, [key]: option };
}
