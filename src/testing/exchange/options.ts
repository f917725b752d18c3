/** What an exchange is told, whichever face it has, and the model made of it. */
import { checkFunction } from "../../check.ts";
import { OptionError } from "../../errors.ts";
import { callGuarded } from "../../warn.ts";
import type { Dialect } from "./dialect.ts";
import { dialectOf, type VenueId } from "./dialects/catalog.ts";
import type { ExchangeEvent } from "./events.ts";
import type { FaultPlan } from "./faults.ts";
import { createLimits, type LimitOptions } from "./limits.ts";
import { Market, type MarketOptions } from "./market.ts";
import { ExchangeModel } from "./model.ts";
import { Playback } from "./playback.ts";
import type { ExchangePort } from "./port.ts";
import type { RecordedFrame } from "./recording.ts";

export interface ExchangeOptions {
  /** Whose language it speaks. @defaultValue "binance-spot" */
  readonly venue?: VenueId | undefined;
  /** Decides every number, price and instant of the generated market. @defaultValue 1 */
  readonly seed?: number | undefined;
  /** The market to generate. Not together with `recording`. */
  readonly market?: MarketOptions | undefined;
  /**
   * Frames to play instead, each sent once and exactly as recorded to every subscriber, whatever
   * streams it asked for; the first subscriber starts it, by whichever path it came.
   */
  readonly recording?: readonly RecordedFrame[] | undefined;
  /** Times the recorded pace; Infinity says everything at once. @defaultValue 1 */
  readonly speed?: number | undefined;
  /** Plays the recording again after its end; else silence follows. @defaultValue false */
  readonly loop?: boolean | undefined;
  /** What goes wrong, counted from the start of the exchange, or of its replay. @defaultValue nothing */
  readonly faults?: FaultPlan | undefined;
  /** @defaultValue the venue's */
  readonly limits?: LimitOptions | undefined;
  /** Told what happens, as it happens. What it throws, or rejects with, is a warning of the process. */
  readonly onEvent?: ((event: ExchangeEvent) => void) | undefined;
}

/** @throws OptionError */
export function createModel(
  options: ExchangeOptions,
  startAtMs: number,
  port: ExchangePort,
): ExchangeModel {
  const { seed = 1, recording, speed, loop, faults = [] } = options;
  if (!Number.isSafeInteger(seed)) throw new OptionError("seed", "a whole number", seed);
  if (recording !== undefined && options.market !== undefined) {
    throw new OptionError("market", "nothing beside a recording", options.market);
  }
  const dialect: Dialect = dialectOf(options.venue ?? "binance-spot");
  const limits = createLimits(dialect.limits, options.limits);
  const { onEvent: tell } = options;
  checkFunction(tell, "onEvent");
  const onEvent = (event: ExchangeEvent): void => {
    if (tell !== undefined) callGuarded("onEvent", () => tell(event));
  };
  const common = { dialect, limits, faults, port, onEvent };
  if (recording !== undefined) {
    const source = new Playback(recording, { speed, loop });
    return new ExchangeModel({ ...common, source, market: undefined }, startAtMs);
  }
  const { symbols = dialect.symbols } = options.market ?? {};
  const market = new Market(seed, startAtMs, { ...options.market, symbols }, dialect.numbering);
  return new ExchangeModel({ ...common, source: market, market }, startAtMs);
}
