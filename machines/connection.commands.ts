/**
 * When the owner's `connect` and `reconnect` may dial: at once while their bucket has a token, else when
 * the next token comes. New credentials are never asked for faster than their own pace allows.
 */
import type { ConnectionContext } from "./connection.context.ts";
import type { CommandGiven } from "./connection.events.ts";
import { toTimerMs } from "./policy/duration.ts";
import { untilCallMs } from "./policy/renewal.ts";
import { spend, waitForToken } from "./policy/retry-budget.ts";

/** How long a command that is given at `atMs` has to wait, in milliseconds; 0 for not at all. */
export function commandWaitMs(context: ConnectionContext, atMs: number): number {
  const { policy, commands, renewal } = context;
  const { waitMs } = waitForToken(policy.commandBudget, commands.budget, atMs, 0);
  return toTimerMs(Math.max(waitMs, untilCallMs(renewal, atMs)));
}

/** The attempt that is scheduled comes before the command's own would. */
export function isOvertaken(context: ConnectionContext, { atMs }: CommandGiven): boolean {
  return context.retryAtMs - atMs < commandWaitMs(context, atMs);
}

/** The context when a command dials at once. Its token goes now: the next command may come before the dial. */
export function afterCommand(
  context: ConnectionContext,
  { atMs }: CommandGiven,
): Partial<ConnectionContext> {
  const { policy, commands } = context;
  const budget = spend(policy.commandBudget, commands.budget, atMs);
  return { dialReason: reasonOf(context), commands: { ...commands, budget, isWaiting: false } };
}

/** The context when a command has to wait: it takes the place of any other wait. */
export function afterDelay(
  context: ConnectionContext,
  { atMs }: CommandGiven,
): Partial<ConnectionContext> {
  return {
    retryInMs: commandWaitMs(context, atMs),
    isBudgetEmpty: false,
    dialReason: reasonOf(context),
    commands: { ...context.commands, isWaiting: true, isDelayTold: true },
  };
}

/** Credentials that were refused are still to be renewed. */
function reasonOf({ renewal }: ConnectionContext): ConnectionContext["dialReason"] {
  return renewal.isDue ? "renewal" : "command";
}
