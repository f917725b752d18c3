/** Alerts of one supervisor, to functions that bring them to people. */
import { checkClock, checkFunction, checkKeys, checkMs, requireFunction } from "../../check.ts";
import { OptionError } from "../../errors.ts";
import { onRejection } from "../../shape.ts";
import { realClock, type Clock } from "../../system.ts";
import { callGuarded } from "../../warn.ts";
import type { Observed } from "../observed.ts";
import { AlertBook, type AlertSink, type RaisedAlert } from "./book.ts";

export interface AlertOptions {
  /** Each gets every alert, in order. What a sink throws or rejects with is counted and reported. */
  readonly sinks: readonly AlertSink[];
  /** An outage shorter than this is nobody's business. @defaultValue 5,000 */
  readonly graceMs?: number | undefined;
  /**
   * What is over stays over for this long before it is said; by then most of the gaps of an outage are known.
   * @defaultValue 5,000
   */
  readonly settleMs?: number | undefined;
  /** Gaps, overflows and the like are over when none came for this long. @defaultValue 60,000 */
  readonly quietMs?: number | undefined;
  /** The same alert is told at most once in this time, unless it has become graver. @defaultValue 300,000 */
  readonly coolDownMs?: number | undefined;
  /**
   * Called for each failure of a sink. What it throws, or rejects with, is a warning of the process.
   * @defaultValue it is counted only
   */
  readonly onSinkFailed?: ((error: unknown, alert: RaisedAlert) => void) | undefined;
  /** @defaultValue the machine's clock */
  readonly clock?: Clock | undefined;
}

/** Alerts under way. */
export interface AlertWatch {
  /** Those that sinks were told of and that are not over. */
  readonly firing: readonly RaisedAlert[];
  readonly sinkFailures: number;
  /** Nothing is told any more, and no timer is left. */
  end(): void;
}

const KNOWN = [
  "sinks",
  "graceMs",
  "settleMs",
  "quietMs",
  "coolDownMs",
  "onSinkFailed",
  "clock",
] as const satisfies readonly (keyof AlertOptions)[];

/** Raises alerts for `supervisor` until it is closed, or `end()` is called. */
export function raiseAlerts(supervisor: Observed, options: AlertOptions): AlertWatch {
  checkKeys(options, "options", KNOWN);
  const { sinks, onSinkFailed } = options;
  const clock = checkClock(options.clock, realClock);
  if (!Array.isArray(sinks) || sinks.length === 0) {
    throw new OptionError("sinks", "an array of one function or more", sinks);
  }
  for (const [index, sink] of sinks.entries()) {
    requireFunction(sink, `sinks[${index}]`);
  }
  checkFunction(onSinkFailed, "onSinkFailed");
  const times = {
    graceMs: checkMs(options.graceMs, "graceMs", 5_000),
    settleMs: checkMs(options.settleMs, "settleMs", 5_000),
    quietMs: checkMs(options.quietMs, "quietMs", 60_000),
    coolDownMs: checkMs(options.coolDownMs, "coolDownMs", 300_000),
  };

  let sinkFailures = 0;
  const failed = (error: unknown, alert: RaisedAlert): void => {
    sinkFailures += 1;
    if (onSinkFailed !== undefined) callGuarded("onSinkFailed", () => onSinkFailed(error, alert));
  };
  const tell = (alert: RaisedAlert): void => {
    for (const sink of sinks) {
      try {
        onRejection(sink(alert), (error) => failed(error, alert));
      } catch (error) {
        failed(error, alert);
      }
    }
  };

  const book = new AlertBook(supervisor, clock, times, tell);
  const off = supervisor.on("*", (fact) => book.note(fact));
  return {
    get firing() {
      return book.firing;
    },
    get sinkFailures() {
      return sinkFailures;
    },
    end: () => {
      off();
      book.end();
    },
  };
}
