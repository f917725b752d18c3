/**
 * One fetch by a function of the user's or the venue's: told once how it went, unless it was ended before.
 */
import type { SnapshotFact } from "../../machines/recovery.door.ts";
import { isPosition } from "../sequence/position.ts";
import type { FetchSnapshot, Snapshot } from "./recovery.ts";
import { snapshotFailure } from "./snapshot-failure.ts";

interface Outcome {
  readonly given: (snapshot: Snapshot) => void;
  readonly failed: (fact: SnapshotFact) => void;
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
      if (!signal.aborted) failed(snapshotFailure(error));
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
    throw new NoSnapshotError();
  }
  return snapshot;
}

function isSnapshot(value: unknown): value is Snapshot {
  return (
    typeof value === "object" && value !== null && "position" in value && isPosition(value.position)
  );
}

/** There was an answer, of this stream alone. */
class NoSnapshotError extends Error {
  readonly status = 200;

  constructor() {
    super("fetchSnapshot() gave no { data, position } with a safe integer or a bigint");
  }
}
