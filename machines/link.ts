/**
 * The link: the chart's one door to the world, as the chart sees it.
 *
 * Every method is total. It reports, it never throws: in XState a throwing action ends the actor and
 * orphans its children. Implementations keep their state in `#private` fields and hide from JSON, so
 * that no snapshot, inspector or log can show a URL or a credential.
 */
import type { CloseFrameChoice } from "./close-frame.ts";
import type { ConnectionCommand, ConnectionEmitted, SocketFact } from "./connection.events.ts";
import type { HeartbeatPolicy } from "./connection.context.ts";
import type { RecoveryDoor } from "./recovery.door.ts";

/**
 * Why an attempt is made. `renewal` asks credential functions for new ones; `rotation` takes the place of
 * a connection that its venue would soon cut, or that is mute.
 */
export type DialReason = "first" | "retry" | "renewal" | "command" | "rotation";

/** One attempt, as the link is told of it. */
export interface Attempt {
  readonly reason: DialReason;
  /** Dials since the connection was last ready; 1 for the first. */
  readonly number: number;
}

/** An answer to "how long has the peer been silent?". */
export interface PeerChecked {
  readonly type: "peer.checked";
  /** Time since the last inbound byte, in milliseconds. */
  readonly silentMs: number;
  readonly atMs: number;
}

/** What a watch of the peer begins with. */
export interface Watch {
  readonly policy: HeartbeatPolicy;
  /** How long the peer had been silent when it was last looked at, in milliseconds. */
  readonly silentMs: number;
  /** When that was; 0 where it is not known. */
  readonly sinceMs: number;
}

/** A watch has found what is not routine: the peer was asked in vain, or nobody looked for too long. */
export interface PeerUnheard {
  readonly type: "peer.unheard";
  /** Time since the last inbound byte, in milliseconds. */
  readonly silentMs: number;
  readonly atMs: number;
  /** When the peer was asked, or last looked at. */
  readonly lastAtMs: number;
}

/** The running chart, as far as a link may know it. */
export interface ConnectionOwner {
  send(command: ConnectionCommand): void;
  on(type: "*", listener: (fact: ConnectionEmitted) => void): { unsubscribe(): void };
  subscribe(observer: {
    next?: (snapshot: ConnectionView) => void;
    error?: (error: unknown) => void;
    complete?: () => void;
  }): { unsubscribe(): void };
  getSnapshot(): ConnectionView;
}

/** A chart that embeds a connection, as far as a link may know it. */
export interface ConnectionParent {
  send(event: never): void;
}

/** What a snapshot shows to whoever only looks. */
export interface ConnectionView {
  readonly value: unknown;
  readonly tags: Set<string>;
}

/** The chart's one door to the world. */
export interface ConnectionLink {
  /** Where the desk of the recoveries, which outlives sockets and ends with the connection, meets the world. */
  readonly recoveries: RecoveryDoor;
  /** The time on the connection's clock, in milliseconds: commands come without one. */
  nowMs(): number;
  /**
   * Called once, before anything else, with the actor that runs the chart, and with the chart that embeds it
   * where that wants to hear of facts.
   */
  attach(owner: ConnectionOwner, parent?: ConnectionParent): void;
  /**
   * Starts one attempt. `report` takes `socket.dialled` first, `socket.progressed` per phase, then
   * exactly one of `socket.opened … socket.ended` or `socket.ended`, unless dropped before.
   */
  dial(attempt: Attempt, report: (fact: SocketFact) => void): void;
  /** Begins the closing handshake; `socket.ended` follows when the peer answers. */
  closeSocket(frame: CloseFrameChoice): void;
  /** The close frame with which the current socket will be dropped; null for none. */
  endWith(frame: CloseFrameChoice | null): void;
  /**
   * Drops the socket now, whatever its state. The peer of an open one gets a close frame, and its answer is
   * not awaited. Nothing is reported of the socket afterwards.
   */
  dropSocket(): void;
  /** Sends exactly the wanted subscriptions on the new socket; `subscriptions.settled` follows. */
  replaySubscriptions(): void;
  /** The replay's deadline has passed: what is still unanswered counts as timed out. */
  abandonReplay(): void;
  /** The connection is ready: the outbox flows. */
  startSending(): void;
  /** The connection is not ready: sends wait. */
  holdSends(): void;
  /**
   * Watches the peer by the rules of `policy/beat.ts`, asking it whenever it was silent for the interval,
   * until there is something to tell: that is told once, and ends the watch. A new watch, and the end of
   * the socket's use, end it unsaid.
   */
  watchPeer(watch: Watch, tell: (unheard: PeerUnheard) => void): void;
  /** Answers at once. */
  checkPeer(answer: (checked: PeerChecked) => void): void;
  /** Answers after one more turn of the event loop, when data already waiting has been read. */
  checkPeerNextTurn(answer: (checked: PeerChecked) => void): void;
  /** Sends a probe that a living peer answers: a protocol ping, or the venue's own. */
  probePeer(): void;
  /** Keeps the link out of snapshots and inspectors. */
  toJSON(): undefined;
}
