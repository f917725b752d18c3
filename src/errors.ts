/**
 * Errors, by whose fault they are.
 *
 *   OptionError               the caller's: thrown at once, before any I/O
 *   ConnectionError           the network's or the venue's: reported, and what `ready()` rejects with
 *   ├─ ConnectionFailedError  refused for good, or out of retries
 *   └─ ConnectionClosedError  the owner closed it
 *   RefusedError              thrown by a user's own function: a server refused, for good or for now
 *   InternalError             an error inside the chart or one of its actors: it ended the connection
 *   Error                     ours: a bug
 */
import { describeLoss, type Loss } from "../machines/loss.ts";
import type { Refusal } from "../machines/refusal.ts";
import { redactGiven } from "./redact.ts";
import { describeShape, ignoreRejection, messageOf } from "./shape.ts";

/** An option, argument or combination that cannot work. Names it, what was expected and what came. */
export class OptionError extends TypeError {
  readonly code = "ERR_OPTION";
  /** Path of the option, such as `heartbeat.intervalMs`. */
  readonly option: string;
  readonly expected: string;

  constructor(option: string, expected: string, received: unknown) {
    super(`${option}: expected ${expected}, received ${show(received)}`);
    this.name = "OptionError";
    this.option = option;
    this.expected = expected;
  }
}

/** For what a function gave that it must not give. A promise is not left to reject unhandled. */
export function wrongValue(path: string, expected: string, given: unknown): OptionError {
  ignoreRejection(given);
  return new OptionError(path, expected, given);
}

/** Something between us and the peer. */
export abstract class ConnectionError extends Error {
  abstract readonly code: string;
  /** Whether trying again may help. */
  abstract readonly retryable: boolean;
}

/** The connection is in `failed`: refused for good, or `maxRetries` reached. `connect()` starts over. */
export class ConnectionFailedError extends ConnectionError {
  readonly code = "ERR_CONNECTION_FAILED";
  readonly retryable = false;
  readonly loss: Loss;
  /** The row of the verdict's table that decided. */
  readonly rule: string;

  constructor(loss: Loss, rule: string) {
    super(`connection failed: ${describeLoss(loss)}; decided by rule "${rule}"`);
    this.name = "ConnectionFailedError";
    this.loss = loss;
    this.rule = rule;
  }
}

/** The connection was closed by its owner. */
export class ConnectionClosedError extends ConnectionError {
  readonly code = "ERR_CONNECTION_CLOSED";
  readonly retryable = false;

  constructor() {
    super("the connection was closed by its owner");
    this.name = "ConnectionClosedError";
  }
}

/**
 * An error inside the chart or one of its actors has ended the connection: a bug, here or in what was handed
 * in (a clock, an event). `cause` is the error itself. What reads the feed throws it, `ready()` rejects with it.
 */
export class InternalError extends Error {
  readonly code = "ERR_INTERNAL";

  constructor(cause: unknown) {
    super(`internal error: ${messageOf(cause)}`, { cause });
    this.name = "InternalError";
  }
}

/**
 * What a function of yours (`authenticate`, `fetchSnapshot`, a function for the URL, the subprotocols or the
 * headers) throws when a server refuses: {@link never} for good, {@link later} for now. It is read by its
 * shape, so any error with a `refusal` will do.
 */
export class RefusedError extends Error {
  readonly code = "ERR_REFUSED";
  readonly refusal: Refusal;

  constructor(message: string, refusal: Refusal) {
    super(message);
    this.name = "RefusedError";
    this.refusal = refusal;
  }
}

/** A received value for an error message: short, escaped, without the credentials of a URL or a frame. */
function show(received: unknown): string {
  switch (typeof received) {
    case "string":
      return showText(redactGiven(received));
    case "bigint":
      return `${received}n`;
    case "function":
      return describeShape(received);
    case "symbol":
      return "a symbol";
    case "object":
      return received === null ? "null" : describeShape(received);
    case "number":
    case "boolean":
    case "undefined":
      return String(received);
  }
}

function showText(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 57)}...` : text);
}
