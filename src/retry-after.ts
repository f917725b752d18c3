/**
 * Retry-After, in milliseconds from the answer that carried it.
 *
 * Whether it is believed is the verdict's business (`RETRY_AFTER_LIMITS`); here a header is either
 * understood or not. `Date.parse` alone would read a year out of almost any words, so the three forms
 * of an HTTP date are matched first.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3}
 */

/** RFC 9110 knows whole seconds only; some servers send a fraction. */
const SECONDS = /^\d+(?:\.\d+)?$/;

/** IMF-fixdate, RFC 850 and asctime: RFC 9110 §5.6.7 has a recipient accept all three. */
const HTTP_DATES = [
  /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/,
  /^[A-Z][a-z]{5,8}, \d{2}-[A-Z][a-z]{2}-\d{2} \d{2}:\d{2}:\d{2} GMT$/,
  /^[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d{2}:\d{2}:\d{2} \d{4}$/,
];

/**
 * Milliseconds to wait, or undefined when the header is absent, garbled or in the past. A huge value
 * stays huge, but finite, so that a loss remains plain JSON.
 *
 * @param date - The answer's own `Date`: against it a date is right even where our clock is wrong.
 * @param wallMs - Our clock, for an answer without one.
 */
export function parseRetryAfter(
  header: string | undefined,
  date: string | undefined,
  wallMs: number,
): number | undefined {
  const value = header?.trim() ?? "";
  if (SECONDS.test(value)) return Math.min(Number(value) * 1_000, Number.MAX_SAFE_INTEGER);
  const atMs = parseHttpDate(value);
  if (atMs === undefined) return undefined;
  const waitMs = atMs - (parseHttpDate(date?.trim() ?? "") ?? wallMs);
  return waitMs >= 0 ? waitMs : undefined;
}

function parseHttpDate(text: string): number | undefined {
  if (!HTTP_DATES.some((form) => form.test(text))) return undefined;
  // asctime names no zone and means GMT; without it `Date.parse` would take ours.
  const atMs = Date.parse(text.endsWith("GMT") ? text : `${text} GMT`);
  return Number.isNaN(atMs) ? undefined : atMs;
}
