/**
 * One GET or POST over HTTP for a JSON answer: book snapshots, connection tokens.
 *
 * The answer's size is bounded, and an error names the status and never the URL's query.
 */

/** The `fetch` of the platform, as far as it is used; injected by tests and by those with a proxy. */
export type Fetch = (
  url: string,
  init: { readonly method: "GET" | "POST"; readonly signal: AbortSignal },
) => Promise<{ readonly ok: boolean; readonly status: number; text(): Promise<string> }>;

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
  if (!response.ok) throw new Error(`${method} ${origin}${pathname} answered ${response.status}`);
  const text = await response.text();
  if (text.length > MAX_CHARS) throw new Error(`${method} ${origin}${pathname} answered too much`);
  return JSON.parse(text) as unknown;
}
