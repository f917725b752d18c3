/**
 * What is known of all actors, wherever it comes from: what they are, and their last steps.
 *
 * Every list has a bound. A socket per attempt makes an actor per attempt, so actors that have ended
 * are forgotten, the oldest first.
 */
import type { ActorView, ChartView, StepView } from "./protocol.ts";
import { Ring } from "./ring.ts";
import { Timeline } from "./timeline.ts";

/** Hears what is new, in order. */
export interface HistoryListener {
  chart(chart: ChartView): void;
  actor(actor: ActorView): void;
  /** A step, and what its actor is after it. */
  step(step: StepView, actor: ActorView): void;
  forgotten(key: string): void;
}

export interface HistoryBounds {
  /** Steps kept per actor. */
  readonly history: number;
  /** Actors that have ended and are still shown. */
  readonly endedActors: number;
}

interface Kept {
  view: ActorView;
  readonly steps: Ring<StepView>;
}

/** The last steps over all actors. */
const RECENT = 1_000;
/** Different charts. What comes after them shows without one. */
const MAX_CHARTS = 500;

export class History {
  readonly #bounds: HistoryBounds;
  readonly #listener: HistoryListener;
  readonly #kept = new Map<string, Kept>();
  /** By their text without an id. */
  readonly #charts = new Map<string, ChartView>();
  readonly #timelines = new Map<string, Timeline>();
  readonly #recent = new Ring<StepView>(RECENT);
  readonly #ended = new Set<string>();
  #keys = 0;
  #n = 0;

  constructor(bounds: HistoryBounds, listener: HistoryListener) {
    this.#bounds = bounds;
    this.#listener = listener;
  }

  get actors(): readonly ActorView[] {
    return [...this.#kept.values()].map(({ view }) => view);
  }

  get charts(): readonly ChartView[] {
    return [...this.#charts.values()];
  }

  get recent(): readonly StepView[] {
    return this.#recent.items;
  }

  get timelines(): ReadonlyMap<string, Timeline> {
    return this.#timelines;
  }

  has(key: string): boolean {
    return this.#kept.has(key);
  }

  actorOf(key: string): ActorView | undefined {
    return this.#kept.get(key)?.view;
  }

  stepsOf(key: string): Ring<StepView> | undefined {
    return this.#kept.get(key)?.steps;
  }

  nextKey(): string {
    return `${(this.#keys += 1)}`;
  }

  /** The next place in the order of everything. */
  nextNumber(): number {
    return (this.#n += 1);
  }

  /**
   * Takes a chart in; equal ones are one, or a machine that is made anew for every connection would
   * fill the memory. Gives it with its id; undefined where there are too many.
   */
  addChart(chart: ChartView): ChartView | undefined {
    const text = JSON.stringify(chart);
    const known = this.#charts.get(text);
    if (known !== undefined || this.#charts.size >= MAX_CHARTS) return known;
    const added = { ...chart, id: `c${this.#charts.size + 1}` };
    this.#charts.set(text, added);
    this.#listener.chart(added);
    return added;
  }

  /** An actor is new, or something about it is, without a step. */
  putActor(view: ActorView, atMs: number): void {
    this.#keep(view, atMs);
    this.#listener.actor(view);
    this.#heedEnd(view);
  }

  addStep(step: StepView, view: ActorView): void {
    this.#keep(view, step.atMs).steps.push(step);
    this.#recent.push(step);
    this.#listener.step(step, view);
    this.#heedEnd(view);
  }

  forget(key: string): void {
    this.#ended.delete(key);
    if (!this.#kept.delete(key)) return;
    this.#timelines.delete(key);
    this.#listener.forgotten(key);
  }

  #keep(view: ActorView, atMs: number): Kept {
    const { key, value } = view;
    const kept = this.#kept.get(key) ?? { view, steps: new Ring<StepView>(this.#bounds.history) };
    kept.view = view;
    this.#kept.set(key, kept);
    if (value === null) return kept;
    const timeline = this.#timelines.get(key) ?? new Timeline();
    this.#timelines.set(key, timeline);
    timeline.enter(typeof value === "string" ? value : (Object.keys(value)[0] ?? ""), atMs);
    return kept;
  }

  #heedEnd({ key, status }: ActorView): void {
    if (status === "active") return;
    this.#ended.add(key);
    for (const oldest of this.#ended) {
      if (this.#ended.size <= this.#bounds.endedActors) return;
      this.forget(oldest);
    }
  }
}
