/**
 * What a loss means: try again, not before a floor, slowly, or not at all.
 *
 * One pure function over a table (`verdict-table.ts`). It runs once per loss. What a user or a venue
 * knows better is a row before the table's own, in the same words.
 */
import type { Loss, LossClass } from "../loss.ts";
import { verdictTable } from "./verdict-table.ts";

/** Selects losses. Every field that is given must match; an array matches any of its values. */
export interface LossMatch {
  readonly class?: LossClass | readonly LossClass[] | undefined;
  readonly status?: number | readonly number[] | undefined;
  /** An inclusive range of HTTP statuses, such as `[500, 599]`. */
  readonly statuses?: readonly [from: number, to: number] | undefined;
  readonly closeCode?: number | readonly number[] | undefined;
  /** An inclusive range of close codes, such as `[4000, 4999]`. */
  readonly closeCodes?: readonly [from: number, to: number] | undefined;
  readonly code?: string | readonly string[] | undefined;
  /** What the user's or the venue's own function said of the refusal: for good, or for now. */
  readonly refusal?: Loss["refusal"] | undefined;
  /** Found in the close reason or detail: a literal, never a pattern. */
  readonly detailIncludes?: string | undefined;
}

/**
 * What to do about a loss.
 *
 * - `retry`: after the backoff, and not before `floorMs`.
 * - `slow`: the same, for losses that will likely repeat; said in `status()` and the facts.
 * - `now`: without a backoff; the server's Retry-After and the budget still hold.
 * - `renew`: the credentials were refused. Every dial until the connection is ready asks for new ones
 *   (reason `renewal`): the first at once, and once new ones were refused too `otherwise`, at growing
 *   distances. Where nothing can be renewed, `fixed`.
 * - `refuse`: `failed`.
 */
export type Ruling =
  | {
      readonly action: "retry" | "slow";
      /** Never before this, in milliseconds. @defaultValue 0 */
      readonly floorMs?: number | undefined;
      /** The server's Retry-After where it sent none, in milliseconds. @defaultValue 0 */
      readonly defaultRetryAfterMs?: number | undefined;
      /** Jitter on top of the floor, in milliseconds. @defaultValue 3,000, or 0 without a floor */
      readonly spreadMs?: number | undefined;
      /** Raises an alert of kind `loss`. */
      readonly alerts?: boolean | undefined;
    }
  | { readonly action: "now" }
  | { readonly action: "renew"; readonly otherwise: FinalRuling; readonly fixed: FinalRuling }
  | { readonly action: "refuse" };

/** A ruling that needs no further question. */
export type FinalRuling = Exclude<Ruling, { readonly action: "renew" }>;

/** One row of the table. The first row that matches decides. */
export interface VerdictRule {
  /** Kebab-case, unique; what `status()`, facts and the history call this row. */
  readonly name: string;
  readonly when: LossMatch;
  readonly ruling: Ruling;
  /** What the `times`-th such loss within `withinMs` means instead. */
  readonly repeated?:
    { readonly times: number; readonly withinMs: number; readonly ruling: FinalRuling } | undefined;
  /** In place of `refuse` where the connection was ready at least once in its supervisor's life. */
  readonly onceReady?: FinalRuling | undefined;
}

/**
 * A user's or venue's word on a loss, asked before any row; `undefined` leaves it to the rows.
 * A throw changes nothing but a reported fact.
 */
export type VerdictFunction = (loss: Loss, history: LossHistory) => FinalRuling | undefined;

/** What the verdict may know of the past. */
export interface LossHistory {
  readonly atMs: number;
  /** Oldest first, bounded; this loss not among them. */
  readonly losses: readonly PastLoss[];
  /**
   * True when this attempt showed renewed credentials and none have been good for `stableAfterMs` since
   * they were asked for: to ask at once would be no use.
   */
  readonly hasRenewed: boolean;
  /** True when the connection was ready at least once, at whatever time before. */
  readonly wasReady: boolean;
}

/** A loss as the history keeps it. */
export interface PastLoss {
  readonly rule: string;
  readonly class: LossClass;
  readonly atMs: number;
}

/** What the verdict goes by. */
export interface VerdictPolicy {
  /** Rows before the table's own: the user's first, then the venue's. */
  readonly rules: readonly VerdictRule[];
  readonly custom?: VerdictFunction | undefined;
  /** `renewable` when URL, protocols or headers are functions, or there is an `authenticate`. */
  readonly credentials: "renewable" | "fixed";
}

/** The decision on one loss. */
export interface Verdict {
  readonly action: "now" | "retry" | "slow" | "refuse";
  /** The row that decided; `custom` for a function. */
  readonly rule: string;
  /** The earliest next attempt, in milliseconds from the loss; the server's Retry-After included. */
  readonly floorMs: number;
  /** Jitter on top of the floor, in milliseconds. */
  readonly spreadMs: number;
  /** The credentials were refused, and can be renewed: dials ask for new ones until it is ready. */
  readonly renews: boolean;
  readonly alerts: boolean;
}

