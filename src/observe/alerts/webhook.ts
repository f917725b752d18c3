/** A sink that posts alerts to a URL, as JSON. */
import {
  checkClock,
  checkFunction,
  checkInteger,
  checkKeys,
  checkMs,
  checkSync,
} from "../../check.ts";
import { checkHeaders, isUrl } from "../../connection/check-dial.ts";
import { OptionError } from "../../errors.ts";
import { parseRetryAfter } from "../../retry-after.ts";
import { ignoreRejection, isMap, isPromiseLike } from "../../shape.ts";
import { realClock, type Clock } from "../../system.ts";
import type { AlertSink, RaisedAlert } from "./book.ts";

export interface WebhookOptions {
  /** Headers beside `content-type: application/json`. @defaultValue none */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /**
   * What is sent, as a JSON value but null: Slack reads `text`, Discord `content`.
   * @defaultValue the alert, its text cut at 4,000 characters
   */
  readonly body?: ((alert: RaisedAlert) => unknown) | undefined;
  /** How often one alert is tried, 1 to 10. @defaultValue 3 */
  readonly attempts?: number | undefined;
  /** How long one try may take, in milliseconds. @defaultValue 5,000 */
  readonly timeoutMs?: number | undefined;
  /** @defaultValue the global `fetch` */
  readonly fetch?: WebhookFetch | undefined;
  /** @defaultValue the machine's clock */
  readonly clock?: Clock | undefined;
}

/** What a webhook uses of `fetch`. */
export type WebhookFetch = (url: string, request: WebhookRequest) => Promise<WebhookResponse>;

/** One try, as `fetch` gets it. */
export interface WebhookRequest {
  readonly method: "POST";
  readonly headers: Record<string, string>;
  readonly body: string;
  readonly redirect: "manual";
  readonly signal: AbortSignal;
}

/** What a webhook reads of an answer; its body is never read. */
export interface WebhookResponse {
  readonly status: number;
  readonly headers?: { get(name: string): string | null } | undefined;
  readonly body?: { cancel(): Promise<void> } | null | undefined;
}

/** Characters of an alert's text that are sent. */
const MAX_TEXT = 4_000;

/** Characters of a body. */
const MAX_BODY = 65_536;

/** The wait before the second try, in milliseconds; it doubles with each. */
const FIRST_WAIT_MS = 1_000;

/** The longest Retry-After that is waited for, in milliseconds. */
const MAX_RETRY_AFTER_MS = 10_000;

/** Statuses, beside those from 500, after which another try may help: timeout, too early, too many requests. */
const PASSING: readonly number[] = [408, 425, 429];

/** Why a try failed; `retryAfterMs` is null where another one is in vain. */
interface Failure {
  readonly why: string;
  readonly retryAfterMs: number | null;
}

/**
 * A sink for `raiseAlerts` that posts each alert to `url`. A try that finds nobody, takes too long, or is
 * answered with 408, 425, 429 or 5xx is repeated after 1 s, 2 s and so on, or after Retry-After (10 s at most).
 * Then the sink rejects with an error that says why, has `retryable: false`, and never shows the URL, which
 * often is a secret. Redirects are not followed.
 *
 * @param url - An http: or https: URL.
 * @throws {@link OptionError} for options that cannot work.
 */
export function webhook(url: string | URL, options: WebhookOptions = {}): AlertSink {
  const known = ["headers", "body", "attempts", "timeoutMs", "fetch", "clock"] as const;
  checkKeys(options, "options", known);
  const target = checkTarget(url);
  const headers = {
    "content-type": "application/json",
    ...(options.headers === undefined ? {} : checkHeaders(options.headers, "headers")),
  };
  checkSync(options.body, "body");
  checkFunction(options.fetch, "fetch");
  const attempts = checkInteger(options.attempts, "attempts", 3, 1, 10);
  const timeoutMs = checkMs(options.timeoutMs, "timeoutMs", 5_000, 1);
  const { body: bodyOf = withShortText } = options;
  const clock = checkClock(options.clock, realClock);
  const send: WebhookFetch | undefined = options.fetch ?? globalThis.fetch;
  if (send === undefined)
    throw new OptionError("fetch", "a function, as there is no global one", send);

  return async (alert) => {
    const body = toJson(bodyOf(alert));
    for (let attempt = 1; ; attempt += 1) {
      const request = { method: "POST", headers, body, redirect: "manual" } as const;
      const failure = await post(send, target, request, timeoutMs, clock);
      if (failure === undefined) return;
      if (failure.retryAfterMs === null || attempt >= attempts) throw failed(failure.why);
      const waitMs = Math.max(FIRST_WAIT_MS * 2 ** (attempt - 1), failure.retryAfterMs);
      await new Promise<void>((resolve) => {
        clock.setTimeout(resolve, waitMs);
      });
    }
  };
}

