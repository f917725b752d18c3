/**
 * A budget of attempts that survives successes.
 *
 * Backoff forgives once a connection is stable; a server that lets everybody in for eleven seconds
 * would still be dialled all day. The budget is a token bucket over all attempts: when it is empty
 * the next attempt waits for a token, and never fails because of it.
 */

/** @defaultValue 120 attempts per 600,000 ms */
export interface RetryBudget {
  /** Attempts that may be made at once, and refilled within `perMs`. */
  readonly attempts: number;
  /** Time in which an empty bucket fills up again, in milliseconds. */
  readonly perMs: number;
}

/** What is left, and when that was true. */
export interface BudgetState {
  readonly tokens: number;
  readonly atMs: number;
}

/** Twelve a minute for ever: four times what the default backoff asks for in a long outage. */
export const defaultRetryBudget: RetryBudget = { attempts: 120, perMs: 600_000 };

/**
 * A bucket of their own for `connect` and `reconnect`: five at once, one more each five seconds. A command
 * from a listener of `down` is a loop like any other, and the owner who asks twice is not kept waiting.
 */
export const commandBudget: RetryBudget = { attempts: 5, perMs: 25_000 };

/** A full bucket. */
export function fullBudget(budget: RetryBudget, atMs: number): BudgetState {
  return { tokens: budget.attempts, atMs };
}

/** What is left at `atMs`. A clock that seems to go back adds nothing and takes nothing. */
export function tokensAt(budget: RetryBudget, state: BudgetState, atMs: number): number {
  const refilled = (Math.max(atMs - state.atMs, 0) * budget.attempts) / budget.perMs;
  return Math.min(budget.attempts, state.tokens + refilled);
}

/**
 * One attempt is made: a token goes. A command may dial on an empty bucket of attempts, as it has one of
 * its own; it owes nothing.
 */
export function spend(budget: RetryBudget, state: BudgetState, atMs: number): BudgetState {
  return {
    tokens: Math.max(tokensAt(budget, state, atMs) - 1, 0),
    atMs: Math.max(atMs, state.atMs), // or the time that went back would refill twice
  };
}

/** `waitMs`, or longer where the bucket would still be empty by then. */
export function waitForToken(
  budget: RetryBudget,
  state: BudgetState,
  atMs: number,
  waitMs: number,
): { readonly waitMs: number; readonly isEmpty: boolean } {
  const tokens = tokensAt(budget, state, atMs + waitMs);
  if (tokens >= 1) return { waitMs, isEmpty: false };
  const missingMs = ((1 - tokens) * budget.perMs) / budget.attempts;
  return { waitMs: Math.ceil(waitMs + missingMs), isEmpty: true };
}
