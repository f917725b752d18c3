/**
 * The table behind the verdict: faults.md §A3, row by row.
 *
 * Statuses and close codes are judgement where no RFC speaks (marked there), so every row can be
 * overridden by name-free rules before it. First match decides, so the special stand first.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc6455#section-7.4} close codes
 * @see {@link https://www.iana.org/assignments/websocket/websocket.xhtml} 1012-1014, 3000, 3003, 3008
 * @see {@link https://www.rfc-editor.org/rfc/rfc9110#section-15} HTTP statuses
 */
import type { VerdictRule } from "./verdict.ts";

const FIVE_MINUTES_MS = 300_000;

/** Credentials were refused: ask for new ones once, then slowly; with fixed ones it is for good. */
const renewOnce = {
  action: "renew",
  otherwise: { action: "slow", floorMs: 10_000 },
  fixed: { action: "refuse" },
} as const;

export const verdictTable: readonly VerdictRule[] = [
  // The caller's own word or mistake, and our own plan.
  { name: "requested", when: { class: "requested" }, ruling: { action: "now" } },
  { name: "planned", when: { class: "planned" }, ruling: { action: "now" } },
  { name: "mute", when: { class: "mute" }, ruling: { action: "now" } },
  { name: "config", when: { class: "config" }, ruling: { action: "refuse" } },
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
  {
    name: "tls-protocol",
    when: { class: "tls-protocol" },
    ruling: { action: "slow", floorMs: 10_000 },
  },
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
    ruling: { action: "slow", floorMs: 10_000 },
    repeated: { times: 3, withinMs: FIVE_MINUTES_MS, ruling: { action: "refuse" } },
  },
  {
    name: "http-not-an-endpoint",
    when: { class: "http-refusal", status: [200, 204, 304] },
    ruling: { action: "slow", floorMs: 10_000 },
    repeated: { times: 3, withinMs: FIVE_MINUTES_MS, ruling: { action: "refuse" } },
  },
  {
    name: "http-wrong-endpoint", // 404 happens during a provider's deploy: three slow tries, then final
    when: { class: "http-refusal", status: [400, 404, 405, 410, 426, 501, 505] },
    ruling: { action: "slow", floorMs: 30_000 },
    repeated: { times: 4, withinMs: FIVE_MINUTES_MS, ruling: { action: "refuse" } },
  },
  {
    name: "http-auth",
    when: { class: "http-refusal", status: [401, 403, 407] },
    ruling: renewOnce,
  },
  {
    name: "http-legal",
    when: { class: "http-refusal", status: 451 },
    ruling: { action: "refuse" },
  },
  {
    name: "http-go-away", // 418 is Binance's ban. Retry-After is heard for every loss that carries it.
    when: { class: "http-refusal", status: [418, 429, 503] },
    ruling: { action: "slow" },
  },
  { name: "http-server", when: { class: "http-refusal" }, ruling: { action: "retry" } },

  // The `authenticate` step: whoever wrote it can be asked again.
  { name: "auth", when: { class: "auth" }, ruling: renewOnce },

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
    ruling: { action: "slow", floorMs: 10_000, alerts: true },
  },
  {
    name: "abusive-peer",
    when: { class: "abusive-peer" },
    ruling: { action: "slow", floorMs: 10_000 },
  },

  // Close codes.
  {
    name: "close-our-protocol-error", // the peer says that we broke the protocol
    when: { class: "closed-by-peer", closeCode: [1002, 1003, 1007, 1010] },
    ruling: { action: "retry" },
    repeated: { times: 3, withinMs: FIVE_MINUTES_MS, ruling: { action: "refuse" } },
  },
  {
    name: "close-policy", // credentials, or a limit: without anything to renew, slowly
    when: { class: "closed-by-peer", closeCode: 1008 },
    ruling: {
      action: "renew",
      otherwise: { action: "slow", floorMs: 10_000 },
      fixed: { action: "slow", floorMs: 10_000 },
    },
  },
  {
    name: "close-restart", // IANA: "clients may reconnect after a random 5-30 s"
    when: { class: "closed-by-peer", closeCode: [1012, 1013] },
    ruling: { action: "retry", floorMs: 5_000, spreadMs: 25_000 },
  },
  { name: "close-auth", when: { class: "closed-by-peer", closeCode: 3000 }, ruling: renewOnce },
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
