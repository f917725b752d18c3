/**
 * Which topics need a frame, and in which order they get one.
 *
 * Topics that may share a frame lie in one lane, and a frame takes from one lane only. Lanes take
 * turns: the one that has waited longest goes first, then to the back; lanes of what was asked for before,
 * in vain, follow all others. So planning a frame costs what the frame holds, however many topics wait and
 * however their lanes are interleaved.
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
  readonly group: string;
  readonly topics: Set<string>;
  /** Those that it takes turns with. */
  readonly turns: SparseMap<string, Lane>;
}

export class RequestPlan {
  readonly #lanes = new SparseMap<string, Lane>();
  readonly #repeats = new SparseMap<string, Lane>();
  readonly #laneOf = new SparseMap<string, Lane>();
  /** The lane of the last `put`: a replay puts thousands in one, and to make a key for each is half its cost. */
  #last: Lane | undefined;

  /** Topics that wait. */
  get size(): number {
    return this.#laneOf.size;
  }

  /**
   * A topic needs this. It keeps its place where it waits for the same already. `isRepeat`: its group holds
   * what was asked for before, in vain.
   */
  put(topic: string, kind: RequestKind, group: string, isRepeat = false): void {
    const known = this.#laneOf.get(topic);
    if (known?.kind === kind && known.group === group) return;
    if (known !== undefined) this.delete(topic);
    const lane = this.#laneFor(kind, group, isRepeat ? this.#repeats : this.#lanes);
    lane.topics.add(topic);
    this.#laneOf.set(topic, lane);
  }

  delete(topic: string): void {
    const lane = this.#laneOf.get(topic);
    if (lane === undefined) return;
    this.#laneOf.delete(topic);
    lane.topics.delete(topic);
    if (lane.topics.size === 0) this.#close(lane);
  }

  clear(): void {
    this.#last = undefined;
    this.#lanes.clear();
    this.#repeats.clear();
    this.#laneOf.clear();
  }

  /** The next frame's topics, taken out: at most `maxTopics`, in the order in which they were put. */
  take(maxTopics: number): Batch | undefined {
    const [lane] = (this.#lanes.size > 0 ? this.#lanes : this.#repeats).values();
    if (lane === undefined) return undefined;
    const topics: string[] = [];
    for (const topic of lane.topics) {
      topics.push(topic);
      if (topics.length >= maxTopics) break;
    }
    for (const topic of topics) this.delete(topic);
    if (lane.topics.size > 0) {
      lane.turns.delete(lane.key);
      lane.turns.set(lane.key, lane);
    }
    return { kind: lane.kind, topics };
  }

  #laneFor(kind: RequestKind, group: string, turns: SparseMap<string, Lane>): Lane {
    if (this.#last?.kind === kind && this.#last.group === group) return this.#last;
    const key = `${kind} ${group}`;
    let lane = turns.get(key);
    if (lane === undefined) {
      lane = { key, kind, group, topics: new Set(), turns };
      turns.set(key, lane);
    }
    this.#last = lane;
    return lane;
  }

  #close(lane: Lane): void {
    lane.turns.delete(lane.key);
    if (this.#last === lane) this.#last = undefined;
  }
}
