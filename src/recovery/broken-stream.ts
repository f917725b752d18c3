/**
 * One stream that is not whole: how far its recovery is, as the data path sees it.
 *
 *   awaited ──(its next message)──▶ recovering ──▶ joining ──▶ whole again, or settling
 *      ▲                              │    └──▶ given-up
 *      └──────── socket ended ────────┘
 */
import type { RecoveryRequest } from "../../machines/recovery.door.ts";
import type { Position, SequencePoint } from "../sequence/point.ts";
import { DeltaBuffer } from "./delta-buffer.ts";
import type { Recovery } from "./recovery.ts";

/** A stream that is not whole. */
export interface StreamStatus {
  readonly stream: string;
  /** `waiting` for its turn, or for its next message · `recovering` tried at least once. */
  readonly state: "waiting" | "recovering" | "given-up";
  /** Since when it has not been whole. */
  readonly sinceMs: number;
  readonly tries: number;
}

/**
 * `awaited` its next message begins the recovery · `recovering` the desk knows of it · `joining` snapshot
 * and deltas are being delivered · `settling` whole, and deltas that the snapshot has may still come ·
 * `given-up` invalid until the venue starts it over, or it breaks again · `left` nobody wants its topic:
 * whoever wants it again finds it as it was left.
 */
type BrokenState = "awaited" | "recovering" | "joining" | "settling" | "given-up" | "left";

export class BrokenStream<M> {
  readonly stream: string;
  readonly recovery: Exclude<Recovery, "none">;
  readonly deltas: DeltaBuffer<M>;
  state: BrokenState = "awaited";
  /** The position of the snapshot that it settles on. */
  settledAt: Position = 0;
  readonly sinceMs: number;
  #tries = 0;
  /** A message that starts the stream over is on its way to the consumers. */
  #isStartingOver = false;

  constructor(
    stream: string,
    recovery: Exclude<Recovery, "none">,
    bufferMessages: number,
    sinceMs: number,
  ) {
    this.stream = stream;
    this.recovery = recovery;
    this.deltas = new DeltaBuffer(bufferMessages);
    this.sinceMs = sinceMs;
  }

  /** What the desk is told of it. */
  get request(): { readonly type: "stream.broken" } & RecoveryRequest {
    const strategy = typeof this.recovery === "string" ? this.recovery : "snapshot";
    return { type: "stream.broken", stream: this.stream, strategy };
  }

  /** Whether its messages wait for a snapshot. */
  get holds(): boolean {
    return typeof this.recovery === "object" && this.state !== "given-up";
  }

  get isAwaited(): boolean {
    return this.state === "awaited";
  }

  get status(): StreamStatus | undefined {
    const { stream, state, sinceMs } = this;
    if (state === "settling" || state === "left") return undefined;
    const tries = this.#tries;
    const shown = state === "given-up" ? state : tries === 0 ? "waiting" : "recovering";
    return { stream, state: shown, sinceMs, tries };
  }

  leave(): void {
    this.state = "left";
    this.#tries = 0;
  }

  /** Its topic is wanted again. */
  comesBack(): void {
    this.state = "awaited";
  }

  begin(): void {
    this.state = "recovering";
  }

  countTry(): void {
    this.#tries += 1;
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
    if (this.state === "given-up" || this.state === "settling") return false;
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
    this.state = "awaited";
  }
}
