/**
 * One GET or POST over HTTP for a JSON answer: book snapshots, connection tokens.
 *
 * The answer's size is bounded, and an error names the status and never the URL's query.
 */

import { parseRetryAfter } from "../../retry-after.ts";

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

/** The answer was no success. */
class HttpError extends Error {
  /** How long the server wants to be left alone, in milliseconds, where it says so. */
  readonly retryAfterMs: number | undefined;

  constructor(message: string, retryAfterMs: number | undefined) {
    super(message);
    this.retryAfterMs = retryAfterMs;
  }
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
  const { origin, pathname } = new URL(url);
  if (!response.ok) {
    const header = (name: string) => response.headers?.get(name) ?? undefined;
    // Without a clock of ours: a date counts where the answer has one of its own to hold it against.
    const retryAfterMs = parseRetryAfter(header("retry-after"), header("date"), NaN);
    throw new HttpError(`${method} ${origin}${pathname} answered ${response.status}`, retryAfterMs);
  }
  const text = await response.text();
  if (text.length > MAX_CHARS) throw new Error(`${method} ${origin}${pathname} answered too much`);
  return JSON.parse(text) as unknown;
}
