/** What the exchange allows a client, and what it expects of it. */
import { OptionError } from "../../errors.ts";

/** Binance spot's own, by default (venues.md §3.1). */
export interface ExchangeLimits {
  /** Frames a client may send in any second: requests, pings and pongs. @defaultValue 5 */
  readonly inboundPerSecond: number;
  /** Streams on one connection. @defaultValue 1024 */
  readonly maxStreams: number;
  /** Time between the exchange's pings. @defaultValue 20,000 */
  readonly pingIntervalMs: number;
  /** How long a ping may stay unanswered; a pong after exactly this time still counts. @defaultValue 60,000 */
  readonly pongTimeoutMs: number;
  /** A connection of this age is closed. @defaultValue 86,400,000 (24 h) */
  readonly maxAgeMs: number;
}

const binanceSpotLimits: ExchangeLimits = {
  inboundPerSecond: 5,
  maxStreams: 1_024,
  pingIntervalMs: 20_000,
  pongTimeoutMs: 60_000,
  maxAgeMs: 86_400_000,
};

/** The limits of an exchange: Binance's, but for what is given. Infinity lifts one. */
export function createLimits(limits: Partial<ExchangeLimits> = {}): ExchangeLimits {
  for (const [name, value] of Object.entries(limits)) {
    if (!(name in binanceSpotLimits))
      throw new OptionError(`limits.${name}`, "no such limit", value);
    if (!(value > 0)) throw new OptionError(`limits.${name}`, "a number above 0", value);
  }
  return { ...binanceSpotLimits, ...limits };
}

/** Counts what came within the last second: a window that slides, so no burst fits across its edge. */
export class InboundWindow {
  readonly #limit: number;
  readonly #arrivals: number[] = [];

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Whether one more arrival is still within the limit. */
  admits(nowMs: number): boolean {
    while (this.#arrivals[0] !== undefined && this.#arrivals[0] <= nowMs - 1_000) {
      this.#arrivals.shift();
    }
    this.#arrivals.push(nowMs);
    return this.#arrivals.length <= this.#limit;
  }
}
