/**
 * The one door for everything that happens: `publish` a fact, and each listener hears it, guarded; then
 * the process does, on a channel (`channels.ts`).
 *
 * A listener that throws is reported as a fact and changes nothing. There is no `error` event: nothing
 * here can crash a process for want of a listener.
 */
import { Queue } from "../queue.ts";
import { onRejection } from "../shape.ts";
import { SparseMap } from "../sparse-map.ts";
import type { Clock } from "../system.ts";
import { broadcast, isBroadcast } from "./channels.ts";
import { OptionError } from "../errors.ts";
import { factTypes, type Fact, type FactPayloads, type FactType } from "./facts.ts";
import type { MessageItem } from "./items.ts";
import type { OutageLog } from "./outage.ts";
import type { Supervisor } from "./supervisor.ts";

/** What a part says of what happened. */
export interface Facts {
  publish<T extends FactType>(type: T, payload: FactPayloads[T]): unknown;
  /** A function of the user's threw. */
  callbackFailed(callback: string, error: unknown): void;
}

type AnyListener = (event: never) => unknown;

const none: readonly never[] = [];

const eventNames = Object.keys(factTypes).join(", ");

/** An object of its own: two `on` with one function are two subscriptions. */
interface MessageListener<M> {
  readonly listener: (item: MessageItem<M>) => unknown;
}

export class Publisher<M> implements Facts {
  readonly #clock: Clock;
  readonly #outages: OutageLog;
  /** Whose facts these are, for the rest of the process. */
  readonly #supervisor: Supervisor<M>;
  /** By what they listen to; nothing of those that have ended. */
  readonly #listeners = new SparseMap<string, Set<AnyListener>>();
  /** Copied on write, so that the data path walks a plain array. */
  #messageListeners: readonly MessageListener<M>[] = none;
  #callbackFailures = 0;
  /** Facts that happened while another was told, oldest first. */
  readonly #untold = new Queue<Fact>();
  #isTelling = false;
  /** A step of the chart is under way: facts wait for its end. */
  #isHeld = false;
  #isSilenced = false;
  /** `closed` was published: it is the last fact. */
  #isOver = false;

  constructor(clock: Clock, outages: OutageLog, supervisor: Supervisor<M>) {
    this.#clock = clock;
    this.#outages = outages;
    this.#supervisor = supervisor;
  }

  /** How often a function of the user's has thrown. */
  get callbackFailures(): number {
    return this.#callbackFailures;
  }

  get hasMessageListeners(): boolean {
    return !this.#isSilenced && this.#messageListeners.length > 0;
  }

