/** A virtual clock that knows the timers of charts by name, and fires the one that is asked for. */
import type { AnyActorRef, InspectionEvent } from "xstate";
import { VirtualClock } from "../virtual-clock.ts";
import { isCalled, timerName } from "./timers.ts";

/** A timer that has a name. */
export interface ChartTimer {
  /**
   * `backoff.connection.reconnecting` for an `after`; the type of the event that a delayed `raise` or
   * `sendTo` will bring; `nextTurn` for one turn of the event loop.
   */
  readonly name: string;
  /** Who armed it; undefined where the clock cannot tell. */
  readonly actor: AnyActorRef | undefined;
  /** What the clock was asked to wait, in milliseconds. */
  readonly delayMs: number;
  readonly dueAtMs: number;
}

interface NamedTimer extends ChartTimer {
  readonly callback: () => void;
}

/** What no chart armed. */
interface PlainTimer {
  readonly callback: () => void;
  readonly dueAtMs: number;
}

/**
 * A {@link VirtualClock} whose timers have names.
 *
 * ```ts
 * const clock = new ChartClock();
 * const actor = createActor(doorMachine, { clock, inspect: clock.inspect }).start();
 * actor.send({ type: "open" });
 * clock.fire("closing"); // the timer of `after: { closing: … }`, at its own instant
 * ```
 */
export class ChartClock extends VirtualClock {
  readonly #systems = new Set<AnyActorRef["system"]>();
  readonly #timers = new Map<number, NamedTimer>();
  readonly #plain = new Map<number, PlainTimer>();
  /** XState's entries that have their timer already. */
  readonly #known = new WeakSet<object>();

  /** For `createActor(…, { inspect })`: it is how the clock learns whose timers these are. */
  readonly inspect = ({ actorRef }: InspectionEvent): void => {
    if (isActor(actorRef)) this.#systems.add(actorRef.system);
  };

  /** The timers that have names, in the order in which they were armed; {@link armed} counts all. */
  get timers(): readonly ChartTimer[] {
    return [...this.#timers.values()];
  }

  override setTimeout(callback: () => void, delayMs: number): number {
    const handle = super.setTimeout(() => {
      this.#forget(handle);
      callback();
    }, delayMs);
    // XState files a scheduled event just before it arms the timer.
    const scheduled = this.#newlyScheduled();
    if (scheduled !== undefined) {
      const { event, source } = scheduled;
      this.#name(handle, timerName(event.type), { actor: source, delayMs, callback });
    } else {
      this.#plain.set(handle, { callback, dueAtMs: this.nowMs() + delayMs });
    }
    return handle;
  }

  override clearTimeout(handle: unknown): void {
    if (typeof handle === "number") this.#forget(handle);
    super.clearTimeout(handle);
  }

  override nextTurn(callback: () => void): void {
    const handle = this.setTimeout(callback, 0);
    this.#plain.delete(handle);
    this.#name(handle, "nextTurn", { actor: undefined, delayMs: 0, callback });
  }

  /**
   * Fires one timer, whatever else is due: the clock goes to its instant, and the scheduler is late
   * with the others. So every order of timers can be walked, however their delays are chosen.
   *
   * @param name - Its name, or the delay alone (`backoff`) where only one such is armed.
   * @param actor - Whose timer. @defaultValue anybody's
   */
  fire(name: string, actor?: AnyActorRef): void {
    const found = [...this.#timers].filter(
      ([, timer]) => isCalled(timer.name, name) && (actor ?? timer.actor) === timer.actor,
    );
    const [first] = found;
    if (first === undefined || found.some(([, timer]) => timer.name !== first[1].name)) {
      const armed = this.timers.map((timer) => timer.name).join(", ") || "nothing";
      const problem = first === undefined ? "no timer is" : "several timers are";
      throw new Error(`${problem} called "${name}"; armed: ${armed}`);
    }
    this.#fireNow(...first);
  }

  /**
   * Fires, in the same way, the first timer that no chart armed and whose callback is a function of this
   * name: what a machine's door to the world waits for.
   *
   * @throws Error where there is none
   */
  firePlain(callbackName: string): void {
    const [first] = [...this.#plain].filter(([, { callback }]) => callback.name === callbackName);
    if (first === undefined)
      throw new Error(`no plain timer calls a function named "${callbackName}"`);
    this.#fireNow(first[0], first[1]);
  }

  #fireNow(handle: number, { dueAtMs, callback }: PlainTimer): void {
    this.clearTimeout(handle);
    this.suspend(Math.max(dueAtMs - this.nowMs(), 0));
    callback();
  }

  #forget(handle: number): void {
    this.#timers.delete(handle);
    this.#plain.delete(handle);
  }

  #name(handle: number, name: string, timer: Omit<NamedTimer, "name" | "dueAtMs">): void {
    this.#timers.set(handle, { ...timer, name, dueAtMs: this.nowMs() + timer.delayMs });
  }

  #newlyScheduled() {
    for (const system of this.#systems) {
      for (const scheduled of Object.values(system.getSnapshot()._scheduledEvents)) {
        if (this.#known.has(scheduled)) continue;
        this.#known.add(scheduled);
        return scheduled;
      }
    }
    return undefined;
  }
}

function isActor(actor: object): actor is AnyActorRef {
  return "system" in actor;
}
