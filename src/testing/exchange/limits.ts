/** What the exchange allows a client, and what it expects of it. */
import { Queue } from "../../queue.ts";
import { OptionError } from "../../errors.ts";

/** The venue's own, by default. Infinity lifts one. */
export interface ExchangeLimits {
  /** Frames that a client may send within a time, counted separately for each window. */
  readonly inbound: readonly RateWindow[];
  /** Connections at a time; one more is answered with HTTP 429. @defaultValue Infinity */
  readonly maxConnections?: number | undefined;
  /** Topics on one connection. */
  readonly maxStreams: number;
  /** Time between the exchange's protocol pings; Infinity where it sends none. */
  readonly pingIntervalMs: number;
  /** How long a ping may stay unanswered; a pong after exactly this time still counts. */
  readonly pongTimeoutMs: number;
  /** Whether a pong that answers no ping keeps a connection alive too. @defaultValue false */
  readonly takesUnsolicitedPongs?: boolean | undefined;
  /** A connection of this age is closed. */
  readonly maxAgeMs: number;
}

/** A window that slides, so no burst fits across its edge. */
export interface RateWindow {
  readonly frames: number;
  readonly perMs: number;
  /** Whether the client's pings and pongs count too. */
  readonly countsControlFrames: boolean;
}

export interface LimitOptions extends Partial<ExchangeLimits> {
  /** Short for one window of a second that counts every frame. */
  readonly inboundPerSecond?: number | undefined;
}

/** The limits of an exchange: the venue's, but for what is given. */
export function createLimits(venue: ExchangeLimits, options: LimitOptions = {}): ExchangeLimits {
  const { inboundPerSecond, inbound, takesUnsolicitedPongs, ...others } = options;
  const known = new Set([...Object.keys(venue), "inboundPerSecond", "maxConnections"]);
  for (const [name, value] of Object.entries({ inboundPerSecond, ...others })) {
    if (!known.has(name)) throw new OptionError(`limits.${name}`, "no such limit", value);
    if (value !== undefined && !(value > 0))
      throw new OptionError(`limits.${name}`, "a number above 0", value);
  }
  for (const window of inbound ?? []) {
    if (!(window.frames > 0 && window.perMs > 0))
      throw new OptionError("limits.inbound", "windows of numbers above 0", window);
  }
  const windows =
    inboundPerSecond === undefined
      ? (inbound ?? venue.inbound)
      : [{ frames: inboundPerSecond, perMs: 1_000, countsControlFrames: true }];
  return {
    ...venue,
    ...others,
    inbound: windows,
    takesUnsolicitedPongs: takesUnsolicitedPongs ?? venue.takesUnsolicitedPongs,
  };
}

/** Counts what came within the last `perMs`. Memory is bounded: what is not admitted isn't kept. */
export class SlidingWindow {
  readonly #count: number;
  readonly #perMs: number;
  readonly #arrivals = new Queue<number>();

  constructor(count: number, perMs: number) {
    this.#count = count;
    this.#perMs = perMs;
  }

  /** Whether one more arrival is still within the limit; it counts if so. */
  admits(nowMs: number): boolean {
    const sinceMs = nowMs - this.#perMs;
    for (let first = this.#arrivals.first; first !== undefined && first <= sinceMs;) {
      this.#arrivals.take();
      first = this.#arrivals.first;
    }
    if (this.#arrivals.length >= this.#count) return false;
    this.#arrivals.push(nowMs);
    return true;
  }
}
