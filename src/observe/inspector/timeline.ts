/** Which top-level state an actor was in, over the last hour; at most so many stays. */
import type { SpanView } from "./protocol.ts";

const HOUR_MS = 3_600_000;
const MAX_SPANS = 1_000;

export class Timeline {
  #spans: SpanView[] = [];

  get spans(): readonly SpanView[] {
    return this.#spans;
  }

  enter(state: string, atMs: number): void {
    if (this.#spans.at(-1)?.state === state) return;
    this.#spans.push({ state, atMs });
    // The stay that was under way an hour ago is still part of it.
    const first = this.#spans.findIndex((_, index) => {
      const next = this.#spans[index + 1];
      return next === undefined || next.atMs > atMs - HOUR_MS;
    });
    const from = Math.max(first, this.#spans.length - MAX_SPANS);
    if (from > 0) this.#spans = this.#spans.slice(from);
  }
}