  /** How many listeners are attached, of every kind. */
  get listeners(): number {
    let count = this.#messageListeners.length;
    for (const listeners of this.#listeners.values()) count += listeners.size;
    return count;
  }

  /** Whether anybody listens to one of these, to every fact, or to this process's channel of the first. */
  hears(types: readonly [FactType, ...FactType[]]): boolean {
    const isHeard = ["*", ...types].some((type) => this.#listeners.has(type));
    return isHeard || isBroadcast(types[0]);
  }

  /** @throws {@link OptionError} for a name that is no event: its listener would never be called. */
  on(type: string, listener: AnyListener): () => void {
    if (type !== "message" && type !== "*" && !Object.hasOwn(factTypes, type)) {
      throw new OptionError("type", `"message", "*" or one of ${eventNames}`, type);
    }
    if (type === "message") return this.#onMessage(listener as (item: MessageItem<M>) => void);
    // Two `on` with one function are two subscriptions, each with its own end.
    const own: AnyListener = (event) => listener(event);
    const listeners = this.#listeners.get(type) ?? new Set();
    this.#listeners.set(type, listeners);
    listeners.add(own);
    return () => {
      listeners.delete(own);
      if (listeners.size > 0 || this.#listeners.get(type) !== listeners) return;
      this.#listeners.delete(type);
      if (this.#listeners.size === 0) this.#listeners.clear();
    };
  }

  /**
   * What a listener causes is told when all have heard what it was told: facts come in one order. The log
   * of outages takes note before anybody hears, so that status follows first.
   */
  publish<T extends FactType>(type: T, payload: FactPayloads[T]): Fact {
    const fact = { type, atMs: this.#clock.nowMs(), ...payload } as unknown as Fact;
    // A listener closed it in the middle of something: the rest of that is nobody's. What a function of
    // the user's throws is told of all the same.
    if (this.#isOver && type !== "callback.failed") return fact;
    this.#isOver ||= type === "closed";
    const report = this.#outages.note(fact);
    this.#untold.push(fact);
    if (!this.#isHeld) this.#tellAll();
    if (report !== undefined) this.publish("recovered", { report });
    return fact;
  }

  /**
   * A step of the chart begins: what happens in it is told when it is over and everything has its new state,
   * so that `status()` is right in every listener.
   */
  hold(): void {
    this.#isHeld = true;
  }

  /** What has happened in the step so far is told now: it comes before what follows. */
  flush(): void {
    if (this.#isHeld) this.#tellAll();
  }

  /** The step is over. */
  release(): void {
    this.flush();
    this.#isHeld = false;
  }

  /** A message, on its straight way to whoever listens. What happened before it is told before it. */
  message(item: MessageItem<M>): void {
    this.flush();
    const listeners = this.#messageListeners;
    for (let index = 0; index < listeners.length; index += 1) {
      if (this.#isSilenced) return; // by the listener before
      try {
        const result: unknown = listeners[index]?.listener(item);
        if (result !== undefined) this.#watch("message", result);
      } catch (error) {
        this.callbackFailed('listener of "message"', error);
      }
    }
  }

  /** It runs, perhaps once more. */
  begin(): void {
    this.#isSilenced = false;
    this.#isOver = false;
  }

  /** Closed: no message comes any more, not even the one that is under way. */
  silence(): void {
    this.#isSilenced = true;
  }

  /** A function of the user's threw; nothing else came of it. */
  callbackFailed(callback: string, error: unknown): void {
    this.#callbackFailures += 1;
    this.publish("callback.failed", { callback, error });
  }

  #onMessage(listener: (item: MessageItem<M>) => void): () => void {
    const own = { listener };
    this.#messageListeners = [...this.#messageListeners, own];
    return () => {
      this.#messageListeners = this.#messageListeners.filter((other) => other !== own);
    };
  }

  #tellAll(): void {
    if (this.#isTelling) return;
    this.#isTelling = true;
    for (let next = this.#untold.take(); next !== undefined; next = this.#untold.take()) {
      this.#tell(next.type, next);
      this.#tell("*", next);
      broadcast(this.#supervisor, next);
    }
    this.#untold.clear(); // gives back the room of a dozen
    this.#isTelling = false;
  }

  #tell(type: string, fact: Fact): void {
    const listeners = this.#listeners.get(type);
    if (listeners === undefined || listeners.size === 0) return;
    // A copy: a listener that ends itself and listens anew would be heard again, without end.
    for (const listener of Array.from(listeners)) {
      if (!listeners.has(listener)) continue;
      try {
        const result = (listener as (fact: Fact) => unknown)(fact);
        if (result !== undefined) this.#watch(type, result, fact);
      } catch (error) {
        this.#listenerFailed(type, error, fact);
      }
    }
  }

  /** An async listener may reject: that must not end the process as an unhandled rejection. */
  #watch(type: string, result: unknown, fact?: Fact): void {
    onRejection(result, (error) => this.#listenerFailed(type, error, fact));
  }

  /** One that fails on the report of a failure is only counted, or it would never end. */
  #listenerFailed(type: string, error: unknown, fact?: Fact): void {
    if (fact?.type === "callback.failed") this.#callbackFailures += 1;
    else this.callbackFailed(`listener of "${type}"`, error);
  }
}
