/**
 * How the data that was missed is obtained, stream by stream. (Replay is asking for subscriptions again
 * on a new socket; recovery is getting the data back.)
 */
import type { RecoveryPacing } from "../../machines/recovery.door.ts";
import type { Position } from "../sequence/point.ts";

/**
 * - `none`: a gap is reported, and that is all that can be done.
 * - `resubscribe`: the stream's topic is ended and asked for again; the venue then sends a snapshot.
 * - `reconnect`: the numbering is the whole connection's, so nobody knows which topic missed what.
 * - a {@link SnapshotRecovery}: a snapshot is fetched from elsewhere and joined with the deltas.
 */
export type Recovery = "none" | "resubscribe" | "reconnect" | SnapshotRecovery;

export interface SnapshotRecovery {
  /**
   * Fetches a snapshot of `stream`. May reject or throw; it is tried again, fast at first and slowly after
   * the alert `recovery-failed`. What an error says of itself:
   *
   * - `refusal` (see `RefusedError`): `never` ends the tries until the stream's next break; `later` leaves
   *   the whole {@link host} alone, for `afterMs` where that is given.
   * - `retryAfterMs`: as `later`, in milliseconds. 1 s to 1 h is believed.
   * - `status`: the HTTP status. 403, 408, 418, 425, 429 and 5xx concern the host, any other this stream.
   * - nothing of these: the host gave no answer.
   */
  readonly fetchSnapshot: FetchSnapshot;
  /**
   * Where the snapshots come from, such as `api.example.com`. While it fails, one stream asks it for all that
   * name it. @defaultValue one for all that name none
   */
  readonly host?: string | undefined;
  /** How a delta joins a snapshot. */
  readonly bridge: Bridge;
}

/** Of all whose snapshots come from somewhere without a name. */
const UNNAMED_HOST = "unnamed";

/** Undefined where nothing is fetched. */
export function hostOf(recovery: Recovery): string | undefined {
  return typeof recovery === "string" ? undefined : (recovery.host ?? UNNAMED_HOST);
}

export type FetchSnapshot = (stream: string, signal: AbortSignal) => Promise<Snapshot>;

export interface Snapshot {
  /** The snapshot as its source gave it. */
  readonly data: unknown;
  /** Where it stands in the stream's numbering: all up to here is in it. */
  readonly position: Position;
}

/** The numbers of one delta. */
export interface Delta {
  readonly first: Position;
  readonly last: Position;
  readonly previous?: Position | undefined;
}

/**
 * What a delta is to a snapshot, by the venue's own rule: `drop` it is in it already · `apply` it is
 * the first to follow · `refetch` the snapshot is too old to be joined with it.
 */
export type Bridge = (snapshot: Position, delta: Delta) => "drop" | "apply" | "refetch";

/** How recoveries are paced and bounded; one policy for all streams of a connection. */
export interface RecoveryPolicy extends RecoveryPacing {
  /** Deltas of one stream that wait for a snapshot; beyond them it is fetched anew. @defaultValue 10,000 */
  readonly bufferMessages: number;
}
