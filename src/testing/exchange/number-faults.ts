/**
 * Numbers that are none of their stream: one that is absurd, or the same again and again. The message
 * keeps its content, and its own number is left to the next.
 */
import type { LastingFaults } from "./lasting-faults.ts";
import type { MarketEvent } from "./market-event.ts";
import type { Market } from "./market.ts";

export class NumberFaults {
  readonly #market: Market | undefined;
  readonly #lasting: LastingFaults;
  readonly #absurd: number[] = [];
  /** Where the numbers of quotes stand while they are constant. */
  readonly #quotes = new Map<string, { readonly position: number; readonly stamp: number }>();

  constructor(market: Market | undefined, lasting: LastingFaults) {
    this.#market = market;
    this.#lasting = lasting;
  }

  /** The next numbered event that a client hears bears this number. */
  misnumberNext(number: number): void {
    this.#absurd.push(number);
  }

  /** Gives the event with the number under which it is told, and the fault that changed it. */
  apply(
    event: MarketEvent,
    isHeard: boolean,
  ): {
    readonly event: MarketEvent;
    readonly fault: "absurd-number" | "constant-number" | undefined;
  } {
    const market = this.#market;
    // The slow book has the numbers of the fast one.
    if (market === undefined || event.feed === "slow-book") return { event, fault: undefined };
    const absurd = isHeard ? this.#absurd.shift() : undefined;
    if (absurd !== undefined)
      return { event: market.misnumber(event, absurd), fault: "absurd-number" };
    if (this.#lasting.get("constant-number") === undefined) {
      if (event.feed === "quotes") this.#quotes.set(event.instrument, event);
      return { event, fault: undefined };
    }
    const fault = "constant-number";
    if (event.feed !== "quotes") return { event: market.misnumber(event), fault };
    const { position, stamp } = this.#quotes.get(event.instrument) ?? event;
    return { event: { ...event, position, stamp }, fault };
  }
}
