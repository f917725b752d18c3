/**
 * The bucket of commands: five dials at once, one more each five seconds. A command that finds it empty is
 * told how long it waits, once per wait, and dials then, unless the next attempt comes sooner.
 */
import type { Fact } from "../../../../src/index.ts";
import type { Scene } from "../scene.ts";

const MOST = 5;
const EVERY_MS = 5_000;

export class CommandBucket {
  readonly #scene: Scene;
  /** As many as there may be, and as there must be: a dial may be a command's or the timer's. */
  #most = MOST;
  #least = MOST;
  #atMs = 0;

  constructor(scene: Scene) {
    this.#scene = scene;
  }

  /** A command dials, or a retry that was due in the same instant. */
  dialled(atMs: number, isSure: boolean): void {
    this.#refill(atMs);
    const slack = 1e-3 + this.#scene.toleranceMs / EVERY_MS;
    if (isSure && this.#most < 1 - slack) {
      this.#scene.violate("4 budget", `a command dialled with ${this.#most} tokens`);
    }
    if (isSure) this.#most = Math.max(this.#most - 1, 0);
    this.#least = Math.max(this.#least - 1, 0);
  }

  /** Whether a command that is given now dials at once, for sure. */
  mayDial(atMs: number): boolean {
    this.#refill(atMs);
    return this.#least >= 1;
  }

  /** A command is told how long it waits. */
  delayed({ retryInMs, atMs }: Fact<"command.delayed">, untilCallMs: number): void {
    const { violate, toleranceMs } = this.#scene;
    this.#refill(atMs);
    const tokenMs = Math.max((1 - this.#least) * EVERY_MS, 0);
    const mostMs = Math.max(tokenMs, untilCallMs) + toleranceMs + 2;
    if (!Number.isFinite(retryInMs) || retryInMs < 0 || retryInMs > mostMs) {
      violate("5 floor and cap", `a command waits ${retryInMs}, at most ${mostMs}`);
    }
  }

  #refill(atMs: number): void {
    const refilled = Math.max(atMs - this.#atMs, 0) / EVERY_MS;
    this.#most = Math.min(MOST, this.#most + refilled);
    this.#least = Math.min(MOST, this.#least + refilled);
    this.#atMs = Math.max(atMs, this.#atMs);
  }
}
