/**
 * What is known of the credentials: whether they were refused, whether new ones were shown, and how often
 * new ones may be asked for. From a refusal until it is ready every dial asks for new ones; the distance
 * between these dials is 10 s at least, and grows.
 */
import type { Expected } from "./rulings.ts";

const CALL_EVERY_MS = 10_000;
const JITTER_MS = 3_000;

export class Credentials {
  readonly #stableAfterMs: number;
  /** Refused, and not ready since; undefined where nobody can know. */
  isDue: boolean | undefined = false;
  /** Dials that asked since it was last stable; undefined where nobody can know. */
  #calls: number | undefined = 0;
  #calledAtMs: number | undefined;
  /** The current dial, or the last one, asked. */
  #hasAsked = false;
  #isUp = false;

  constructor(stableAfterMs: number) {
    this.#stableAfterMs = stableAfterMs;
  }

  dialled(atMs: number, isPlanned: boolean): void {
    this.#isUp = false;
    this.#hasAsked = this.isDue !== false && !isPlanned;
    if (!this.#hasAsked) return;
    this.#calledAtMs = atMs;
    if (this.#calls !== undefined) this.#calls += 1;
  }

  up(): void {
    this.isDue = false;
    this.#isUp = true;
  }

  /** Ready for the stable time; unsure where its timer may have been late. */
  stable(isSure: boolean): void {
    if (isSure) this.#calls = 0;
    else if (this.#calls !== 0) this.#calls = undefined;
  }

  startedAfresh(): void {
    this.#calls = 0;
  }

  /** Given up: a command that starts over need not keep the distance. */
  gaveUp(): void {
    this.#calledAtMs = undefined;
  }

  /** Whether the attempt that ends at `atMs` showed new ones that were never good for long enough. */
  wereRenewed(atMs: number): boolean | undefined {
    if (!this.#hasAsked || this.#calledAtMs === undefined || this.#calls === 0) return false;
    const restMs = this.#calledAtMs + this.#stableAfterMs - atMs;
    if (this.#isUp && Math.abs(restMs) < 1) return undefined;
    if (this.#isUp && restMs < 0) return false;
    return this.#calls === undefined ? undefined : true;
  }

  lost(isRefusal: boolean | undefined, atMs: number): void {
    if (isRefusal === undefined) {
      this.isDue = this.isDue === true ? true : undefined;
      this.#calls = undefined;
    } else if (isRefusal) {
      if (this.#isUp && this.#hasAsked && this.wereRenewed(atMs) === false) this.#calls = 0;
      this.isDue = true;
    }
    this.#isUp = false;
  }

  /** What they add to the wait that follows; undefined where nobody can know. */
  pace(
    { renews, isNow }: Expected,
    atMs: number,
  ): { readonly lowMs: number; readonly highMs: number } | undefined {
    if (this.isDue === undefined) return undefined;
    if (!this.isDue) return { lowMs: 0, highMs: 0 };
    if (renews && isNow) {
      const waitMs = this.untilCallMs(atMs);
      return { lowMs: waitMs, highMs: waitMs };
    }
    if (this.#calls === undefined) return undefined;
    const doubled = CALL_EVERY_MS * 2 ** Math.max(this.#calls - 1, 0);
    const lowMs = Math.min(doubled, 100_000 - JITTER_MS);
    return { lowMs, highMs: lowMs + JITTER_MS };
  }

  untilCallMs(atMs: number): number {
    if (this.isDue === false || this.#calledAtMs === undefined) return 0;
    return Math.max(this.#calledAtMs + CALL_EVERY_MS - atMs, 0);
  }
}
