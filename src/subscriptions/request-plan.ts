/**
 * Which topics need a frame, and in which order they get one.
 *
 * Topics that may share a frame lie in one lane, and a frame takes from one lane only. Lanes take
 * turns: the one that has waited longest goes first, then to the back. So planning a frame costs what
 * the frame holds, however many topics wait and however their lanes are interleaved.
 */
import { SparseMap } from "../sparse-map.ts";

export type RequestKind = "subscribe" | "unsubscribe";

/** What one frame may hold. */
export interface Batch {
  readonly kind: RequestKind;
  readonly topics: readonly string[];
}

interface Lane {
  readonly key: string;
  readonly kind: RequestKind;
  readonly topics: Set<string>;
}

export class RequestPlan {
  readonly #lanes = new SparseMap<string, Lane>();
  readonly #laneOf = new SparseMap<string, Lane>();

  /** Topics that wait. */
  get size(): number {
    return this.#laneOf.size;
  }

  /** A topic needs this. It keeps its place where it waits for the same already. */
  put(topic: string, kind: RequestKind, group: string): void {
    const key = `${kind} ${group}`;
    const known = this.#laneOf.get(topic);
    if (known?.key === key) return;
    if (known !== undefined) this.delete(topic);
    let lane = this.#lanes.get(key);
    if (lane === undefined) {
      lane = { key, kind, topics: new Set() };
      this.#lanes.set(key, lane);
    }
    lane.topics.add(topic);
    this.#laneOf.set(topic, lane);
  }

  delete(topic: string): void {
    const lane = this.#laneOf.get(topic);
    if (lane === undefined) return;
    this.#laneOf.delete(topic);
    lane.topics.delete(topic);
    if (lane.topics.size === 0) this.#lanes.delete(lane.key);
  }

  clear(): void {
    this.#lanes.clear();
    this.#laneOf.clear();
  }

  /** The next frame's topics, taken out: at most `maxTopics`, in the order in which they were put. */
  take(maxTopics: number): Batch | undefined {
    const [lane] = this.#lanes.values();
    if (lane === undefined) return undefined;
    const topics: string[] = [];
    for (const topic of lane.topics) {
      topics.push(topic);
      if (topics.length >= maxTopics) break;
    }
    for (const topic of topics) this.delete(topic);
    if (lane.topics.size > 0) {
      this.#lanes.delete(lane.key);
      this.#lanes.set(lane.key, lane);
    }
    return { kind: lane.kind, topics };
  }
}
