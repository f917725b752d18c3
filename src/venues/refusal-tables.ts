/**
 * What each venue refuses subscriptions with, sorted: for good, for now, or not known. The table of
 * docs/errors.md is held against this one by a test.
 *
 * A limit on the topics of a connection counts as not known: it passes when other topics are given up.
 */
import type { RefusalTable } from "./kit/refusals.ts";

export const binanceRefusals: RefusalTable = {
  by: "code",
  source: "binance/binance-spot-api-docs web-socket-streams.md, errors.md; unicorn-binance#17 (4)",
  readOn: "2026-11-30",
  never: {
    0: "unknown property",
    1: "invalid value type",
    2: "invalid request",
    3: "invalid JSON",
    "-1100": "illegal characters",
    "-1121": "invalid symbol",
  },
  later: {
    "-1000": "unknown error while processing",
    "-1001": "internal error",
    "-1003": "too many requests",
    "-1007": "timeout",
    "-1008": "server busy",
  },
  unknown: { 4: "too many subscriptions" },
};

/** Coinbase Advanced has none: its errors name no topic, and the request's own deadline tells. */
export const coinbaseExchangeRefusals: RefusalTable = {
  by: "text",
  source: "bytewax#279 (2023-08-16), barter-data 0.11",
  readOn: "2026-11-25",
  never: {
    "is not a valid product": "no such product",
    "now require authentication": "the channel needs a login",
  },
  later: {},
  unknown: {},
};

export const krakenRefusals: RefusalTable = {
  by: "text",
  source: "docs.kraken.com WebSocket error types; support.kraken.com API error messages",
  readOn: "2026-11-30",
  never: {
    "Currency pair not in ISO 4217-A3 format": "malformed symbol",
    "Currency pair not supported": "no such symbol",
    "Pair(s) not found": "no such symbol",
    "Malformed request": "malformed",
    "Subscription depth not supported": "no such depth",
    "Subscription name invalid": "no such channel",
    "Subscription ohlc interval not supported": "no such interval",
    "EGeneral:Invalid arguments": "malformed",
    "EGeneral:Permission denied": "no such right",
  },
  later: {
    "Exceeded msg rate": "too many messages",
    "EAPI:Rate limit exceeded": "too many requests",
    "EGeneral:Too many requests": "too many requests",
    "EGeneral:Temporary lockout": "locked out for some minutes",
    "EGeneral:Internal error": "internal error",
    "EService:Unavailable": "offline, or in maintenance",
    "EService:Busy": "overloaded",
    "EService:Throttled": "too many requests",
    "EService:Deadline elapsed": "timed out",
  },
  unknown: { "Already subscribed": "another depth or interval of the symbol is subscribed" },
};

export const krakenFuturesRefusals: RefusalTable = {
  by: "text",
  source: "docs.kraken.com futures websocket: errors of public feeds",
  readOn: "2026-11-25",
  never: { "Invalid product id": "no such product", "Invalid feed": "no such feed" },
  later: {},
  unknown: {},
};

export const okxRefusals: RefusalTable = {
  by: "code",
  source: "okx.com/docs-v5 error codes: WebSocket, general",
  readOn: "2026-11-30",
  never: {
    60008: "the endpoint does not serve this channel",
    60011: "the channel needs a login",
    60012: "invalid request",
    60013: "invalid arguments",
    60018: "wrong URL, or no such channel or instrument",
    60019: "invalid operation",
    60027: "a parameter is empty",
    60028: "the endpoint does not do this",
    60029: "needs a higher trading fee tier",
    60030: "needs a higher trading fee tier",
    60033: "parameter error",
    64000: "the parameter uly is gone",
    64001: "the channel moved to /business",
    64002: "the channel is not on /business",
    64003: "needs a higher trading fee tier",
    64004: "not beside books-l2-tbt",
  },
  later: {
    50001: "service temporarily unavailable",
    50004: "endpoint request timeout",
    50005: "API offline or unavailable",
    50011: "rate limit reached",
    50013: "system busy",
    50026: "system error",
    60014: "requests too frequent",
    63999: "internal error, try again later",
    64007: "internal error, try again later",
  },
  unknown: { 60020: "too many subscriptions of an API key" },
};

export const bybitRefusals: RefusalTable = {
  by: "text",
  source: "a relay of Bybit probed 2026-09-23; clients' fixtures; bybit-exchange/docs v5/error",
  readOn: "2026-11-30",
  never: {
    "handler not found": "no such topic",
    "Invalid symbol": "no such symbol",
    "invalid op": "no such operation",
    "args size >": "too many arguments in a request",
  },
  later: {
    "Too many visits": "rate limit exceeded",
    "Too frequent requests": "rate limit of the session exceeded",
    "Server error": "internal error",
    "Server Timeout": "timed out",
  },
  unknown: {},
};

export const bitfinexRefusals: RefusalTable = {
  by: "code",
  source: "docs.bitfinex.com error and info codes; the live venue probed 2026-09-22..24",
  readOn: "2026-11-30",
  never: {
    10000: "unknown event",
    10001: "unknown pair",
    10011: "unknown precision of a book",
    10012: "unknown length of a book",
    10302: "unknown channel",
    10401: "not subscribed",
  },
  later: {
    11000: "not ready, try again later",
    20051: "the server is stopping",
    20060: "the server is in maintenance",
  },
  unknown: {
    10300: "subscription failed",
    10305: "limit of open channels",
    10400: "unsubscription failed",
  },
};

export const deribitRefusals: RefusalTable = {
  by: "code",
  source: "docs.deribit.com RPC error codes",
  readOn: "2026-11-30",
  never: {
    10000: "authorization_required",
    11029: "invalid_arguments",
    11050: "bad_request",
    13004: "invalid_credentials",
    13009: "unauthorized",
    13020: "not_found",
    13021: "forbidden",
    13778: "raw channels need a login",
    "-32000": "missing parameters",
    "-32600": "no valid request",
    "-32601": "method not found",
    "-32602": "invalid parameters",
    "-32700": "parse error",
  },
  later: {
    10028: "too_many_requests",
    10040: "retry",
    10041: "settlement_in_progress",
    10047: "matching_engine_queue_full",
    10066: "too_many_concurrent_requests",
    11051: "system_maintenance",
    11094: "internal_server_error",
    13025: "method_switched_off_by_admin",
    13028: "temporarily_unavailable",
    13503: "unavailable",
    13888: "timed_out",
  },
  unknown: { 11052: "subscribe_error_unsubscribed" },
};

export const hyperliquidRefusals: RefusalTable = {
  by: "text",
  source: "the live venue, probed 2026-09-24",
  readOn: "2026-11-25",
  never: { "Error parsing JSON into valid websocket request": "not understood" },
  later: {},
  unknown: {},
};

export const kucoinRefusals: RefusalTable = {
  by: "code",
  source: "kucoin.com/docs-new error codes: WebSocket",
  readOn: "2026-11-30",
  never: {
    400: "topic is invalid",
    403: "login is required",
    404: "topic does not exist",
    406: "topic is required",
    415: "command type is invalid",
  },
  later: { 500: "system error", 509: "busy, or a limit of requests or subscriptions" },
  unknown: {},
};

export const kucoinUtaRefusals: RefusalTable = {
  by: "text",
  source: "kucoin.com/docs-new error codes: gateway; the live venue probed 2026-09-22",
  readOn: "2026-11-30",
  never: {
    "symbols are not supported for topic": "no such symbol",
    "invalid request data": "malformed",
  },
  later: { "Too many requests": "429002", "Server is busy": "503000" },
  unknown: {},
};
