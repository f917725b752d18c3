/**
 * Planned reconnects: each falls into the window of what announced it, the connection's age or a notice,
 * and no announcement is left unheeded. What it costs (nothing) is looked after by `waits.ts`.
 */
import type { Loss } from "../../../../machines/index.ts";
import type { Fact } from "../../../../src/index.ts";
import type { Scene } from "../scene.ts";

/** Of a connection's age, and of the time that a notice leaves (design.md). */
const AGE = { from: 0.9, to: 0.98 };
const NOTICE = { from: 0, to: 0.8 };

export interface PlansParts {
  /** How long until the retry budget allows one more dial. */
  readonly untilTokenMs: (atMs: number) => number;
  /** Some stream that is not whole may ask for another socket, at any time. */
  readonly mayReconnect: () => boolean;
}

export class Plans {
  readonly #scene: Scene;
  readonly #parts: PlansParts;
  #isConnected = false;
  /** When the first of what was announced may come, and when it must have come; Infinity for nothing. */
  #fromMs = Infinity;
  #untilMs = Infinity;

  /** A stream may have asked for another socket than this one. */
  #wasAsked = false;

  constructor(scene: Scene, parts: PlansParts) {
    this.#scene = scene;
    this.#parts = parts;
  }

  /** The venue, or a recovery, has said that the socket should be replaced within that time. */
  noticed(withinMs: number): void {
    if (this.#isConnected) this.#plan(withinMs, NOTICE, this.#scene.process.nowMs());
  }

  heard(fact: Fact): void {
    // What was asked for may have to wait for a token, and the stream may be whole by then.
    this.#wasAsked ||= this.#parts.mayReconnect();
    switch (fact.type) {
      case "state": {
        this.#isConnected = fact.state === "connected";
        [this.#fromMs, this.#untilMs] = [Infinity, Infinity];
        this.#wasAsked = this.#isConnected && this.#parts.mayReconnect();
        const { maxAgeMs } = this.#scene.character.features;
        if (this.#isConnected && maxAgeMs !== null) this.#plan(maxAgeMs, AGE, fact.atMs);
        return;
      }
      case "down":
      case "attempt.failed":
        this.#judge(fact.loss, fact.atMs);
        return;
      default:
    }
  }

  /** After each step. */
  check(): void {
    const lateMs = this.#scene.process.nowMs() - this.#untilMs;
    if (lateMs > this.#scene.toleranceMs) {
      this.#scene.violate("planned", `a planned reconnect is ${lateMs} ms late`);
    }
  }

  #judge(loss: Loss, atMs: number): void {
    if (loss.class === "mute") [this.#fromMs, this.#untilMs] = [Infinity, Infinity];
    if (loss.class !== "planned") return;
    const earlyMs = this.#fromMs - atMs;
    if (earlyMs > 1 && !this.#wasAsked)
      this.#scene.violate("planned", `replaced ${earlyMs} ms before its window`);
    [this.#fromMs, this.#untilMs] = [Infinity, Infinity];
  }

  #plan(lengthMs: number, window: { from: number; to: number }, atMs: number): void {
    const tokenMs = this.#parts.untilTokenMs(atMs);
    this.#fromMs = Math.min(this.#fromMs, atMs + Math.max(lengthMs * window.from, tokenMs) - 1);
    this.#untilMs = Math.min(this.#untilMs, atMs + Math.max(lengthMs * window.to, tokenMs) + 1);
  }
}
