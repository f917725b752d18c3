/**
 * The link of one connection: what its chart asks for, done on a socket.
 *
 * It owns the current attempt and what is pending on its socket. Its methods are total; its state is
 * `#private` and it hides from JSON, so that no snapshot or inspector shows a URL or a credential.
 */
import type { CloseFrameChoice } from "../../machines/close-frame.ts";
import type {
  Attempt,
  ConnectionLink,
  ConnectionOwner,
  ConnectionParent,
  PeerChecked,
  PeerUnheard,
  Watch,
} from "../../machines/link.ts";
import type { Silence } from "../../machines/policy/beat.ts";
import type { RecoveryDoor } from "../../machines/recovery.door.ts";
import type { SocketFact } from "../../machines/connection.events.ts";
import type { Clock } from "../system.ts";
import { printable } from "../transport/printable.ts";
import type { TransportSocket } from "../transport/transport.ts";
import { Keepalive } from "./keepalive.ts";
import type { Outgoing } from "./outgoing.ts";
import { PeerWatch, type WatchedPeer } from "./peer-watch.ts";
import {
  SocketAttempt,
  type AttemptOwner,
  type AttemptSettings,
  type CloseFrame,
  type Receiver,
} from "./socket-attempt.ts";

const normalClosure: CloseFrame = { code: 1000, reason: "" };

export interface LinkSettings extends AttemptSettings {
  /** What ends of ours say to the peer, where nothing else is asked for. @defaultValue 1000, no reason */
  readonly closeFrame?: CloseFrame | undefined;
  /** The frames that a new socket is sent first, before any subscription. */
  readonly opening?: (() => readonly (string | Uint8Array)[]) | undefined;
  /** What must be said while a socket is open; without it nothing. */
  readonly keepalive?: LinkKeepalive | undefined;
  /** The frame that a living peer answers; undefined for a protocol ping. */
  readonly probe: (() => string | Uint8Array | undefined) | undefined;
  readonly countsControlFrames: boolean;
}

/** What a link joins: the ways in and out. */
export interface LinkedParts {
  readonly outgoing: Pick<
    Outgoing,
    "begin" | "lost" | "end" | "allow" | "urgent" | "countFrame" | "write"
  >;
  readonly feed: LinkFeed;
  /** The chart takes a step: facts, and what a listener commands from here on, wait for the step's end. */
  stepping(): void;
  /** What has happened in the step so far is told now. */
  readonly publisher: { flush(): void };
}

/** Who takes what comes in, over all sockets. */
export interface LinkFeed {
  readonly inbound: Receiver;
  readonly recoveries: RecoveryDoor;
  /** A message came after its socket's end and was dropped. */
  countLate(): void;
  /**
   * A new socket is open; its subscriptions are about to be replayed. Throws where the venue cannot say what is
   * spoken on it, and has changed nothing then.
   */
  newSocket(): void;
  /** A socket is over, or an attempt that never got one. */
  socketGone(): void;
  /** The replay's deadline has passed. */
  replayAbandoned(): void;
  /** The connection is ready, or no longer. */
  ready(isReady: boolean): void;
  /** Reading stops, or goes on: between the two silence is ours. A pause ends with its socket, unsaid. */
  reading(isReading: boolean): void;
}

export interface LinkKeepalive {
  readonly everyMs: number;
  /** What is said; without it a protocol ping. Undefined when the user's function failed. */
  readonly frame?: (() => string | Uint8Array | undefined) | undefined;
}

/** Called with the actor that runs the chart, and with the chart that embeds it and wants to hear of facts. */
export type OnAttach = (owner: ConnectionOwner, parent: ConnectionParent | undefined) => void;

const unheard = (): void => undefined;

export class Link implements ConnectionLink, AttemptOwner, WatchedPeer {
  readonly #settings: LinkSettings;
  readonly #parts: LinkedParts;
  readonly #onAttach: OnAttach;
  #attempt: SocketAttempt | undefined;
  /** Takes what is reported of the current attempt. */
  #report: (fact: SocketFact) => void = unheard;
  readonly #keepalive: Keepalive | undefined;
  /** Made with the first watch: without a heartbeat there is none. */
  #watch: PeerWatch | undefined;
  /** The socket is in use, and we have not asked for its end. */
  #isInUse = false;
  #isReplaying = false;
  #isPaused = false;
  /** When the last pause ended: silence is counted from here. */
  #resumedAtMs = 0;
  #roundTripMs: number | null = null;
  /** What an end of ours says to the current socket's peer; null for nothing. */
  #closeFrame: CloseFrame | null;

