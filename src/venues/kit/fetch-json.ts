/**
 * One GET or POST over HTTP for a JSON answer: book snapshots, connection tokens.
 *
 * The answer's size is bounded, and an error names the status and never the URL's query.
 */
import { wrongValue } from "../../errors.ts";
import { parseRetryAfter } from "../../retry-after.ts";
import { hasMethods } from "../../shape.ts";

/** The `fetch` of the platform, as far as it is used; injected by tests and by those with a proxy. */
export type Fetch = (
  url: string,
  init: { readonly method: "GET" | "POST"; readonly signal: AbortSignal },
) => Promise<{
  readonly ok: boolean;
  readonly status: number;
  /** For Retry-After. */
  readonly headers?: { get(name: string): string | null } | undefined;
  text(): Promise<string>;
}>;

/** The answer was no success, or not what was asked for. Read by its shape where a snapshot is fetched. */
export class HttpError extends Error {
  readonly status: number;
  /** How long the server wants to be left alone, in milliseconds, where it says so. */
  readonly retryAfterMs: number | undefined;

  constructor(message: string, status: number, retryAfterMs?: number) {
    super(message);
    this.status = status;
    this.retryAfterMs = retryAfterMs;
  }
}

/** What a limiting server wants at least that names no time; 418 is a ban, at Binance from 2 minutes on. */
const FLOORS_MS: ReadonlyMap<number, number> = new Map([
  [418, 120_000],
  [429, 10_000],
]);

/** The host of a URL's origin, by which fetches from it are held together. */
export function hostOfUrl(url: string): string {
  return URL.canParse(url) ? new URL(url).host : url;
}

/** More than any venue's deepest book. */
const MAX_CHARS = 16 * 1024 * 1024;

export async function fetchJson(
  fetch: Fetch | undefined,
  method: "GET" | "POST",
  url: string,
  signal: AbortSignal,
): Promise<unknown> {
  const response = await (fetch ?? globalThis.fetch)(url, { method, signal });
  if (!hasMethods(response, ["text"])) throw wrongValue("fetch()", "a response", response);
  const { origin, pathname } = new URL(url);
  if (!response.ok) {
    const header = (name: string): string | undefined => {
      const given: unknown = response.headers?.get(name) ?? undefined;
      if (given === undefined || typeof given === "string") return given;
      throw wrongValue("fetch().headers.get()", "a string or null", given);
    };
    // Without a clock of ours: a date counts where the answer has one of its own to hold it against.
    const { status } = response;
    const askedMs = parseRetryAfter(header("retry-after"), header("date"), NaN);
    const what = `${method} ${origin}${pathname} answered ${status}`;
    throw new HttpError(what, status, askedMs ?? FLOORS_MS.get(status));
  }
  const text: unknown = await response.text();
  if (typeof text !== "string") throw wrongValue("fetch().text()", "a string", text);
  if (text.length > MAX_CHARS) throw new Error(`${method} ${origin}${pathname} answered too much`);
  return JSON.parse(text) as unknown;
}
