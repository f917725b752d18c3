/**
 * A map that takes next to no memory before there is something in it.
 *
 * An empty `Map` keeps 180 bytes of table. A connection has a dozen maps, and most of ten thousand idle
 * connections never put anything into most of them.
 */
export class SparseMap<K, V> implements Iterable<[K, V]> {
  #entries: Map<K, V> | undefined;

  get size(): number {
    return this.#entries?.size ?? 0;
  }

  get(key: K): V | undefined {
    return this.#entries?.get(key);
  }

  has(key: K): boolean {
    return this.#entries?.has(key) === true;
  }

  set(key: K, value: V): void {
    this.#entries ??= new Map();
    this.#entries.set(key, value);
  }

  /** True when it was there. */
  delete(key: K): boolean {
    return this.#entries?.delete(key) === true;
  }

  clear(): void {
    this.#entries = undefined;
  }

  keys(): Iterable<K> {
    return this.#entries?.keys() ?? [];
  }

  values(): Iterable<V> {
    return this.#entries?.values() ?? [];
  }

  [Symbol.iterator](): Iterator<[K, V]> {
    return this.#entries?.entries() ?? [].values();
  }
}
