/**
 * Which topics a request asked for, until it is answered: for venues whose answers say only what they
 * took, or which name a request where they mean one of its topics. Bounded: a server that never answers
 * must not make us remember every question.
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

  /** The topics of a request; none for one that is not known. */
  of(id: number): readonly string[] {
    return this.#topics.get(id) ?? [];
  }

  /** The same, once. */
  take(id: number): readonly string[] {
    const topics = this.of(id);
    this.#topics.delete(id);
    return topics;
  }
}
