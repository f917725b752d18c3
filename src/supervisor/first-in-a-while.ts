/**
 * What happens often is a fact once in a while: the first of each kind, and again after a minute. The
 * counters have the rest.
 */

const WHILE_MS = 60_000;

export class FirstInAWhile<K extends string> {
  /** When each kind was last told; as many as there are kinds. */
  #toldAtMs: Map<K, number> | undefined;

  /** True for the first of its kind in a minute. */
  take(kind: K, nowMs: number): boolean {
    const toldAtMs = this.#toldAtMs?.get(kind);
    if (toldAtMs !== undefined && nowMs - toldAtMs < WHILE_MS) return false;
    this.#toldAtMs ??= new Map();
    this.#toldAtMs.set(kind, nowMs);
    return true;
  }
}
