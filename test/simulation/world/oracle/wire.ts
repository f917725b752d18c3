/**
 * What the client does on the wire: frames, pings, pauses, and the silence after which it gives a
 * peer up. Invariants 11, 18 and 19.
 */
import type { PacingWindow, Fact } from "../../../../src/index.ts";
import type { Scene } from "../scene.ts";
import type { SimSocket } from "../sim-socket.ts";

/** What a frame of the client's is, told from its text. */
export type FrameKind = "request" | "send" | "login" | "probe" | "unknown";

interface Sent {
  readonly atMs: number;
  readonly isRequest: boolean;
}

export class Wire {
  readonly #scene: Scene;
  #socket: SimSocket | undefined;
  #frames: Sent[] = [];
  #openedAtMs = 0;
  #connectedAtMs = 0;
  /** Probes since the peer was heard. */
  #probes = 0;
  #heardAtMs = 0;
  #stoppedWhenHeardMs = 0;
  #isClosed = false;
  handed = 0;

  constructor(scene: Scene) {
    this.#scene = scene;
  }

  /** There is a socket that can be asked for topics. */
  get isOpen(): boolean {
    return this.#socket?.isOver === false;
  }

  /** There is an open socket, as far as the client was told, with little that waits in it. */
  get hasRoom(): boolean {
    const socket = this.#socket;
    if (socket === undefined || this.#isClosed || !socket.isOpen) return false;
    return socket.bufferedBytes <= 1_048_576;
  }

  /** It takes what the client hands to it. */
  get takesFrames(): boolean {
    return this.#socket?.takesFrames === true;
  }

  dialled(socket: SimSocket): void {
    const { violate } = this.#scene;
    if (this.#socket?.isOver === false) violate("1 one socket", "dialled beside a living socket");
    this.#socket = socket;
    this.#frames = [];
    this.#isClosed = false;
    this.#probes = 0;
  }

  opened(): void {
    this.#openedAtMs = this.#now;
  }

  frame(socket: SimSocket, kind: FrameKind, isTaken: boolean): void {
    const { violate, character } = this.#scene;
    if (socket !== this.#socket) violate("11 epochs", `a ${kind} went to an old socket`);
    if (socket.isOver) violate("11 epochs", `a ${kind} went to a dead socket`);
    if (this.#isClosed) violate("11 epochs", `a ${kind} followed the close frame`);
    if (kind === "unknown") violate("23 sanity", "a frame that nobody asked for");
    if (!isTaken) return;
    const { pacing, resubscribe } = character.options;
    this.#frames.push({ atMs: this.#now, isRequest: kind === "request" });
    if (kind === "probe") this.#probed();
    if (kind !== "request" && kind !== "send") return;
    for (const window of pacing) this.#hold(window, this.#frames);
    if (kind !== "request") return;
    const requests = this.#frames.filter(({ isRequest }) => isRequest);
    this.#hold(resubscribe.pacing, requests);
  }

  pinged(socket: SimSocket): void {
    if (socket !== this.#socket || socket.isOver) {
      this.#scene.violate("11 epochs", "a ping on an old socket");
    }
    this.#countControl();
    this.#probed();
  }

  ponged(): void {
    this.#countControl();
  }

  left(how: "close" | "terminate"): void {
    if (how === "close") this.#isClosed = true;
  }

  heard(fact: Fact): void {
    if (fact.type === "state" && fact.state === "connected") this.#connectedAtMs = fact.atMs;
    if (fact.type !== "down" && fact.type !== "attempt.failed") return;
    const { loss } = fact;
    if (loss.class === "silent") this.#judgeSilence(loss.silentMs ?? -1, fact.atMs);
    if (loss.class === "suspended") this.#judgeSuspension(fact.atMs);
  }

  /** After each step. `pauseBudgetMs` is the longest of the iterators that are open. */
  check(isConnected: boolean, pauseBudgetMs: number): void {
    const { violate, character, toleranceMs, process } = this.#scene;
    const socket = this.#socket;
    if (socket === undefined || socket.isOver || !isConnected) return;
    this.#noteHeard(socket);
    if (socket.isPaused) {
      const lateMs = this.#now - socket.pausedAtMs - pauseBudgetMs;
      if (lateMs > toleranceMs) violate("7 deadlines", `paused for ${lateMs} ms too long`);
      return;
    }
    const { heartbeat } = character.options;
    if (heartbeat === null) return;
    const silentMs = this.#now - Math.max(this.#heardAtMs, this.#connectedAtMs, socket.resumedAtMs);
    const { intervalMs, timeoutMs } = heartbeat;
    const stoppedMs = process.stoppedMs - this.#stoppedWhenHeardMs;
    const isExcused = stoppedMs > 0 || toleranceMs * 2 > timeoutMs;
    const slackMs = isExcused ? stoppedMs + 4 * (timeoutMs * 1.5 + toleranceMs) : 2 * toleranceMs;
    if (silentMs > intervalMs + timeoutMs + slackMs) {
      violate("18 silence", `${silentMs} ms of silence were not noticed`);
    }
  }

  /** Silence that was declared: it was as long as it was said, and long enough, and nothing lay unread. */
  #judgeSilence(silentMs: number, atMs: number): void {
    const { violate, character } = this.#scene;
    const socket = this.#socket;
    const { heartbeat } = character.options;
    if (heartbeat === null || socket === undefined) {
      violate("18 silence", "declared without a heartbeat or a socket");
      return;
    }
    if (socket.hasUnread) violate("18 silence", "declared while there was something to read");
    const trueMs = atMs - Math.max(socket.lastByteAtMs, this.#openedAtMs);
    if (silentMs > trueMs + 1) violate("18 silence", `${silentMs} ms said, ${trueMs} ms true`);
    const leastMs = heartbeat.intervalMs + heartbeat.timeoutMs - 3; // two timers, each a little early
    const ownMs = atMs - Math.max(atMs - trueMs, socket.resumedAtMs);
    if (ownMs < leastMs) violate("18 silence", `declared after ${ownMs} ms, not ${leastMs}`);
    if (socket.isPaused) violate("18 silence", "declared while we did not read");
  }

  /** Only a stop of our own, long enough, ends a connection unasked. */
  #judgeSuspension(atMs: number): void {
    const { violate, character, process } = this.#scene;
    const { durationMs, endedAtMs } = process.lastStop;
    const { suspendedAfterMs = Infinity } = character.options.heartbeat ?? {};
    if (
      durationMs <= suspendedAfterMs - this.#scene.toleranceMs ||
      endedAtMs < this.#connectedAtMs
    ) {
      violate("18 silence", `suspended at ${atMs}, after a stop of ${durationMs} ms`);
    }
  }

  #probed(): void {
    const socket = this.#socket;
    if (socket === undefined) return;
    this.#noteHeard(socket);
    this.#probes += 1;
    if (this.#probes > 4) this.#scene.violate("19 pacing", `${this.#probes} probes in one silence`);
  }

  #noteHeard(socket: SimSocket): void {
    if (socket.lastByteAtMs <= this.#heardAtMs) return;
    this.#heardAtMs = socket.lastByteAtMs;
    this.#stoppedWhenHeardMs = this.#scene.process.stoppedMs;
    this.#probes = 0;
  }

  #countControl(): void {
    if (this.#scene.character.options.countsControlFrames) {
      this.#frames.push({ atMs: this.#now, isRequest: false });
    }
  }

  #hold(window: PacingWindow, frames: readonly Sent[]): void {
    let count = 0;
    for (let index = frames.length - 1; index >= 0; index -= 1) {
      const atMs = frames[index]?.atMs ?? 0;
      if (atMs <= this.#now - window.perMs) break;
      count += 1;
    }
    if (count > window.frames) {
      const { frames: most, perMs } = window;
      this.#scene.violate("19 pacing", `${count} frames in ${perMs} ms, at most ${most}`);
    }
  }

  get #now(): number {
    return this.#scene.process.nowMs();
  }
}
