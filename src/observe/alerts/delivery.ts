/**
 * Alerts on their way to one sink: in order, one at a time, each tried a few times.
 *
 * What waits is bounded. A sink that fails, or never answers, is given up for that alert after its last try;
 * whatever a sink did not get is counted and reported.
 */
import { isPromiseLike } from "../../shape.ts";
import type { Clock } from "../../system.ts";
import type { AlertSink, RaisedAlert } from "./book.ts";

export interface DeliverySettings {
  readonly clock: Clock;
  /** How often an alert is tried. */
  readonly attempts: number;
  /** How long one try may take, in milliseconds. */
  readonly timeoutMs: number;
  /** A try has failed, or an alert was dropped untried. `willRetry` is false where the sink never gets it. */
  readonly onFailed: (error: unknown, alert: RaisedAlert, willRetry: boolean) => void;
}

/** Alerts that may wait for one sink; the oldest give way. */
const MAX_WAITING = 1_000;

/** The wait before the second try, in milliseconds; it doubles with each. */
const FIRST_WAIT_MS = 1_000;

export class Delivery {
  readonly #sink: AlertSink;
  readonly #settings: DeliverySettings;
  /** Those that the sink has not got, oldest first. */
  readonly #waiting = new Set<RaisedAlert>();
  /** The one that is under way. */
  #current: RaisedAlert | undefined;
  #timer: unknown;
  /** Called when nothing is under way any more. */
  readonly #idle: (() => void)[] = [];

  constructor(sink: AlertSink, settings: DeliverySettings) {
    this.#sink = sink;
    this.#settings = settings;
  }

  /** A sink that is idle is called within the call. */
  add(alert: RaisedAlert): void {
    const [oldest] = this.#waiting;
    if (this.#waiting.size >= MAX_WAITING && oldest !== undefined) {
      this.#waiting.delete(oldest);
      this.#settings.onFailed(new Error("too many alerts wait for this sink"), oldest, false);
    }
    this.#waiting.add(alert);
    this.#next();
  }

  get isIdle(): boolean {
    return this.#current === undefined;
  }

  /** Resolves when the sink has got, or was given up for, all that it was told. */
  whenIdle(): Promise<void> {
    if (this.isIdle) return Promise.resolve();
    return new Promise((resolve) => {
      this.#idle.push(resolve);
    });
  }

  /** Gives up all that the sink has not got. No timer is left. */
  abandon(): void {
    const undelivered = [...this.#waiting];
    if (this.#current !== undefined) undelivered.unshift(this.#current);
    this.#waiting.clear();
    this.#settings.clock.clearTimeout(this.#timer);
    this.#current = undefined;
    const error = new Error("not delivered before the end of the watch");
    for (const alert of undelivered) this.#settings.onFailed(error, alert, false);
    this.#rest();
  }

  #next(): void {
    while (this.#current === undefined) {
      const [alert] = this.#waiting;
      if (alert === undefined) {
        this.#rest();
        return;
      }
      this.#waiting.delete(alert);
      this.#current = alert;
      this.#try(alert, 1);
    }
  }

  #rest(): void {
    for (const resolve of this.#idle.splice(0)) resolve();
  }

  #try(alert: RaisedAlert, attempt: number): void {
    const { clock, timeoutMs } = this.#settings;
    let result: unknown;
    try {
      result = this.#sink(alert);
    } catch (error) {
      this.#failed(alert, attempt, error);
      return;
    }
    if (!isPromiseLike(result)) {
      this.#done(alert);
      return;
    }
    let isSettled = false;
    const settle = (then: () => void): void => {
      if (isSettled || this.#current !== alert) return;
      isSettled = true;
      clock.clearTimeout(this.#timer);
      then();
      this.#next();
    };
    this.#timer = clock.setTimeout(() => {
      const error = new Error(`the sink has not answered within ${timeoutMs} ms`);
      settle(() => this.#failed(alert, attempt, error));
    }, timeoutMs);
    Promise.resolve(result).then(
      () => settle(() => this.#done(alert)),
      (error: unknown) => settle(() => this.#failed(alert, attempt, error)),
    );
  }

  #done(alert: RaisedAlert): void {
    if (this.#current === alert) this.#current = undefined;
  }

  #failed(alert: RaisedAlert, attempt: number, error: unknown): void {
    const { clock, attempts, onFailed } = this.#settings;
    const willRetry = attempt < attempts && mayRetry(error);
    onFailed(error, alert, willRetry);
    if (!willRetry) {
      this.#done(alert);
      return;
    }
    this.#timer = clock.setTimeout(
      () => {
        this.#try(alert, attempt + 1);
        this.#next();
      },
      FIRST_WAIT_MS * 2 ** (attempt - 1),
    );
  }
}

/** An error may say that another try is in vain, as `webhook`'s do after their own tries. */
function mayRetry(error: unknown): boolean {
  const isObject = typeof error === "object" && error !== null;
  return !(isObject && "retryable" in error && error.retryable === false);
}
