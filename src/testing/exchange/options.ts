/** What an exchange is told, whichever face it has, and the model made of it. */
import { OptionError } from "../../errors.ts";
import type { ExchangeEvent } from "./events.ts";
import type { FaultPlan } from "./faults.ts";
import { createLimits, type ExchangeLimits } from "./limits.ts";
import { Market, type MarketOptions } from "./market.ts";
import { ExchangeModel } from "./model.ts";
import { Playback } from "./playback.ts";
import type { ExchangePort } from "./port.ts";
import type { RecordedFrame } from "./recording.ts";

export interface ExchangeOptions {
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
  /** @defaultValue Binance spot's */
  readonly limits?: Partial<ExchangeLimits> | undefined;
  /** Told what happens, as it happens. Must not throw. */
  readonly onEvent?: ((event: ExchangeEvent) => void) | undefined;
}

/** @throws OptionError */
export function createModel(
  options: ExchangeOptions,
  startAtMs: number,
  port: ExchangePort,
): ExchangeModel {
  const { seed = 1, market, recording, speed, loop, faults = [], limits } = options;
  if (!Number.isSafeInteger(seed)) throw new OptionError("seed", "a whole number", seed);
  if (recording !== undefined && market !== undefined) {
    throw new OptionError("market", "nothing beside a recording", market);
  }
  const source =
    recording === undefined
      ? new Market(seed, startAtMs, market)
      : new Playback(recording, { speed, loop });
  const onEvent = options.onEvent ?? (() => {});
  return new ExchangeModel(
    { source, limits: createLimits(limits), faults, port, onEvent },
    startAtMs,
  );
}
