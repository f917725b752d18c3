/**
 * A connection chart that runs for a test: the real machine, a link of a few lines, virtual time.
 *
 * The test plays the world: `connection.socket` is the newest socket, and what happens to it is said in
 * the present tense (`opens`, `ends`). A socket that was dropped can still be heard to talk; whether
 * anybody listens is what the tests are about.
 */
import { createActor } from "xstate";
import {
  commandBudget,
  connectionMachine,
  defaultBackoff,
  defaultRetryBudget,
  type Attempt,
  type ConnectionActor,
  type ConnectionAlert,
  type ConnectionEmitted,
  type ConnectionLink,
  type ConnectionOwner,
  type ConnectionPolicy,
  type Loss,
  type LossPhase,
  type PeerChecked,
  type PeerUnheard,
  type SocketFact,
  type Watch,
} from "../../machines/index.ts";
import type { CloseFrameChoice } from "../../machines/close-frame.ts";
import type { Silence } from "../../machines/policy/beat.ts";
import { defaultRecoveryPacing, type RecoveryDoor } from "../../machines/recovery.door.ts";
import { PeerWatch } from "../../src/connection/peer-watch.ts";
import { VirtualClock } from "../../src/testing/virtual-clock.ts";

/** The numbers of design.md §5. */
export const defaultPolicy: ConnectionPolicy = {
  connectTimeoutMs: 10_000,
  backoff: defaultBackoff,
  longOutageAfterMs: 120_000,
  maxRetries: Infinity,
  retryBudget: defaultRetryBudget,
  commandBudget,
  stableAfterMs: 10_000,
  resubscribeTimeoutMs: 10_000,
  heartbeat: { intervalMs: 15_000, timeoutMs: 5_000 },
  closeTimeoutMs: 2_000,
  maxAgeMs: null,
  recovery: defaultRecoveryPacing,
  verdict: { rules: [], credentials: "fixed" },
};

export const dropped: Loss = { class: "dropped", phase: "open", code: "ECONNRESET" };

export function httpRefusal(status: number, retryAfterMs?: number): Loss {
  const loss = { class: "http-refusal", phase: "upgrade", status } as const;
  return retryAfterMs === undefined ? loss : { ...loss, retryAfterMs };
}

/** One attempt, and what the test lets happen to it. */
export class FakeSocket {
  readonly attempt: Attempt;
  readonly #clock: VirtualClock;
  readonly #report: (fact: SocketFact) => void;

  constructor(attempt: Attempt, clock: VirtualClock, report: (fact: SocketFact) => void) {
    this.attempt = attempt;
    this.#clock = clock;
    this.#report = report;
  }

  isDialled(): void {
    this.#report({ type: "socket.dialled", atMs: this.#clock.nowMs() });
  }

  progresses(phase: LossPhase): void {
    this.#report({ type: "socket.progressed", phase });
  }

  opens(): void {
    this.#report({ type: "socket.opened", atMs: this.#clock.nowMs() });
  }

  settles(): void {
    this.#report({ type: "subscriptions.settled" });
  }

  /** A stream breaks on it, the first one. */
  wantsDesk(): void {
    this.#report({ type: "desk.wanted" });
  }

  /** The venue says that it goes away. */
  isExpiring(withinMs: number, detail = "maintenance"): void {
    this.#report({ type: "socket.expiring", withinMs, detail, atMs: this.#clock.nowMs() });
  }

  ends(loss: Loss = dropped): void {
    this.#report({ type: "socket.ended", loss, atMs: this.#clock.nowMs() });
  }
}

/** Where nothing is broken, nothing is asked. */
export class FakeDoor implements RecoveryDoor {
  readonly calls: string[] = [];

  attach(): void {
    this.calls.push("attach");
  }

  holdDeltas(stream: string): void {
    this.calls.push(`holdDeltas ${stream}`);
  }

  resubscribe(stream: string): void {
    this.calls.push(`resubscribe ${stream}`);
  }

  requestReconnect(stream: string): void {
    this.calls.push(`reconnect for ${stream}`);
  }

  fetchSnapshot(stream: string): () => void {
    this.calls.push(`fetch ${stream}`);
    return () => this.calls.push(`end the fetch of ${stream}`);
  }

  toJSON(): undefined {
    return undefined;
  }
}

/** The chart's door to a world that only the test moves. */
export class FakeLink implements ConnectionLink {
  /** Every call but the heartbeat's, in order. */
  readonly calls: string[] = [];
  readonly sockets: FakeSocket[] = [];
  readonly recoveries = new FakeDoor();
  /** Close frames that were chosen for sockets to be dropped; null for none. */
  readonly endsWith: (CloseFrameChoice | null)[] = [];
  readonly closes: { readonly code: number; readonly reason: string }[] = [];
  owner: ConnectionOwner | undefined;
  mode: "holding" | "replaying" | "sending" = "holding";
  socketsOpen = 0;
  probes = 0;
  /** What happens while the socket is being dialled, before `dial` returns. */
  onDial: (socket: FakeSocket) => void = () => {};
  /** What happens while the socket is being dropped, before `dropSocket` returns. */
  onDrop: (socket: FakeSocket) => void = () => {};
  readonly #clock: VirtualClock;
  #watch: PeerWatch | undefined;
  #silentSinceMs: number | undefined;
  // What no snapshot may show.
  readonly #url = "wss://user:secret@venue.example/feed?token=secret";

  constructor(clock: VirtualClock) {
    this.#clock = clock;
  }

