/** Alerts of one supervisor, to functions that bring them to people. */
import {
  checkClock,
  checkFunction,
  checkInteger,
  checkKeys,
  checkMs,
  requireFunction,
} from "../../check.ts";
import { OptionError } from "../../errors.ts";
import { realClock, type Clock } from "../../system.ts";
import { callGuarded } from "../../warn.ts";
import type { Observed } from "../observed.ts";
import { AlertBook, type AlertSink, type RaisedAlert } from "./book.ts";
import { Delivery } from "./delivery.ts";

export interface AlertOptions {
  /**
   * Each gets every alert, in order, the next one when it is done with the one before. What a sink throws or
   * rejects with is counted and reported, and the alert is tried again after 1 s, 2 s and so on; an error with
   * `retryable: false` ends the tries. At most 1,000 alerts wait for a sink; then the oldest is given up.
   */
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
  /** How often an alert is tried at a sink that fails, 1 to 10. @defaultValue 3 */
  readonly sinkAttempts?: number | undefined;
  /** How long a sink's promise may take; then that try has failed. @defaultValue 60,000 */
  readonly sinkTimeoutMs?: number | undefined;
  /** How long `end()` waits for sinks; what they have not got then is given up. @defaultValue 10,000 */
  readonly flushTimeoutMs?: number | undefined;
  /**
   * Called for each try that failed. Where `willRetry` is false that sink does not get the alert. What it
   * throws, or rejects with, is a warning of the process.
   * @defaultValue it is counted only
   */
  readonly onSinkFailed?:
    ((error: unknown, alert: RaisedAlert, willRetry: boolean) => void) | undefined;
  /** @defaultValue the machine's clock */
  readonly clock?: Clock | undefined;
}

/** Alerts under way. */
export interface AlertWatch {
  /** Those that sinks were told of and that are not over. */
  readonly firing: readonly RaisedAlert[];
  /** Tries that failed, of all sinks. */
  readonly sinkFailures: number;
  /** Alerts that a sink did not get, summed over sinks. */
  readonly undelivered: number;
  /**
   * Ends the watch: what is over and waits to be told is told now, nothing after that. Resolves when every sink
   * has got what it was told, or after `flushTimeoutMs`; no timer is left then. It never rejects.
   */
  end(): Promise<void>;
}

const KNOWN = [
  "sinks",
  "graceMs",
  "settleMs",
  "quietMs",
  "coolDownMs",
  "sinkAttempts",
  "sinkTimeoutMs",
  "flushTimeoutMs",
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

  const attempts = checkInteger(options.sinkAttempts, "sinkAttempts", 3, 1, 10);
  const timeoutMs = checkMs(options.sinkTimeoutMs, "sinkTimeoutMs", 60_000, 1);
  const flushTimeoutMs = checkMs(options.flushTimeoutMs, "flushTimeoutMs", 10_000);

  let sinkFailures = 0;
  let undelivered = 0;
  const onFailed = (error: unknown, alert: RaisedAlert, willRetry: boolean): void => {
    sinkFailures += 1;
    if (!willRetry) undelivered += 1;
    if (onSinkFailed === undefined) return;
    callGuarded("onSinkFailed", () => onSinkFailed(error, alert, willRetry));
  };
  const deliveries = sinks.map(
    (sink) => new Delivery(sink, { clock, attempts, timeoutMs, onFailed }),
  );
  const book = new AlertBook(supervisor, clock, times, (alert) => {
    for (const delivery of deliveries) delivery.add(alert);
  });
  const off = supervisor.on("*", (fact) => book.note(fact));

  const flush = async (): Promise<void> => {
    if (deliveries.every(({ isIdle }) => isIdle)) return;
    const timer = clock.setTimeout(() => {
      for (const delivery of deliveries) delivery.abandon();
    }, flushTimeoutMs);
    await Promise.all(deliveries.map((delivery) => delivery.whenIdle()));
    clock.clearTimeout(timer);
  };
  let ended: Promise<void> | undefined;
  return {
    get firing() {
      return book.firing;
    },
    get sinkFailures() {
      return sinkFailures;
    },
    get undelivered() {
      return undelivered;
    },
    end: () => {
      off();
      book.end();
      ended ??= flush();
      return ended;
    },
  };
}
