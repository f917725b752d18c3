/**
 * Hyperliquid's topics. The venue names them by objects alone, such as `{"type":"l2Book","coin":"BTC"}`;
 * here each has one text as well, `type:coin?option=value`: `l2Book:BTC?fast=true`, `candle:BTC?interval=1m`.
 *
 * What the venue fills in by itself (`"nSigFigs":null,"fast":false`) is not part of the text, so its
 * echo of a subscription has the text of what was asked. An object that it does not like kills the
 * socket with all that is on it, so options are checked here as closely as they are known. Sources as
 * in `hyperliquid.ts`.
 */
import { isRecord, textOf } from "./kit/json.ts";
import type { ParsedTopic, TopicGrammar } from "./venue.ts";

/** A subscription in the venue's words. */
export type HyperliquidSubscription = Readonly<Record<string, string | number | boolean>>;

interface TypeFacts {
  readonly takesCoin?: true;
  /** Each with its value as text, in the order in which they are written. */
  readonly options?: Readonly<Record<string, RegExp>>;
  readonly required?: string;
}

const ofCoin = { takesCoin: true } as const;

/** Market data; what is told of an address is not among it. [docs, probe] */
const TYPES: Readonly<Record<string, TypeFacts>> = {
  l2Book: {
    ...ofCoin,
    // `nSigFigs` 6, or `mantissa` without `nSigFigs` 5, closes the socket. [probe]
    options: { nSigFigs: /^[2-5]$/, mantissa: /^[125]$/, fast: /^true$/ },
  },
  trades: ofCoin,
  bbo: ofCoin,
  activeAssetCtx: ofCoin,
  candle: {
    ...ofCoin,
    options: { interval: /^(1|3|5|15|30)m$|^(1|2|4|8|12)h$|^[13]d$|^1[wM]$/ },
    required: "interval",
  },
  allMids: { options: { dex: /^[a-z0-9]+$/ } },
  allDexsAssetCtxs: {},
  fastAssetCtxs: {},
};

/** `BTC`, `kPEPE`, `PURR/USDC`, `@107`, `#12090`, and with its dex before it `xyz:SP500`. [probe] */
const COIN = /^([a-z0-9]+:)?[@#]?[A-Za-z0-9]+([./_-][A-Za-z0-9]+)*$/;

const EXAMPLE = "l2Book:BTC";
const wrong: ParsedTopic = {
  expected:
    `one of ${Object.keys(TYPES).join(", ")} with its coin and options as Hyperliquid takes them, ` +
    `such as ${EXAMPLE}, candle:BTC?interval=1m or { type: "l2Book", coin: "BTC", nSigFigs: 5 }`,
};

export const hyperliquidTopics: TopicGrammar = {
  example: EXAMPLE,
  parse: (topic) => {
    const given = typeof topic === "string" ? partsOf(topic) : topic;
    const text = given === undefined ? undefined : write(given, "strict");
    return text === undefined ? wrong : { topic: text };
  },
};

/** The topic of a subscription that the venue has repeated, its defaults filled in. */
export function topicOfEcho(subscription: unknown): string | undefined {
  return isRecord(subscription) ? write(subscription, "lenient") : undefined;
}

/** The venue's words for a topic that the grammar gave. */
export function subscriptionOf(topic: string): HyperliquidSubscription {
  return partsOf(topic) ?? {};
}

/** The type and the coin of a topic that the grammar gave, without its options. */
export function bareTopic(topic: string): string {
  const cut = topic.indexOf("?");
  return cut < 0 ? topic : topic.slice(0, cut);
}

function partsOf(topic: string): HyperliquidSubscription | undefined {
  const [bare = "", query, ...rest] = topic.split("?");
  if (rest.length > 0) return undefined;
  const cut = bare.indexOf(":");
  const named = cut < 0 ? { type: bare } : { type: bare.slice(0, cut), coin: bare.slice(cut + 1) };
  const options: Record<string, string | number | boolean> = {};
  for (const pair of query?.split("&") ?? []) {
    const [key = "", value = "", ...more] = pair.split("=");
    if (more.length > 0 || Object.hasOwn(options, key) || key === "type" || key === "coin") {
      return undefined;
    }
    options[key] = valueOf(value);
  }
  return { ...named, ...options };
}

function valueOf(text: string): string | number | boolean {
  if (text === "true" || text === "false") return text === "true";
  return /^\d+$/.test(text) ? Number(text) : text;
}

/** The one text. A lenient reading passes over what this package does not know. */
function write(given: Readonly<Record<string, unknown>>, mode: "strict" | "lenient") {
  const { type, coin, ...options } = given;
  const facts = typeof type === "string" && Object.hasOwn(TYPES, type) ? TYPES[type] : undefined;
  if (facts === undefined) return undefined;
  const { takesCoin = false, options: known = {}, required } = facts;
  const isCoinRight = takesCoin ? typeof coin === "string" && COIN.test(coin) : coin === undefined;
  if (!isCoinRight) return undefined;
  const isStrict = mode === "strict";
  if (isStrict && Object.keys(options).some((key) => !Object.hasOwn(known, key))) return undefined;

  const pairs: string[] = [];
  for (const [key, pattern] of Object.entries(known)) {
    const value = options[key];
    if (isDefault(value)) {
      if (key === required) return undefined;
      continue;
    }
    const text = textOf(value);
    if (!pattern.test(text)) return undefined;
    pairs.push(`${key}=${text}`);
  }
  const { nSigFigs, mantissa } = options;
  if (!isDefault(mantissa) && Number(nSigFigs) !== 5) return undefined;
  const bare = takesCoin ? `${textOf(type)}:${textOf(coin)}` : textOf(type);
  return pairs.length === 0 ? bare : `${bare}?${pairs.join("&")}`;
}

/** What the venue fills in where nothing was said. [probe] */
function isDefault(value: unknown): boolean {
  return value === undefined || value === null || value === false || value === "";
}