/** Retry-After outside this is not believed, in milliseconds: shorter is a hot loop, longer a feed lost. */
const RETRY_AFTER_LIMITS = { minMs: 1_000, maxMs: 3_600_000 } as const;

const SPREAD_MS = 3_000;

/** Decides on `loss`. Pure; total as long as `policy.custom` is. */
export function verdict(loss: Loss, history: LossHistory, policy: VerdictPolicy): Verdict {
  const custom = policy.custom?.(loss, history);
  if (custom !== undefined) return settle(custom, "custom", loss);

  const rule = find(policy.rules, loss) ?? find(verdictTable, loss);
  if (rule === undefined) return settle({ action: "retry" }, "unknown", loss);

  const { ruling, renews } = choose(rule, history, policy);
  const isForGood = ruling.action === "refuse";
  if (isForGood && history.wasReady && rule.onceReady !== undefined)
    return settle(rule.onceReady, rule.name, loss);
  return { ...settle(ruling, rule.name, loss), renews: renews && !isForGood };
}

/** What a row says, as far as it depends on the past and on the credentials. */
function choose(
  { name, ruling, repeated }: VerdictRule,
  history: LossHistory,
  policy: VerdictPolicy,
): { readonly ruling: FinalRuling; readonly renews: boolean } {
  if (repeated !== undefined && timesWithin(name, repeated.withinMs, history) >= repeated.times)
    return { ruling: repeated.ruling, renews: false };
  if (ruling.action !== "renew") return { ruling, renews: false };
  if (policy.credentials === "fixed") return { ruling: ruling.fixed, renews: false };
  return { ruling: history.hasRenewed ? ruling.otherwise : { action: "now" }, renews: true };
}

/** Whether `loss` is one of those that `match` selects. */
function matches(match: LossMatch, loss: Loss): boolean {
  return (
    isOneOf(match.class, loss.class) &&
    isOneOf(match.status, loss.status) &&
    isOneOf(match.closeCode, loss.closeCode) &&
    isOneOf(match.code, loss.code) &&
    isOneOf(match.refusal, loss.refusal) &&
    isWithin(match.statuses, loss.status) &&
    isWithin(match.closeCodes, loss.closeCode) &&
    (match.detailIncludes === undefined || (loss.detail?.includes(match.detailIncludes) ?? false))
  );
}

function find(rules: readonly VerdictRule[], loss: Loss): VerdictRule | undefined {
  return rules.find((rule) => matches(rule.when, loss));
}

function isOneOf<T>(wanted: T | readonly T[] | undefined, actual: T | undefined): boolean {
  if (wanted === undefined) return true;
  if (actual === undefined) return false;
  return Array.isArray(wanted) ? wanted.includes(actual) : wanted === actual;
}

function isWithin(
  range: readonly [from: number, to: number] | undefined,
  actual: number | undefined,
): boolean {
  if (range === undefined) return true;
  return actual !== undefined && actual >= range[0] && actual <= range[1];
}

/** How often this row has decided lately, this time included. */
function timesWithin(rule: string, withinMs: number, history: LossHistory): number {
  const past = history.losses.filter(
    (loss) => loss.rule === rule && history.atMs - loss.atMs <= withinMs,
  );
  return past.length + 1;
}

function settle(ruling: FinalRuling, rule: string, loss: Loss): Verdict {
  const base = { rule, renews: false, alerts: false } as const;
  switch (ruling.action) {
    case "refuse":
      return { ...base, action: "refuse", floorMs: 0, spreadMs: 0 };
    case "now": {
      const floorMs = believedRetryAfterMs(loss.retryAfterMs);
      return { ...base, action: "now", floorMs, spreadMs: floorMs > 0 ? SPREAD_MS : 0 };
    }
    case "retry":
    case "slow": {
      const askedMs = believedRetryAfterMs(loss.retryAfterMs) || (ruling.defaultRetryAfterMs ?? 0);
      const floorMs = Math.max(ruling.floorMs ?? 0, askedMs);
      const spreadMs = floorMs > 0 ? (ruling.spreadMs ?? SPREAD_MS) : 0;
      return { ...base, action: ruling.action, floorMs, spreadMs, alerts: ruling.alerts ?? false };
    }
  }
}

/** How long a server that says `retryAfterMs` is left alone, in milliseconds; 0 where it says nothing. */
export function believedRetryAfterMs(retryAfterMs: number | undefined): number {
  if (retryAfterMs === undefined || Number.isNaN(retryAfterMs)) return 0;
  const { minMs, maxMs } = RETRY_AFTER_LIMITS;
  return Math.min(Math.max(retryAfterMs, minMs), maxMs);
}
