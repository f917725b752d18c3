/**
 * Which topics a request asked for, until it is answered: for venues whose answers say only what they
 * took. Bounded: a server that never answers must not make us remember every question.
 */

const MAX_REQUESTS = 1_000;

export class RequestMemory {
  readonly #topics = new Map<number, readonly string[]>();

  remember(id: number, topics: readonly string[]): void {
    this.#topics.set(id, topics);
    if (this.#topics.size <= MAX_REQUESTS) return;
    const oldest = this.#topics.keys().next();
    if (oldest.done !== true) this.#topics.delete(oldest.value);
  }

  /** The topics of a request, once; none for one that is not known. */
  take(id: number): readonly string[] {
    const topics = this.#topics.get(id) ?? [];
    this.#topics.delete(id);
    return topics;
  }
}
