/**
 * Streams that were made whole a short while ago, and how often that did not last: what succeeds and breaks
 * again soon is counted together. Those that have been whole for longer than that matters are forgotten.
 *
 * What is missing after a socket was lost is no failure of the recovery before it, and is not counted.
 */
import { CALM_MS, recurrencesAtBreak } from "../../machines/policy/recovery-pace.ts";
import { SparseMap } from "../sparse-map.ts";

interface Past {
  readonly recurrences: number;
  readonly atMs: number;
  /** The socket on which it became whole. */
  readonly socket: number;
}

export class PastBreaks {
  /** In the order in which they became whole. */
  readonly #pasts = new SparseMap<string, Past>();
  /** Counts the sockets. */
  #socket = 0;

  socketEnded(): void {
    this.#socket += 1;
  }

  wasWhole(stream: string, recurrences: number, atMs: number): void {
    this.#pasts.delete(stream);
    this.#pasts.set(stream, { recurrences, atMs, socket: this.#socket });
    for (const [oldest, past] of this.#pasts) {
      if (atMs - past.atMs < CALM_MS) break;
      this.#pasts.delete(oldest);
    }
  }

  /**
   * What a break now counts as.
   *
   * @param isFromNumbers - Numbers show it that go on over sockets: the first such break on another socket
   *   than that on which the stream became whole is not counted
   */
  recurrencesAtBreak(stream: string, atMs: number, isFromNumbers: boolean): number {
    const past = this.#pasts.get(stream);
    if (past === undefined) return recurrencesAtBreak(0, undefined);
    const recurrences = recurrencesAtBreak(past.recurrences, atMs - past.atMs);
    const isBySocket = isFromNumbers && past.socket !== this.#socket;
    return isBySocket ? Math.max(recurrences - 1, 0) : recurrences;
  }
}
