/**
 * Streams that were made whole a short while ago, and how often that did not last: what succeeds and breaks
 * again soon is counted together. Those that have been whole for longer than that matters are forgotten.
 */
import { CALM_MS, recurrencesAtBreak } from "../../machines/policy/recovery-pace.ts";
import { SparseMap } from "../sparse-map.ts";

interface Past {
  readonly recurrences: number;
  readonly atMs: number;
}

export class PastBreaks {
  /** In the order in which they became whole. */
  readonly #pasts = new SparseMap<string, Past>();

  wasWhole(stream: string, recurrences: number, atMs: number): void {
    this.#pasts.delete(stream);
    this.#pasts.set(stream, { recurrences, atMs });
    for (const [oldest, past] of this.#pasts) {
      if (atMs - past.atMs < CALM_MS) break;
      this.#pasts.delete(oldest);
    }
  }

  /** What a break now counts as. */
  recurrencesAtBreak(stream: string, atMs: number): number {
    const past = this.#pasts.get(stream);
    if (past === undefined) return recurrencesAtBreak(0, undefined);
    return recurrencesAtBreak(past.recurrences, atMs - past.atMs);
  }
}
