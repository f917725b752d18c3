/**
 * One fetch by a function of the user's or the venue's: told once how it went, unless it was ended before.
 */
import { explain } from "../connection/explain.ts";
import { isPosition } from "../sequence/position.ts";
import type { FetchSnapshot, Snapshot } from "./recovery.ts";

interface Outcome {
  readonly given: (snapshot: Snapshot) => void;
  readonly failed: (detail: string, retryAfterMs: number | undefined) => void;
}

/** @returns what ends it: its signal is aborted where it has not been settled yet. */
export function fetchSnapshot(
  stream: string,
  fetch: FetchSnapshot,
  { given, failed }: Outcome,
): () => void {
  const abort = new AbortController();
  const { signal } = abort;
  let isSettled = false;
  checked(stream, fetch, signal).then(
    (snapshot) => {
      isSettled = true;
      if (!signal.aborted) given(snapshot);
    },
    (error: unknown) => {
      isSettled = true;
      if (!signal.aborted) failed(explain(error), retryAfterOf(error));
    },
  );
  return () => {
    if (!isSettled) abort.abort(new Error("the snapshot is not wanted any more"));
  };
}

/** Async, so that what is thrown at once is a rejection like any other. */
async function checked(
  stream: string,
  fetch: FetchSnapshot,
  signal: AbortSignal,
): Promise<Snapshot> {
  const snapshot: unknown = await fetch(stream, signal);
  if (!isSnapshot(snapshot)) {
    throw new Error("fetchSnapshot() gave no { data, position } with a safe integer or a bigint");
  }
  return snapshot;
}

function retryAfterOf(error: unknown): number | undefined {
  if (typeof error !== "object" || error === null || !("retryAfterMs" in error)) return undefined;
  return typeof error.retryAfterMs === "number" ? error.retryAfterMs : undefined;
}

function isSnapshot(value: unknown): value is Snapshot {
  return (
    typeof value === "object" && value !== null && "position" in value && isPosition(value.position)
  );
}
