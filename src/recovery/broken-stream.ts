/**
 * One stream that is not whole: how far its recovery is, as the data path sees it.
 *
 *   awaited ──(its next message)──▶ recovering ──▶ joining ──▶ whole again, or settling
 *      ▲                              │  ▲
 *      │                   (the alert)▼  │(a slow try fetches)
 *      └──── socket ended ─────────── failing
 */
import type { RecoveryFailed, RecoveryRequest } from "../../machines/recovery.door.ts";
import type { Position, SequencePoint } from "../sequence/point.ts";
import { DeltaBuffer } from "./delta-buffer.ts";
import { hostOf, type Recovery } from "./recovery.ts";

/** A stream that is not whole. */
export interface StreamStatus {
  readonly stream: string;
  /**
   * `waiting` for its turn, or for its next message · `recovering` tried at least once · `failing` the alert
   * `recovery-failed` was raised, and the tries go on slowly.
   */
  readonly state: "waiting" | "recovering" | "failing";
  /** Since when it has not been whole. */
  readonly sinceMs: number;
  readonly tries: number;
}

/**
 * `awaited` its next message begins the recovery · `recovering` the desk knows of it · `joining` snapshot
 * and deltas are being delivered · `settling` whole, and deltas that the snapshot has may still come ·
 * `failing` the desk goes on slowly, and its messages are delivered meanwhile · `left` nobody wants its
 * topic: whoever wants it again finds it as it was left.
 */
type BrokenState = "awaited" | "recovering" | "joining" | "settling" | "failing" | "left";

/** What is known of earlier breaks. */
interface Past {
  readonly recurrences: number;
  readonly sinceMs: number;
}

export class BrokenStream<M> {
  readonly stream: string;
  readonly recovery: Exclude<Recovery, "none">;
  readonly deltas: DeltaBuffer<M>;
  state: BrokenState = "awaited";
  /** The position of the snapshot that it settles on, or settled on when it broke; 0 for none. */
  settledAt: Position = 0;
  readonly sinceMs: number;
  #tries = 0;
  /** Tries in a row that brought nothing. */
  #failures = 0;
  /** Times in a row that it broke soon after it was whole. */
  #recurrences: number;
  #isFailing = false;
  #mustProve = false;
  #as: RecoveryRequest["as"];
  /** How long it has stayed whole while it had to, on sockets that are over. */
  #provedMs = 0;
  /** Since when it has stayed whole on this socket; undefined while there is none. */
  #provesSinceMs: number | undefined;
  /** A socket has ended since it was recovered: messages may have been lost with it. */
  #hasNewSocket = false;
  /** A message that starts the stream over is on its way to the consumers. */
  #isStartingOver = false;

  constructor(
    stream: string,
    recovery: Exclude<Recovery, "none">,
    bufferMessages: number,
    { recurrences, sinceMs }: Past,
  ) {
    this.stream = stream;
    this.recovery = recovery;
    this.deltas = new DeltaBuffer(bufferMessages);
    this.sinceMs = sinceMs;
    this.#recurrences = recurrences;
    this.#as = recurrences > 0 ? "relapsed" : "broken";
  }

  /** What the desk is told of it. */
  get request(): { readonly type: "stream.broken" } & RecoveryRequest {
    const { stream, recovery } = this;
    return {
      type: "stream.broken",
      stream,
      strategy: typeof recovery === "string" ? recovery : "snapshot",
      host: hostOf(recovery),
      failures: this.#failures,
      recurrences: this.#recurrences,
      as: this.#as,
      provedMs: this.#provedMs,
    };
  }

  get recurrences(): number {
    return this.#recurrences;
  }

  /** The alert was raised, and it has not been whole since. */
  get isFailing(): boolean {
    return this.#isFailing;
  }

  /** It kept breaking: that it is whole is said when it has stayed so. */
  get mustProve(): boolean {
    return this.#mustProve;
  }

  /** It was recovered on another socket than this one, and has not broken since. */
  get hasNewSocket(): boolean {
    return this.#hasNewSocket;
  }

