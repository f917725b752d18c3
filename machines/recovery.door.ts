/**
 * The door of the recoveries: what their charts ask of the world, and what the world tells them.
 *
 * Like the link, every method is total: it reports, it never throws. No message comes through here; a
 * stream is a name in a fact, never part of an event's type or of an actor's id.
 */

/** How the data missed in one stream is obtained. */
type RecoveryStrategy = "resubscribe" | "snapshot" | "reconnect";

/** How recoveries are paced, and how long each is tried. */
export interface RecoveryPacing {
  /** How many may run at once. @defaultValue 4 */
  readonly concurrent: number;
  /** Time between the starts of two, in milliseconds. @defaultValue 250 */
  readonly spacingMs: number;
  /** One try, in milliseconds. @defaultValue 10,000 */
  readonly timeoutMs: number;
  /** Tries after the first before it is given up with an alert. @defaultValue 5 */
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
}

/** What the world tells the desk. */
export type StreamFact =
  | ({ readonly type: "stream.broken" } & RecoveryRequest)
  /** The venue itself sent what makes it whole. */
  | { readonly type: "stream.restarted"; readonly stream: string }
  | { readonly type: "stream.unwanted"; readonly stream: string }
  /** All that was asked on it is void; who is broken still will be told anew. */
  | { readonly type: "socket.ended" };

/** How one fetch ended. */
export type SnapshotFact =
  /** It was joined with the deltas, and both were delivered. */
  | { readonly type: "snapshot.joined" }
  /** It is too old to be joined with the deltas: another one is wanted. */
  | { readonly type: "snapshot.outdated" }
  | {
      readonly type: "snapshot.failed";
      readonly detail: string;
      /** The server wants to be left alone for so long, in milliseconds. */
      readonly retryAfterMs?: number | undefined;
    };

/** What the desk says. */
export interface RecoveryFailed {
  readonly type: "recovery.failed";
  readonly stream: string;
  readonly tries: number;
  /** Why the last try failed. */
  readonly detail: string;
}

/** The running desk, as far as the world may know it. */
export interface RecoveryDesk {
  send(fact: StreamFact): void;
  getSnapshot(): { readonly status: string };
  on(type: "recovery.failed", listener: (fact: RecoveryFailed) => void): { unsubscribe(): void };
}

/** The recoveries' one door to the world. */
export interface RecoveryDoor {
  /** Called once, with the actor that runs the desk: it is opened when the first stream breaks. */
  attach(desk: RecoveryDesk): void;
  /** Ends the stream's topic and asks for it again; `stream.restarted` follows when the venue starts over. */
  resubscribe(stream: string): void;
  /** Asks for a new socket; `socket.ended` follows. */
  requestReconnect(stream: string): void;
  /**
   * Fetches a snapshot and joins it with the deltas that wait for it. Answers once, unless the function
   * that it gives, which ends it, was called before.
   */
  fetchSnapshot(stream: string, answer: (fact: SnapshotFact) => void): () => void;
  /** Keeps the door out of snapshots and inspectors. */
  toJSON(): undefined;
}
