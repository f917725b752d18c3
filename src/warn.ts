/** A warning of the process, where there is one: for failures that no fact can tell of. */
import { messageOf, onRejection } from "./shape.ts";

interface Warned {
  emitWarning?: (text: string, options: { readonly type: string; readonly code: string }) => void;
}

/** Says that a function of the user's failed, and by what. */
export function warnOfFailure(callback: string, error: unknown): void {
  const { process } = globalThis as { process?: Warned };
  const options = { type: "WsSupervisorWarning", code: "WS_SUPERVISOR_CALLBACK" };
  process?.emitWarning?.(`${callback} failed: ${messageOf(error)}`, options);
}

/** Calls a function that nobody waits for; what it throws, or rejects with, is a warning. */
export function callGuarded(callback: string, call: () => unknown): void {
  try {
    onRejection(call(), (error) => warnOfFailure(callback, error));
  } catch (error) {
    warnOfFailure(callback, error);
  }
}
