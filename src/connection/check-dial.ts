/** Checks of what is dialled: the same for plain options (at once) and for resolved ones (per attempt). */
import { OptionError, wrongValue } from "../errors.ts";
import { hasMethods, isPlainObject } from "../shape.ts";

const SCHEMES = ["ws:", "wss:", "http:", "https:", "ws+unix:"];

/** The URL as text. It may hold credentials, so no error shows more of it than its scheme. */
export function checkUrl(url: unknown, path: string): string {
  const expected = "a ws:, wss:, http:, https: or ws+unix: URL without a fragment";
  const text = isUrl(url) ? url.href : url;
  if (typeof text !== "string" || !URL.canParse(text)) {
    throw wrongValue(path, expected, typeof text === "string" ? shown(text) : text);
  }
  const parsed = new URL(text);
  if (!SCHEMES.includes(parsed.protocol)) throw new OptionError(path, expected, parsed.protocol);
  if (parsed.hash !== "") throw new OptionError(path, expected, "a URL with a fragment");
  return text;
}

/** A `URL` of any realm. */
export function isUrl(value: unknown): value is URL {
  return (
    value instanceof URL ||
    (typeof value === "object" && Object.prototype.toString.call(value) === "[object URL]")
  );
}

// RFC 6455 §4.1: subprotocol names are HTTP tokens and must be unique.
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

export function checkProtocols(protocols: unknown, path: string): readonly string[] {
  const expected = "a subprotocol name or a list of unique ones";
  const list: unknown = typeof protocols === "string" ? [protocols] : protocols;
  if (!Array.isArray(list)) throw wrongValue(path, expected, protocols);
  const names: string[] = [];
  for (const name of list as readonly unknown[]) {
    if (typeof name !== "string") throw new OptionError(path, expected, name);
    // Some servers take a token as a subprotocol: what is wrong with it is shown, never itself.
    if (!TOKEN.test(name)) throw new OptionError(path, expected, "one that is no HTTP token");
    if (names.includes(name)) throw new OptionError(path, expected, "one of them twice");
    names.push(name);
  }
  return names;
}

// RFC 9110 §5.5: no control characters but tab. What Node's http would throw on, said before any I/O.
// oxlint-disable-next-line no-control-regex
const ILLEGAL_IN_VALUE = /[^\t\x20-\x7e\x80-\xff]/;

export function checkHeaders(headers: unknown, path: string): Readonly<Record<string, string>> {
  // A `Headers`, a `Map` or a promise has no keys of its own: all that is in it would be left out silently.
  if (!isPlainObject(headers)) {
    throw wrongValue(path, "an object of header names and values", headers);
  }
  const checked: [string, string][] = [];
  for (const [name, value] of Object.entries(headers)) {
    if (!TOKEN.test(name)) throw new OptionError(path, "valid header names", name);
    // The value may be a credential: its type is shown, never itself.
    if (typeof value !== "string") {
      throw new OptionError(`${path}.${name}`, "a string", typeof value);
    }
    if (ILLEGAL_IN_VALUE.test(value)) {
      throw new OptionError(
        `${path}.${name}`,
        "a string without control characters",
        "one with some",
      );
    }
    checked.push([name, value]);
  }
  return Object.fromEntries(checked);
}

/** What is no URL, as far as it can hold no credential: neither userinfo, path nor query. */
function shown(text: string): string {
  const [head = ""] = text.split(/[/?#]/);
  if (!/^[\w.:[\]-]{0,60}$/.test(head)) return "no URL";
  return head === text ? text : `${head}/...`;
}

const METHODS = ["send", "ping", "pause", "resume", "close", "terminate"];

/** What a transport gave: a socket, by its methods. */
export function checkSocket(value: unknown, path: string): void {
  if (hasMethods(value, METHODS)) return;
  throw wrongValue(path, `a socket, with the methods ${METHODS.join(", ")}`, value);
}
