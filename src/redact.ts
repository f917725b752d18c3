/**
 * Text that a person typed, made fit for an error message: a URL may carry a password or a token, and a
 * frame a login. Pure; every step is linear in the text.
 */

/** A URL in running text. The length of its scheme is bounded, so that the search stays linear. */
const URL_IN_TEXT = /\b([a-z][a-z0-9+.-]{0,20}:\/\/)([^\s"'`<>\\]*)/gi;

/** A host, with its port where there is one. */
const HOST = /^(?:\[[0-9a-f:.]+\]|[^:[\]]+)(?::\d+)?$/i;

/**
 * `text` with every URL in it cut down to scheme, host, port and path. What stood before an `@`, after a `?`
 * or after a `#` is left out, as is an authority that cannot be read.
 */
export function redactUrls(text: string): string {
  return text.replace(URL_IN_TEXT, (_, scheme: string, rest: string) => scheme + redactPlace(rest));
}

function redactPlace(rest: string): string {
  const [place = ""] = rest.split(/[?#]/, 1);
  const hidden = place.length < rest.length ? "?…" : "";
  const slash = place.indexOf("/");
  const authority = slash === -1 ? place : place.slice(0, slash);
  const path = slash === -1 ? "" : place.slice(slash);
  const host = authority.slice(authority.lastIndexOf("@") + 1);
  // An `@` behind the first slash: a password may hold one, unescaped.
  if (path.includes("@") || (host !== "" && !HOST.test(host))) return "…";
  return `${host}${path}${hidden}`;
}

/** What an error message may repeat of a text it was given: no credentials, and no frame. */
export function redactGiven(text: string): string {
  const [, scheme] = /^\s*([a-z][a-z0-9+.-]{0,20}:\/\/)/i.exec(text) ?? [];
  // All of it is meant as a URL: a space or a quote in it does not end it.
  if (scheme !== undefined && /[\s"'`<>\\]/.test(text.trim())) return `${scheme}…`;
  if (/^\s*[[{]/.test(text)) return `JSON text of ${text.length} characters`;
  return redactUrls(text);
}
