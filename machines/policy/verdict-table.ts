/**
 * The table behind the verdict: faults.md §A3, row by row.
 *
 * Statuses and close codes are judgement where no RFC speaks (marked there), so every row can be
 * overridden by name-free rules before it. First match decides, so the special stand first. The same
 * table in words, with every status and close code, is `docs/errors.md`; a test holds it to this one.
 *
 * A floor with its jitter is at most 100 s where the loss may heal by itself, so that healing is seen
 * within two minutes; a ban (418) is the one exception.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc6455#section-7.4} close codes
 * @see {@link https://www.iana.org/assignments/websocket/websocket.xhtml} 1012-1014, 3000, 3003, 3008
 * @see {@link https://www.rfc-editor.org/rfc/rfc9110#section-15} HTTP statuses
 */
import type { VerdictRule } from "./verdict.ts";

const FIVE_MINUTES_MS = 300_000;

const slowly = { action: "slow", floorMs: 10_000 } as const;
const slowlyWithAlert = { ...slowly, alerts: true } as const;

/** Credentials were refused: ask for new ones, at once and then slowly; with fixed ones it is final. */
const renewOrRefuse = {
  action: "renew",
  otherwise: slowly,
  fixed: { action: "refuse" },
} as const;

/** The same where the peer may mean something else than the credentials: never final. */
const renewOrWait = { action: "renew", otherwise: slowly, fixed: slowlyWithAlert } as const;

/** An endpoint that was ready before will be ready again: a deploy, a proxy's restart, a maintenance. */
const onceReady = { action: "slow", floorMs: 30_000, alerts: true } as const;

