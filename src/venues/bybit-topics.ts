/**
 * Bybit's topics: `channel.option.symbol`, such as `orderbook.50.BTCUSDT` or `publicTrade.BTCUSDT`.
 *
 * The same text may be a topic of several endpoints (`tickers.BTCUSDT` of spot and of linear), so it
 * belongs to the one that was chosen; only options, spreads and liquidations show by themselves where
 * they are served. Sources as in `bybit.ts`.
 */
import type { Topic } from "../subscriptions/topic.ts";
import { isRecord } from "./kit/json.ts";
import type { ParsedTopic, TopicGrammar } from "./venue.ts";

/** The categories, each an endpoint. [docs] */
export const bybitServices = ["spot", "linear", "inverse", "option", "spread"] as const;

export type BybitService = (typeof bybitServices)[number];

/** What each channel is written with before its symbol, by the key of a typed value. [docs] */
const OPTION_OF = { orderbook: "depth", kline: "interval" } as const;

const WITH_SYMBOL = ["publicTrade", "tickers", "allLiquidation", "priceLimit"];
/** Of contracts alone. [docs] */
const OF_CONTRACTS = ["allLiquidation"];
/** Neither options nor spreads have them. [docs] */
const OF_SPOT_AND_CONTRACTS = ["kline", "priceLimit", ...OF_CONTRACTS];

const DEPTH = /^([1-9]\d*|full|rpi)$/;
const INTERVAL = /^([1-9]\d*|D|W|M)$/;
/** `BTC-6JAN23-18000-C`, `BTC-27MAR26-70000-P-USDT`. [docs] */
const OPTION_SYMBOL = /^[A-Z0-9]+-\d{1,2}[A-Z]{3}\d{2}-[\d.]+-[CP](-[A-Z]+)?$/;
/** `SOLUSDT_SOL/USDT`. [docs] */
const SPREAD_SYMBOL = /^[A-Z0-9-]+_[A-Z0-9/-]+$/;
/** `BTCUSDT`, `BTC-26DEC25`, `BTCPERP`; in lower case it is unknown [probe]. */
const SYMBOL = /^[A-Z0-9]+(-[A-Z0-9]+)*$/;

const EXAMPLES: Readonly<Record<BybitService, string>> = {
  spot: "orderbook.50.BTCUSDT",
  linear: "orderbook.50.BTCUSDT",
  inverse: "orderbook.50.BTCUSD",
  option: "orderbook.25.BTC-6JAN23-18000-C",
  spread: "orderbook.25.SOLUSDT_SOL/USDT",
};

export function bybitTopics(service: BybitService): TopicGrammar {
  const example = EXAMPLES[service];
  const channels = [...Object.keys(OPTION_OF), ...WITH_SYMBOL].join(", ");
  const wrong: ParsedTopic = {
    expected: `one of ${channels} and a symbol of Bybit's ${service} endpoint, such as ${example}`,
  };
  return {
    example,
    parse: (topic) => {
      const text = typeof topic === "string" ? topic : textOfTyped(topic);
      const parts = text === undefined ? undefined : splitBybitTopic(text);
      if (text === undefined || parts === undefined || !isChannel(parts)) return wrong;
      const home = homeOf(parts, service);
      return home === undefined ? wrong : { topic: text, service: home };
    },
  };
}

export interface BybitTopicParts {
  readonly channel: string;
  /** A depth or an interval; "" where the channel takes none. */
  readonly option: string;
  readonly symbol: string;
}

/** Symbols of options may hold a dot in their strike: a channel that takes no option has none. */
export function splitBybitTopic(topic: string): BybitTopicParts | undefined {
  const cut = topic.indexOf(".");
  if (cut < 0) return undefined;
  const channel = topic.slice(0, cut);
  const rest = topic.slice(cut + 1);
  if (!Object.hasOwn(OPTION_OF, channel)) return { channel, option: "", symbol: rest };
  const next = rest.indexOf(".");
  return next < 0
    ? undefined
    : { channel, option: rest.slice(0, next), symbol: rest.slice(next + 1) };
}

function isChannel({ channel, option }: BybitTopicParts): boolean {
  if (channel === "orderbook") return DEPTH.test(option);
  if (channel === "kline") return INTERVAL.test(option);
  return WITH_SYMBOL.includes(channel);
}

/** The endpoint that serves a topic; undefined where none does, or none that its symbol shows. */
function homeOf(
  { channel, symbol }: BybitTopicParts,
  chosen: BybitService,
): BybitService | undefined {
  const isDerived = OPTION_SYMBOL.test(symbol) || SPREAD_SYMBOL.test(symbol);
  if (isDerived && OF_SPOT_AND_CONTRACTS.includes(channel)) return undefined;
  if (OPTION_SYMBOL.test(symbol)) return "option";
  if (SPREAD_SYMBOL.test(symbol)) return "spread";
  if (!SYMBOL.test(symbol)) return undefined;
  // The trades of options come by base coin: `publicTrade.BTC`. [docs]
  if (chosen === "option") return channel === "publicTrade" ? chosen : undefined;
  if (chosen === "spread") return undefined;
  return chosen === "spot" && OF_CONTRACTS.includes(channel) ? "linear" : chosen;
}

/** `{ channel, symbol }`, with `depth` or `interval` where the channel takes one. */
function textOfTyped(topic: Topic): string | undefined {
  if (!isRecord(topic)) return undefined;
  const { channel, symbol, ...rest } = topic;
  if (typeof channel !== "string" || typeof symbol !== "string") return undefined;
  const key = Object.hasOwn(OPTION_OF, channel)
    ? OPTION_OF[channel as keyof typeof OPTION_OF]
    : undefined;
  const given = Object.keys(rest);
  if (key === undefined) return given.length === 0 ? `${channel}.${symbol}` : undefined;
  const option = rest[key];
  const isOption = typeof option === "string" || typeof option === "number";
  return isOption && given.length === 1 ? `${channel}.${option}.${symbol}` : undefined;
}