  /** Whether its messages wait for a snapshot. */
  get holds(): boolean {
    if (typeof this.recovery === "string" || this.state === "failing") return false;
    return !(this.isAwaited && this.#isFailing);
  }

  get isAwaited(): boolean {
    return this.state === "awaited";
  }

  get status(): StreamStatus | undefined {
    const { stream, state, sinceMs } = this;
    const tries = this.#tries;
    if (this.#isFailing) return { stream, state: "failing", sinceMs, tries };
    if (state === "settling" || state === "left") return undefined;
    return { stream, state: tries === 0 ? "waiting" : "recovering", sinceMs, tries };
  }

  leave(): void {
    this.state = "left";
    this.#tries = 0;
    this.#failures = 0;
    this.#recurrences = 0;
    this.#isFailing = false;
    this.#mustProve = false;
    this.#provedMs = 0;
    this.#as = "broken";
  }

  /** Its topic is wanted again. */
  comesBack(): void {
    this.state = "awaited";
  }

  begin(): void {
    this.state = this.#isFailing ? "failing" : "recovering";
  }

  countTry(): void {
    this.#tries += 1;
  }

  /** Its deltas wait for a snapshot, also where they were delivered for a while. */
  hold(): void {
    if (this.state === "failing") this.state = "recovering";
  }

  noteFailure({ failures, recurrences, mustProve }: RecoveryFailed): void {
    this.#failures = failures;
    this.#recurrences = recurrences;
    this.#mustProve = mustProve;
  }

  /** The fast tries are used up: its messages are delivered. True when that is news. */
  fails(): boolean {
    const isNews = !this.#isFailing;
    this.#isFailing = true;
    this.state = "failing";
    return isNews;
  }

  /** It was started over by a message that fails its own checksum, unasked. */
  relapses(): void {
    this.#recurrences += 1;
    this.#as = "relapsed";
  }

  /** It is whole, as far as is known, and has to stay so. */
  proves(nowMs: number): void {
    this.#as = "proving";
    this.#provesSinceMs = nowMs;
    this.#hasNewSocket = false;
  }

  /** The socket is over: the time of the proof stops until the next one is ready. */
  pausesProof(nowMs: number): void {
    this.#provedMs += nowMs - (this.#provesSinceMs ?? nowMs);
    this.#provesSinceMs = undefined;
    this.#hasNewSocket = true;
  }

  /** True where the proof was paused: it goes on. */
  resumesProof(nowMs: number): boolean {
    if (this.#provesSinceMs !== undefined) return false;
    this.#provesSinceMs = nowMs;
    return true;
  }

  /** It broke during its proof, which begins again. */
  failsProof(): void {
    this.#provedMs = 0;
    this.#provesSinceMs = undefined;
    this.fails();
  }

  /** What is missing was lost with a socket: it is recovered at once, and what it has proved still counts. */
  missesSome(nowMs: number): void {
    this.pausesProof(nowMs);
    this.#as = "broken";
  }

  /** It is whole, and that is said. */
  isOver(): void {
    this.#isFailing = false;
    this.#mustProve = false;
  }

  settleAt(position: Position): void {
    this.state = "settling";
    this.settledAt = position;
  }

  /**
   * It breaks once more. True while that is the same break: what waits lies before another gap, so the
   * deltas begin anew, and the venue's rule says whether the snapshot that is under way will still do.
   */
  breaksAgain(): boolean {
    if (this.state === "settling") return false;
    this.deltas.discard();
    if (this.state === "joining") this.state = "recovering";
    return true;
  }

  /**
   * True for a message that makes it whole without us: it is delivered, and {@link isRestartedBy} is asked
   * after that. On a new socket a numbering of the connection's starts over by itself.
   */
  startsOver(isSnapshot: boolean, { scope }: SequencePoint): boolean {
    if (typeof this.recovery === "string") {
      return isSnapshot || (this.isAwaited && scope === "connection");
    }
    this.#isStartingOver = isSnapshot && this.state !== "joining";
    return this.#isStartingOver;
  }

  /** A first message is no snapshot where snapshots are fetched, unless it says so. */
  isRestartedBy(): boolean {
    if (this.state === "settling" || this.state === "joining") return false;
    return typeof this.recovery === "string" || this.#isStartingOver;
  }

  /** Nothing that was asked or received on the old socket is of use. */
  awaitNextSocket(): void {
    if (this.state === "settling" || this.state === "left") return;
    this.deltas.discard();
    this.#tries = 0;
    this.#as = "broken";
    this.state = "awaited";
  }
}
