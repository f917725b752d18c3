/**
 * The door of the recoveries: what their charts ask of the world, and what the world tells them.
 *
 * Like the link, every method is total: it reports, it never throws. No message comes through here; a
 * stream is a name in a fact, never part of an event's type or of an actor's id.
 */

/** How the data missed in one stream is obtained. */
export type RecoveryStrategy = "resubscribe" | "snapshot" | "reconnect";

/** How recoveries are paced, and how long each is tried. */
export interface RecoveryPacing {
  /** How many may run at once. @defaultValue 4 */
  readonly concurrent: number;
  /** Time between the starts of two, in milliseconds. @defaultValue 250 */
  readonly spacingMs: number;
  /** One try, in milliseconds. @defaultValue 10,000 */
  readonly timeoutMs: number;
  /** Fast tries after the first; then an alert is raised, and the tries go on slowly. @defaultValue 5 */
  readonly retries: number;
  /** Wait before the second try, in milliseconds; it doubles, up to a minute. @defaultValue 1,000 */
  readonly retryMs: number;
}

export const defaultRecoveryPacing: RecoveryPacing = {
  concurrent: 4,
  spacingMs: 250,
  timeoutMs: 10_000,
  retries: 5,
  retryMs: 1_000,
};

/** One stream that is to be recovered. */
export interface RecoveryRequest {
  readonly stream: string;
  readonly strategy: RecoveryStrategy;
  /** Where its snapshots come from: while that fails, one stream asks for all. Undefined for none. */
  readonly host: string | undefined;
  /** Tries in a row that brought nothing. */
  readonly failures: number;
  /** Times in a row that it broke soon after it was whole. */
  readonly recurrences: number;
  /** `relapsed`: it was whole a short while ago, and waits first. `proving`: it is whole, as far as is known. */
  readonly as: "broken" | "relapsed" | "proving";
  /** How long it has stayed whole already while it had to prove that, in milliseconds. */
  readonly provedMs: number;
}

/** What the world tells the desk. */
export type StreamFact =
  | ({ readonly type: "stream.broken" } & RecoveryRequest)
  /** The venue itself sent what makes it whole. */
  | { readonly type: "stream.restarted"; readonly stream: string }
  /** The venue started it over, with a message that fails its own checksum. */
  | { readonly type: "stream.refuted"; readonly stream: string }
  | { readonly type: "stream.unwanted"; readonly stream: string }
  /** All that was asked on it is void; a stream that is still broken is told again on the next one. */
  | { readonly type: "socket.ended" };

/** How one fetch ended. */
export type SnapshotFact =
  /** It was joined with the deltas, and both were delivered. */
  | { readonly type: "snapshot.joined" }
  /** It is too old to be joined with the deltas: another one is wanted. */
  | { readonly type: "snapshot.outdated" }
  /** No snapshot of this stream will ever be given. */
  | { readonly type: "snapshot.refused"; readonly detail: string }
  | {
      readonly type: "snapshot.failed";
      readonly detail: string;
      /** The host gave no answer, or none to anybody: true for all streams that it serves. */
      readonly isHosts: boolean;
      /** The server wants to be left alone for so long, in milliseconds. */
      readonly retryAfterMs?: number | undefined;
    };

/** A try has failed, or a stream broke again too soon. The tries go on. */
export interface RecoveryFailed {
  readonly type: "recovery.failed";
  readonly stream: string;
  /** Tries in a row that brought nothing. */
  readonly failures: number;
  /** Times in a row that it broke soon after it was whole. */
  readonly recurrences: number;
  /** Why. */
  readonly detail: string;
  /** The fast tries are used up, or its snapshot is refused for good: what waits is to be delivered. */
  readonly isFailing: boolean;
  /** It keeps breaking: it must stay whole for a while before that is said. */
  readonly mustProve: boolean;
}

/** A stream is whole; one that had to prove it has done so. */
export interface RecoverySucceeded {
  readonly type: "recovery.succeeded";
  readonly stream: string;
}

/** The running desk, as far as the world may know it. */
export interface RecoveryDesk {
  send(fact: StreamFact): void;
  getSnapshot(): { readonly status: string };
  on(type: "recovery.failed", listener: (fact: RecoveryFailed) => void): { unsubscribe(): void };
  on(
    type: "recovery.succeeded",
    listener: (fact: RecoverySucceeded) => void,
  ): { unsubscribe(): void };
}

/** The recoveries' one door to the world. */
export interface RecoveryDoor {
  /** Called once, with the actor that runs the desk: it is opened when the first stream breaks. */
  attach(desk: RecoveryDesk): void;
  /** Ends the stream's topic and asks for it again; `stream.restarted` follows when the venue starts over. */
  resubscribe(stream: string): void;
  /** Asks for a new socket; `socket.ended` follows. */
  requestReconnect(stream: string): void;
  /** The stream's deltas wait from now on, and are not delivered. */
  holdDeltas(stream: string): void;
  /**
   * Fetches a snapshot and joins it with the deltas that wait for it. Answers once, unless the function
   * that it gives, which ends it, was called before.
   */
  fetchSnapshot(stream: string, answer: (fact: SnapshotFact) => void): () => void;
  /** Keeps the door out of snapshots and inspectors. */
  toJSON(): undefined;
}
