/** Messages that are dropped: the first for each cause is told, and no second one in the same minute. */
import type { Fact, Status } from "../../../../src/index.ts";
import type { Scene } from "../scene.ts";

const MINUTE_MS = 60_000;

type Cause = Fact<"message.dropped">["cause"];

export class Drops {
  readonly #scene: Scene;
  readonly #toldAtMs = new Map<Cause, number>();
  readonly #counted = new Map<Cause, number>();
  /** When the last step was over. */
  #checkedAtMs = 0;

  constructor(scene: Scene) {
    this.#scene = scene;
  }

  heard(fact: Fact): void {
    if (fact.type !== "message.dropped") return;
    const { cause } = fact;
    const agoMs = this.#now - (this.#toldAtMs.get(cause) ?? -Infinity);
    if (agoMs < MINUTE_MS) this.#wrong(`${cause} was told ${agoMs} ms before`);
    this.#toldAtMs.set(cause, this.#now);
  }

  /** After each step. */
  check({ duplicates, stale, late }: Status["inbound"], isClosed: boolean): void {
    this.#check("duplicate", duplicates, isClosed);
    this.#check("stale", stale, isClosed);
    this.#check("late", late, isClosed);
    this.#checkedAtMs = this.#now;
  }

  #check(cause: Cause, count: number, isClosed: boolean): void {
    const isMore = count > (this.#counted.get(cause) ?? 0);
    this.#counted.set(cause, count);
    const toldAtMs = this.#toldAtMs.get(cause) ?? -Infinity;
    if (!isMore || isClosed || toldAtMs >= this.#checkedAtMs - MINUTE_MS) return;
    this.#wrong(`a message was dropped (${cause}), and that was not told`);
  }

  #wrong(what: string): void {
    this.#scene.violate("drops", what);
  }

  get #now(): number {
    return this.#scene.process.nowMs();
  }
}