export const verdictTable: readonly VerdictRule[] = [
  // The caller's own word or mistake, and our own plan.
  { name: "requested", when: { class: "requested" }, ruling: { action: "now" } },
  { name: "planned", when: { class: "planned" }, ruling: { action: "now" } },
  { name: "mute", when: { class: "mute" }, ruling: { action: "now" } },
  { name: "config", when: { class: "config" }, ruling: { action: "refuse" } },
  {
    // A function for the URL, the subprotocols or the headers says that its own server refuses.
    name: "resolver-never",
    when: { class: "resolver", refusal: "never" },
    ruling: renewOrRefuse,
  },
  {
    name: "resolver-later",
    when: { class: "resolver", refusal: "later" },
    ruling: { action: "slow", defaultRetryAfterMs: 10_000, alerts: true },
  },
  { name: "resolver", when: { class: "resolver" }, ruling: { action: "retry" } },

  // DNS and TCP. A laptop that is offline says ENOTFOUND too, so it is slow and never final.
  { name: "dns-transient", when: { class: "dns-transient" }, ruling: { action: "retry" } },
  {
    name: "dns-not-found",
    when: { class: "dns-not-found" },
    ruling: { action: "slow", floorMs: 5_000 },
  },
  {
    name: "unreachable-locally", // a blackhole route or our own firewall: it will not change in a second
    when: { class: "unreachable", code: "EINVAL" },
    ruling: { action: "slow", floorMs: 5_000, alerts: true },
  },
  { name: "unreachable", when: { class: "unreachable" }, ruling: { action: "retry" } },
  {
    name: "local-resource",
    when: { class: "local-resource" },
    ruling: { action: "slow", floorMs: 5_000, alerts: true },
  },
  {
    name: "handshake",
    when: { class: ["handshake-cut", "handshake-timeout"] },
    ruling: { action: "retry" },
  },

  // TLS. Never with less trust; an expired certificate may also be our own clock.
  {
    name: "tls-trust",
    when: { class: "tls-trust" },
    ruling: { action: "slow", floorMs: 60_000, alerts: true },
  },
  { name: "tls-protocol", when: { class: "tls-protocol" }, ruling: slowly },
  {
    name: "tls-client-certificate",
    when: { class: "tls-client-certificate" },
    ruling: { action: "refuse" },
  },

  // The upgrade.
  { name: "redirect", when: { class: "redirect" }, ruling: { action: "refuse" } },
  { name: "negotiation", when: { class: "negotiation" }, ruling: { action: "refuse" } },
  {
    name: "not-websocket",
    when: { class: "not-websocket" },
    ruling: slowly,
    repeated: { times: 3, withinMs: FIVE_MINUTES_MS, ruling: { action: "refuse" } },
    onceReady,
  },
  {
    name: "http-not-an-endpoint", // 1xx but 101, 2xx, and the 3xx that are no redirects
    when: { class: "http-refusal", statuses: [100, 399] },
    ruling: slowly,
    repeated: { times: 3, withinMs: FIVE_MINUTES_MS, ruling: { action: "refuse" } },
    onceReady,
  },
  {
    name: "http-wrong-endpoint", // 404 happens during a provider's deploy: three slow tries, then final
    when: { class: "http-refusal", status: [400, 404, 405, 410, 426, 501, 505] },
    ruling: { action: "slow", floorMs: 30_000 },
    repeated: { times: 4, withinMs: FIVE_MINUTES_MS, ruling: { action: "refuse" } },
    onceReady,
  },
  {
    name: "http-auth",
    when: { class: "http-refusal", status: [401, 407] },
    ruling: renewOrRefuse,
  },
  {
    name: "http-forbidden", // credentials, or a firewall's mood
    when: { class: "http-refusal", status: 403 },
    ruling: renewOrRefuse,
    onceReady,
  },
  {
    name: "http-legal",
    when: { class: "http-refusal", status: 451 },
    ruling: { action: "refuse" },
  },
  // Those that limit, and name a time or do not.
  {
    name: "http-go-away",
    when: { class: "http-refusal", status: 429 },
    ruling: { action: "slow", defaultRetryAfterMs: 10_000 },
  },
  {
    name: "http-banned", // Binance bans an address with 418, for two minutes at least
    when: { class: "http-refusal", status: 418 },
    ruling: { action: "slow", defaultRetryAfterMs: 120_000, alerts: true },
  },
  {
    name: "http-unavailable",
    when: { class: "http-refusal", status: 503 },
    ruling: { action: "slow", defaultRetryAfterMs: 1_000 },
  },
  {
    name: "http-client-error", // something about our request that no row above knows
    when: { class: "http-refusal", statuses: [400, 499] },
    ruling: slowlyWithAlert,
  },
  {
    name: "http-server",
    when: { class: "http-refusal", statuses: [500, 599] },
    ruling: { action: "retry" },
  },
  { name: "http-unknown", when: { class: "http-refusal" }, ruling: slowlyWithAlert },

  // The `authenticate` step. An error that says neither is asked again, slowly.
  { name: "auth-never", when: { class: "auth", refusal: "never" }, ruling: renewOrRefuse },
  {
    name: "auth-later",
    when: { class: "auth", refusal: "later" },
    ruling: { action: "slow", defaultRetryAfterMs: 10_000, alerts: true },
  },
  { name: "auth", when: { class: "auth" }, ruling: renewOrWait },

  // What the peer's bytes said.
  {
    name: "peer-protocol",
    when: { class: "peer-protocol" },
    ruling: { action: "retry", floorMs: 1_000 },
    repeated: { times: 3, withinMs: FIVE_MINUTES_MS, ruling: { action: "slow", floorMs: 30_000 } },
  },
  {
    name: "too-big", // the same subscription will do it again
    when: { class: "too-big" },
    ruling: slowlyWithAlert,
  },
  { name: "abusive-peer", when: { class: "abusive-peer" }, ruling: slowly },

  // Close codes.
  {
    name: "close-our-protocol-error", // the peer says that we broke the protocol
    when: { class: "closed-by-peer", closeCode: [1002, 1003, 1007, 1010] },
    ruling: { action: "retry" },
    repeated: { times: 3, withinMs: FIVE_MINUTES_MS, ruling: { action: "refuse" } },
    onceReady,
  },
  {
    name: "close-policy", // credentials, or a limit: without anything to renew, slowly
    when: { class: "closed-by-peer", closeCode: 1008 },
    ruling: { action: "renew", otherwise: slowly, fixed: slowly },
  },
  {
    name: "close-restart", // IANA: "clients may reconnect after a random 5-30 s"
    when: { class: "closed-by-peer", closeCode: [1012, 1013] },
    ruling: { action: "retry", floorMs: 5_000, spreadMs: 25_000 },
  },
  {
    name: "close-auth",
    when: { class: "closed-by-peer", closeCode: 3000 },
    ruling: renewOrRefuse,
  },
  {
    name: "close-auth-private", // no standard: what GraphQL servers and brokers close expired tokens with
    when: { class: "closed-by-peer", closeCode: [4001, 4401, 4403] },
    ruling: renewOrWait,
  },
  {
    name: "close-forbidden",
    when: { class: "closed-by-peer", closeCode: 3003 },
    ruling: { action: "refuse" },
  },
  { name: "close", when: { class: "closed-by-peer" }, ruling: { action: "retry" } },
  {
    name: "dropped",
    when: { class: ["dropped", "ended-without-code"] },
    ruling: { action: "retry" },
  },
  { name: "silent", when: { class: "silent" }, ruling: { action: "retry" } },
  // Not at once: all processes of a host that was suspended wake in the same instant.
  { name: "suspended", when: { class: "suspended" }, ruling: { action: "retry" } },
];
