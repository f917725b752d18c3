/**
 * Connections that bring no data are found in time. How long a silence may be follows from the longest gap
 * that may be known, and a silence counts from where it surely counts: no verdict is late by that.
 */
import type { Fact } from "../../../../src/index.ts";
import type { Scene } from "../scene.ts";
import type { SimSocket } from "../sim-socket.ts";

/** So many gaps are a rhythm for sure. */
const ENOUGH_GAPS = 9;
/** So long after a request or an answer, messages may be what was asked for, and count as no data. */
const ANSWER_MS = 10_000;
/** Beyond so long a gap the bound is 3 times as long as that, else 10 times. */
const LONG_GAP_MS = 600_000;
/** After two silences that new sockets ended, the next socket waits for so many bounds. */
const DOUBT_BOUNDS = 1.5;

export interface MuteParts {
  readonly isUp: () => boolean;
  /** When a topic was last asked for, or that was answered. */
  readonly askedAtMs: () => number;
  /** Its numbers cannot be believed: whether it is delivered at once is not known. */
  readonly isUnreliable: (topic: string) => boolean;
}

export class MuteInTime {
  readonly #scene: Scene;
  readonly #parts: MuteParts;
  #socket: SimSocket | undefined;
  /** Since when it is up; undefined while it is not. */
  #upSinceMs: number | undefined;
  /** While it was up, since the last message that surely was data: at most the gap that is known. */
  #countedMs = 0;
  #countsFromMs = 0;
  #longestMs = 0;
  #gaps = 0;
  /** Since when no message of any topic was read, and nothing excuses that. */
  #silentSinceMs = 0;
  #stops = 0;
  /** The topics were asked for again, and since then nothing was said. */
  #resubscribedAtMs: number | undefined;
  /** A silence was told and is not over. */
  #isTold = false;
  #isEndOwed = false;

  constructor(scene: Scene, parts: MuteParts) {
    this.#scene = scene;
    this.#parts = parts;
  }

  opened(socket: SimSocket): void {
    this.#socket = socket;
  }

  /** A message of this topic was read. */
  read(topic: string, isNew: boolean): void {
    this.#silentSinceMs = this.#now;
    if (this.#upSinceMs === undefined || !this.#parts.isUp()) return;
    const gapMs = this.#countedMs + this.#now - this.#countsFromMs;
    this.#longestMs = Math.max(this.#longestMs, gapMs);
    const sinceMs = Math.max(this.#upSinceMs, this.#parts.askedAtMs());
    if (!isNew || this.#now - sinceMs <= ANSWER_MS || this.#parts.isUnreliable(topic)) return;
    if (this.#isTold) this.#isEndOwed = true;
    else if (gapMs > 0) this.#gaps += 1;
    this.#countedMs = 0;
    this.#countsFromMs = this.#now;
  }

  heard(fact: Fact): void {
    switch (fact.type) {
      case "up":
        this.#upSinceMs = this.#now;
        this.#countsFromMs = this.#now;
        this.#silentSinceMs = this.#now;
        this.#resubscribedAtMs = undefined;
        return;
      case "state":
        if (fact.state !== "connected") this.#down();
        return;
      case "mute":
        this.#isTold = true;
        this.#resubscribedAtMs = fact.action === "resubscribe" ? this.#now : undefined;
        return;
      case "mute.ended":
        this.#longestMs = Math.max(this.#longestMs, fact.silentMs);
        [this.#isTold, this.#isEndOwed, this.#resubscribedAtMs] = [false, false, undefined];
        return;
      case "closed":
        [this.#isTold, this.#isEndOwed] = [false, false];
        return;
      default:
    }
  }

  /** After each step. */
  check(): void {
    const { character, process, toleranceMs } = this.#scene;
    const { mute } = character.features;
    if (mute === null) return;
    if (this.#isEndOwed) this.#wrong("data came, and the silence is not over");
    this.#isEndOwed = false;
    if (this.#stops !== process.stops || this.#socket?.isPaused !== false) {
      this.#stops = process.stops;
      this.#silentSinceMs = this.#now;
      return;
    }
    if (this.#upSinceMs === undefined || !this.#parts.isUp()) return;
    const sinceMs = Math.max(
      this.#silentSinceMs,
      this.#upSinceMs + ANSWER_MS,
      this.#socket.resumedAtMs,
    );
    const boundMs = Math.max(mute.floorMs, this.#boundMs);
    const silentMs = this.#now - sinceMs;
    if (!this.#isTold && this.#gaps >= ENOUGH_GAPS && silentMs > boundMs + toleranceMs + 2) {
      this.#wrong(`silent for ${silentMs} ms of ${boundMs}, and not told`);
    }
    if (this.#resubscribedAtMs === undefined) return;
    const waitMs = Math.max(mute.newSocketAfterMs, DOUBT_BOUNDS * boundMs);
    const waitedMs = this.#now - Math.max(sinceMs, this.#resubscribedAtMs);
    if (waitedMs <= waitMs + toleranceMs + 2) return;
    this.#wrong(`asked for again ${waitedMs} ms ago, silent, and nothing was done`);
  }

  /** At most as long as what the rhythm explains. */
  get #boundMs(): number {
    const longestMs = this.#longestMs;
    return Math.max(3 * longestMs, 10 * Math.min(longestMs, LONG_GAP_MS));
  }

  #down(): void {
    if (this.#upSinceMs === undefined) return;
    this.#countedMs += this.#now - this.#countsFromMs;
    this.#upSinceMs = undefined;
    this.#resubscribedAtMs = undefined;
  }

  #wrong(what: string): void {
    this.#scene.violate("mute", what);
  }

  get #now(): number {
    return this.#scene.process.nowMs();
  }
}