  /** @param onAttach - Called with the actor that runs the chart. */
  constructor(settings: LinkSettings, parts: LinkedParts, onAttach: OnAttach) {
    this.#settings = settings;
    this.#parts = parts;
    this.#onAttach = onAttach;
    this.#closeFrame = this.#usual;
    const { clock, keepalive } = settings;
    if (keepalive === undefined) return;
    const { everyMs, frame } = keepalive;
    this.#keepalive = new Keepalive({ clock, everyMs, beat: () => this.#keepAlive(frame) });
  }

  get recoveries(): RecoveryDoor {
    return this.#parts.feed.recoveries;
  }

  /** When the peer of the current socket was last heard; 0 without one. */
  get lastHeardAtMs(): number {
    return this.#attempt?.lastHeardAtMs ?? 0;
  }

  /**
   * From the heartbeat's last ping to its pong, on the current socket. Null before one, and where peers are
   * probed by messages; a socket that is never quiet is never pinged.
   */
  get roundTripMs(): number | null {
    return this.#roundTripMs;
  }

  get #usual(): CloseFrame {
    return this.#settings.closeFrame ?? normalClosure;
  }

  get #clock(): Clock {
    return this.#settings.clock;
  }

  nowMs(): number {
    return this.#clock.nowMs();
  }

  attach(owner: ConnectionOwner, parent?: ConnectionParent): void {
    this.#onAttach(owner, parent);
  }

  dial(attempt: Attempt, report: (fact: SocketFact) => void): void {
    this.#parts.stepping();
    this.dropSocket();
    this.#parts.publisher.flush(); // a loss is told before the dial that follows it
    this.#closeFrame = this.#usual;
    this.#report = report;
    this.#attempt = new SocketAttempt(attempt, this.#settings, this);
    this.#attempt.start();
  }

  closeSocket(frame: CloseFrameChoice): void {
    this.#parts.stepping();
    this.endWith(frame);
    this.#endUse();
    this.resume();
    if (this.#closeFrame !== null) this.#attempt?.close(this.#closeFrame);
  }

  endWith(frame: CloseFrameChoice | null): void {
    if (frame === null) {
      this.#closeFrame = null;
      return;
    }
    // The usual reason belongs to the usual code.
    const { code, reason } =
      frame.code === undefined ? this.#usual : { code: frame.code, reason: "" };
    this.#closeFrame = { code, reason: frame.reason ?? reason };
  }

  dropSocket(): void {
    this.#parts.stepping();
    this.#endUse();
    this.#isReplaying = false;
    this.#isPaused = false;
    this.#roundTripMs = null;
    this.#report = unheard;
    this.#parts.outgoing.end();
    const attempt = this.#attempt;
    this.#attempt = undefined;
    attempt?.drop(this.#closeFrame);
    if (attempt !== undefined) this.#parts.feed.socketGone();
  }

  replaySubscriptions(): void {
    this.#parts.stepping();
    const socket = this.#attempt?.socket;
    if (socket === undefined) return;
    this.#isInUse = true;
    this.#parts.outgoing.begin(socket);
    for (const frame of this.#settings.opening?.() ?? []) this.#parts.outgoing.urgent(frame);
    this.#keepalive?.start();
    this.#isReplaying = true;
    this.#parts.outgoing.allow("replaying");
  }

  abandonReplay(): void {
    this.#parts.stepping();
    this.#isReplaying = false;
    this.#parts.feed.replayAbandoned();
  }

  /** The registry has settled: the replay, if one is under way, is done. */
  settled(): void {
    if (!this.#isReplaying) return;
    this.#isReplaying = false;
    this.#report({ type: "subscriptions.settled" });
  }

  /** The venue says that it ends this socket within `withinMs`; `detail` in its own words. */
  expires(withinMs: number, detail: string): void {
    const atMs = this.#clock.nowMs();
    this.#report({ type: "socket.expiring", withinMs, detail: printable(detail), atMs });
  }

  /** The socket is alive, and no data came for `silentMs`: it is to be replaced. */
  mute(silentMs: number): void {
    this.#report({ type: "socket.mute", silentMs, atMs: this.#clock.nowMs() });
  }

  /** The open socket takes no frame, and does not end: it is given up, and no topic is blamed for it. */
  socketStuck(detail: string): void {
    this.#endUse();
    this.#attempt?.giveUp({ class: "dropped", phase: "open", detail });
  }

  /** There is something to recover, and no desk to do it. */
  wantDesk(): void {
    this.#report({ type: "desk.wanted" });
  }

  startSending(): void {
    this.#parts.stepping();
    this.#parts.outgoing.allow("open");
    this.#parts.feed.ready(true);
  }

  holdSends(): void {
    this.#parts.stepping();
    this.#parts.outgoing.allow("held");
    this.#parts.feed.ready(false);
  }

  watchPeer(watch: Watch, tell: (unheard: PeerUnheard) => void): void {
    this.#watch ??= new PeerWatch(this.#clock, this);
    this.#watch.start(watch, tell);
  }

  checkPeer(answer: (checked: PeerChecked) => void): void {
    answer({ type: "peer.checked", ...this.silence() });
  }

  checkPeerNextTurn(answer: (checked: PeerChecked) => void): void {
    const attempt = this.#attempt;
    this.#clock.nextTurn(() => {
      if (this.#attempt === attempt) this.checkPeer(answer);
    });
  }

  probePeer(): void {
    const socket = this.#attempt?.socket;
    if (socket === undefined) return;
    const frame = this.#settings.probe?.();
    if (frame === undefined) {
      const clock = this.#clock;
      const askedAtMs = clock.nowMs();
      this.#ping(socket, () => {
        if (this.#attempt?.socket === socket) this.#roundTripMs = clock.nowMs() - askedAtMs;
      });
    } else {
      this.#parts.outgoing.write(socket, "probe", frame, (outcome) => {
        // Silence would prove nothing of a peer that was not asked: a ping may still get through.
        if (outcome === "invalid") this.#ping(socket);
      });
    }
  }

  pause(): void {
    const socket = this.#attempt?.socket;
    if (this.#isPaused || socket === undefined) return;
    this.#isPaused = true;
    this.#parts.feed.reading(false);
    socket.pause();
  }

  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.#parts.feed.reading(true);
    this.#resumedAtMs = this.#clock.nowMs();
    this.#attempt?.socket?.resume();
  }

  toJSON(): undefined {
    return undefined;
  }

  // What the attempt and the watch need.

  get inbound(): Receiver {
    return this.#parts.feed.inbound;
  }

  report(fact: SocketFact): void {
    if (fact.type === "socket.ended" && this.#isInUse) this.#parts.outgoing.lost();
    this.#report(fact);
  }

  countLate(): void {
    this.#parts.feed.countLate();
  }

  countPong(): void {
    this.#countControl();
  }

  get closeFrame(): CloseFrame | null {
    return this.#closeFrame;
  }

  beginSession(): void {
    this.#parts.feed.newSocket();
  }

  sendLogin(
    socket: TransportSocket,
    frame: string | Uint8Array,
    done: (error?: Error) => void,
  ): void {
    this.#parts.outgoing.write(socket, "login", frame, (_, error) => done(error));
  }

  silence(): Silence {
    const atMs = this.#clock.nowMs();
    // While we do not read, silence is ours.
    const heardAtMs = this.#isPaused ? atMs : Math.max(this.lastHeardAtMs, this.#resumedAtMs);
    return { silentMs: Math.max(atMs - heardAtMs, 0), atMs };
  }

  // Within.

  #endUse(): void {
    this.#isInUse = false;
    this.#watch?.stop();
    this.#keepalive?.stop();
  }

  #keepAlive(makeFrame: LinkKeepalive["frame"]): void {
    const socket = this.#attempt?.socket;
    if (socket === undefined) return;
    if (makeFrame === undefined) {
      this.#ping(socket);
      return;
    }
    const frame = makeFrame();
    if (frame !== undefined) this.#parts.outgoing.urgent(frame);
  }

  #ping(socket: TransportSocket, ponged?: () => void): void {
    try {
      socket.ping(ponged);
    } catch {
      return; // no transport should; the silence that follows is judged
    }
    this.#countControl();
  }

  #countControl(): void {
    if (this.#settings.countsControlFrames) this.#parts.outgoing.countFrame();
  }
}
