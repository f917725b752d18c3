/**
 * Text from outside, made fit to show.
 *
 * A close reason, a status message or a certificate's name arrives raw: it may forge a log line, move
 * a terminal's cursor or turn the reading direction (faults.md §C S16). A URL may carry a token in its
 * userinfo or query. Nothing from a peer reaches a loss but through here.
 */

/** The longest text a loss carries, in characters. */
const LIMIT = 200;

/** Cc: C0, DEL, C1. Cf: bidi controls, zero-width, BOM. Zl, Zp: U+2028, U+2029. Cs: lone surrogates. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u;

/** `text` with every control character as `\u{hex}`, at most `limit` characters. */
export function printable(text: string, limit = LIMIT): string {
  let shown = "";
  for (const character of text) {
    const next = UNPRINTABLE.test(character)
      ? `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`
      : character;
    if (shown.length + next.length > limit) return `${fit(shown, limit - 1)}…`;
    shown += next;
  }
  return shown;
}

/** `scheme://host:port/path` of a URL, absolute or relative to `base`; undefined when it is none. */
export function redactUrl(url: string, base?: string): string | undefined {
  const parsed = URL.parse(url, base);
  if (parsed === null) return undefined;
  // An opaque path (`data:`, `javascript:`) is content, not a place.
  const place = parsed.pathname.startsWith("/") ? `//${parsed.host}${parsed.pathname}` : "";
  return printable(`${parsed.protocol}${place}`);
}

/** Makes room for the ellipsis without cutting an escape or a surrogate pair in two. */
function fit(shown: string, limit: number): string {
  if (shown.length <= limit) return shown;
  return shown.replace(/(?:\\u\{[0-9a-f]+\}|[\s\S])$/u, "");
}