/** No error shows anything of it but what is wrong. */
function checkTarget(url: unknown): string {
  const expected = "an http: or https: URL without userinfo";
  const text = isUrl(url) ? url.href : url;
  if (typeof text !== "string") throw new OptionError("url", expected, text);
  if (!URL.canParse(text)) throw new OptionError("url", expected, "no URL");
  const parsed = new URL(text);
  if (parsed.protocol !== "http:" && parsed.protocol !== "https:") {
    throw new OptionError("url", expected, parsed.protocol);
  }
  if (parsed.username !== "" || parsed.password !== "") {
    throw new OptionError("url", expected, "one with userinfo");
  }
  return text;
}

function withShortText(alert: RaisedAlert): unknown {
  const { text } = alert;
  return text.length <= MAX_TEXT ? alert : { ...alert, text: `${text.slice(0, MAX_TEXT - 1)}…` };
}

/** A promise and a map would both be sent as `{}`, and `null` says nothing of an alert. */
function toJson(value: unknown): string {
  ignoreRejection(value);
  let text: string | undefined;
  try {
    if (value !== null && !isPromiseLike(value) && !isMap(value)) text = JSON.stringify(value);
  } catch {
    text = undefined;
  }
  if (typeof text !== "string") throw failed("the webhook's body() gave what is no JSON");
  if (text.length > MAX_BODY) {
    throw failed(`the webhook's body is longer than ${MAX_BODY} characters`);
  }
  return text;
}

/** One try. It ends with the timeout, whatever `fetch` makes of its signal. */
function post(
  send: WebhookFetch,
  url: string,
  request: Omit<WebhookRequest, "signal">,
  timeoutMs: number,
  clock: Clock,
): Promise<Failure | undefined> {
  return new Promise((resolve) => {
    const controller = new AbortController();
    const timer = clock.setTimeout(() => {
      resolve({ why: `the webhook gave no answer within ${timeoutMs} ms`, retryAfterMs: 0 });
      controller.abort();
    }, timeoutMs);
    const settle = (failure: Failure | undefined): void => {
      clock.clearTimeout(timer);
      resolve(failure);
    };
    const answer = async (): Promise<Failure | undefined> => {
      const response = await send(url, { ...request, signal: controller.signal });
      if (!isResponse(response)) {
        return { why: "the webhook's fetch() gave no response", retryAfterMs: null };
      }
      response.body?.cancel().catch(() => undefined); // or its socket stays busy
      return judge(response, clock.nowMs());
    };
    answer().then(settle, (error: unknown) =>
      settle({ why: `the webhook was not reached${codeOf(error)}`, retryAfterMs: 0 }),
    );
  });
}

function isResponse(value: unknown): boolean {
  return typeof value === "object" && value !== null && "status" in value;
}

function judge({ status, headers }: WebhookResponse, nowMs: number): Failure | undefined {
  if (status >= 200 && status < 300) return undefined;
  const why = `the webhook answered ${status}`;
  if (status < 500 && !PASSING.includes(status)) return { why, retryAfterMs: null };
  const header = headers?.get("retry-after") ?? undefined;
  const askedMs = parseRetryAfter(header, headers?.get("date") ?? undefined, nowMs) ?? 0;
  return { why, retryAfterMs: Math.min(askedMs, MAX_RETRY_AFTER_MS) };
}

/** ` (ECONNREFUSED)`, where there is a code. Messages are left out: some have the URL in them. */
function codeOf(error: unknown): string {
  for (const from of [error, memberOf(error, "cause")]) {
    const code = memberOf(from, "code");
    if (typeof code === "string" && /^[A-Z][A-Z0-9_]{2,40}$/.test(code)) return ` (${code})`;
  }
  return "";
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
}

function failed(why: string): Error {
  return Object.assign(new Error(why), { code: "ERR_WEBHOOK", retryable: false });
}