  /** From now on the peer says nothing; until then it always has just said something. */
  peerFallsSilent(): void {
    this.#silentSinceMs = this.#clock.nowMs();
  }

  nowMs(): number {
    return this.#clock.nowMs();
  }

  attach(owner: ConnectionOwner): void {
    this.calls.push("attach");
    this.owner = owner;
  }

  dial(attempt: Attempt, report: (fact: SocketFact) => void): void {
    this.calls.push(this.#url.startsWith("wss:") ? "dial" : "never");
    this.#silentSinceMs = undefined;
    this.socketsOpen += 1;
    const socket = new FakeSocket(attempt, this.#clock, report);
    this.sockets.push(socket);
    socket.isDialled();
    this.onDial(socket);
  }

  closeSocket({ code = 1000, reason = "" }: CloseFrameChoice): void {
    this.calls.push("closeSocket");
    this.endWatch();
    this.closes.push({ code, reason });
  }

  endWith(frame: CloseFrameChoice | null): void {
    this.endsWith.push(frame);
  }

  dropSocket(): void {
    this.calls.push("dropSocket");
    this.endWatch();
    this.socketsOpen -= 1;
    const socket = this.sockets.at(-1);
    if (socket !== undefined) this.onDrop(socket);
  }

  replaySubscriptions(): void {
    this.calls.push("replaySubscriptions");
    this.mode = "replaying";
  }

  abandonReplay(): void {
    this.calls.push("abandonReplay");
  }

  startSending(): void {
    this.calls.push("startSending");
    this.mode = "sending";
  }

  holdSends(): void {
    this.calls.push("holdSends");
    this.mode = "holding";
  }

  watchPeer(watch: Watch, tell: (unheard: PeerUnheard) => void): void {
    this.#watch ??= new PeerWatch(this.#clock, this);
    this.#watch.start(watch, tell);
  }

  checkPeer(answer: (checked: PeerChecked) => void): void {
    answer({ type: "peer.checked", ...this.silence() });
  }

  checkPeerNextTurn(answer: (checked: PeerChecked) => void): void {
    this.#clock.nextTurn(() => this.checkPeer(answer));
  }

  probePeer(): void {
    this.probes += 1;
  }

  /** The socket's use is over. */
  endWatch(): void {
    this.#watch?.stop();
  }

  silence(): Silence {
    const atMs = this.#clock.nowMs();
    return { silentMs: atMs - (this.#silentSinceMs ?? atMs), atMs };
  }

  toJSON(): undefined {
    return undefined;
  }
}

export interface StartOptions extends Partial<ConnectionPolicy> {
  readonly seed?: number;
  readonly onDial?: (socket: FakeSocket) => void;
}

type FactOf<T extends ConnectionEmitted["type"]> = Extract<ConnectionEmitted, { readonly type: T }>;

export class RunningConnection {
  readonly actor: ConnectionActor;
  readonly clock: VirtualClock;
  readonly link: FakeLink;
  /** Everything that the chart has said. */
  readonly facts: ConnectionEmitted[] = [];

  constructor({ seed = 1, onDial, ...policy }: StartOptions = {}) {
    this.clock = new VirtualClock();
    this.link = new FakeLink(this.clock);
    if (onDial !== undefined) this.link.onDial = onDial;
    const input = { link: this.link, policy: { ...defaultPolicy, ...policy }, seed };
    this.actor = createActor(connectionMachine, { input, clock: this.clock });
    this.actor.on("*", (fact) => this.facts.push(fact));
    this.actor.start();
  }

  /** The newest socket. */
  get socket(): FakeSocket {
    const socket = this.link.sockets.at(-1);
    if (socket === undefined) throw new Error("nothing was dialled yet");
    return socket;
  }

  /** How many times the link was asked to dial. */
  get dials(): number {
    return this.link.sockets.length;
  }

  /** `connecting`, `connected.probation` and so on. */
  state(): string {
    const { value } = this.actor.getSnapshot();
    return typeof value === "string" ? value : Object.entries(value).flat().join(".");
  }

  settles(): void {
    this.socket.settles();
  }

  /** Opens, replays and is ready. */
  comesUp(): void {
    this.socket.opens();
    this.socket.settles();
  }

  /** Comes up and stays so until failures are forgiven. */
  becomesStable(): void {
    this.comesUp();
    this.clock.advance(this.actor.getSnapshot().context.policy.stableAfterMs);
  }

  /** Lets the announced wait pass, so that the next socket is dialled. */
  waitsItsTurn(): void {
    this.clock.advance(this.actor.getSnapshot().context.retryInMs ?? 0);
  }

  heard<T extends ConnectionEmitted["type"]>(type: T): FactOf<T>[] {
    return this.facts.filter((fact): fact is FactOf<T> => fact.type === type);
  }

  alerts<K extends ConnectionAlert["kind"]>(kind: K): Extract<ConnectionAlert, { kind: K }>[] {
    return this.heard("alert")
      .map((fact) => fact.alert)
      .filter((alert): alert is Extract<ConnectionAlert, { kind: K }> => alert.kind === kind);
  }

  /** The waits announced so far, oldest first. */
  announcedWaits(): (number | null)[] {
    return this.facts
      .filter((fact) => fact.type === "down" || fact.type === "attempt.failed")
      .map((fact) => fact.retryInMs);
  }

  /** How often the link was asked to do `call`. */
  count(call: string): number {
    return this.link.calls.filter((made) => made === call).length;
  }
}

/** Starts a connection with the default policy, or what `options` say instead. */
export function startConnection(options?: StartOptions): RunningConnection {
  return new RunningConnection(options);
}
