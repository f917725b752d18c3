/**
 * One integer out of a message's own text, digit by digit, for where `JSON.parse` rounds it.
 *
 * Node 20 has no way to see a number's source, and a second full parser for one field of a few venues
 * is too much: this walks the text along a path of keys and indexes, past whatever lies beside it.
 * Strings are skipped as strings, so that nothing inside them is mistaken for a key.
 *
 * It expects JSON that `JSON.parse` has taken already. Where an object names a key twice it takes the
 * first (`JSON.parse` the last).
 */

/** Keys of objects and indexes of arrays, from the outside in. */
export type JsonPath = readonly (string | number)[];

const QUOTE = 0x22;
const PLUS = 0x2b;
const COMMA = 0x2c;
const MINUS = 0x2d;
const DOT = 0x2e;
const COLON = 0x3a;
const OPEN_ARRAY = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/**
 * `parsed`, where it is exact; the same integer read from `raw` where `JSON.parse` may have rounded it.
 * Undefined where there is no integer. The text is read only when it must be.
 */
export function exactPosition(
  parsed: unknown,
  raw: Buffer,
  ...path: JsonPath
): number | bigint | undefined {
  if (typeof parsed !== "number") return undefined;
  return Number.isSafeInteger(parsed) ? parsed : exactInteger(raw, ...path);
}

/**
 * The integer at `path`: a number where a double holds it, else a bigint. Undefined where there is
 * nothing, something else, or a number with a fraction or an exponent.
 */
export function exactInteger(raw: Buffer, ...path: JsonPath): number | bigint | undefined {
  let at = skipSpace(raw, 0);
  for (const step of path) {
    const found = typeof step === "string" ? memberOf(raw, at, step) : elementOf(raw, at, step);
    if (found === undefined) return undefined;
    at = found;
  }
  return integerAt(raw, at);
}

/** Where the value of `key` begins, in the object that begins at `at`. */
function memberOf(raw: Buffer, at: number, key: string): number | undefined {
  if (raw[at] !== OPEN_OBJECT) return undefined;
  let next = skipSpace(raw, at + 1);
  while (raw[next] === QUOTE) {
    const end = skipString(raw, next);
    const colon = skipSpace(raw, end);
    if (raw[colon] !== COLON) return undefined;
    const value = skipSpace(raw, colon + 1);
    if (isKey(raw, next, end, key)) return value;
    next = skipSpace(raw, skipValue(raw, value));
    if (raw[next] !== COMMA) return undefined;
    next = skipSpace(raw, next + 1);
  }
  return undefined;
}

/** Where element `index` begins, in the array that begins at `at`. */
function elementOf(raw: Buffer, at: number, index: number): number | undefined {
  if (raw[at] !== OPEN_ARRAY) return undefined;
  let next = skipSpace(raw, at + 1);
  for (let passed = 0; passed < index; passed += 1) {
    next = skipSpace(raw, skipValue(raw, next));
    if (raw[next] !== COMMA) return undefined;
    next = skipSpace(raw, next + 1);
  }
  return raw[next] === CLOSE_ARRAY ? undefined : next;
}

function integerAt(raw: Buffer, at: number): number | bigint | undefined {
  const digits = raw[at] === MINUS ? at + 1 : at;
  let end = digits;
  while (isDigit(raw[end])) end += 1;
  if (end === digits || isWordByte(raw[end])) return undefined; // a fraction or an exponent follows
  const text = raw.toString("latin1", at, end);
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : BigInt(text);
}

/** Whether the string token `start … end` spells `key`. */
function isKey(raw: Buffer, start: number, end: number, key: string): boolean {
  const token = raw.toString("utf8", start, end);
  return token.includes("\\") ? JSON.parse(token) === key : token.slice(1, -1) === key;
}

/** Behind the string that begins at `at`. */
function skipString(raw: Buffer, at: number): number {
  let next = at + 1;
  while (next < raw.length) {
    const byte = raw[next];
    if (byte === QUOTE) return next + 1;
    next += byte === BACKSLASH ? 2 : 1;
  }
  return raw.length;
}

/** Behind the value that begins at `at`. */
function skipValue(raw: Buffer, at: number): number {
  let depth = 0;
  let next = at;
  do {
    const byte = raw[next];
    if (byte === QUOTE) {
      next = skipString(raw, next);
      continue;
    }
    if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) depth += 1;
    else if (byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) depth -= 1;
    else if (depth === 0) return skipWord(raw, next);
    next += 1;
  } while (depth > 0 && next < raw.length);
  return next;
}

/** Behind a number, `true`, `false` or `null`. */
function skipWord(raw: Buffer, at: number): number {
  let next = at;
  while (isWordByte(raw[next])) next += 1;
  return next;
}

function skipSpace(raw: Buffer, at: number): number {
  let next = at;
  while (isSpace(raw[next])) next += 1;
  return next;
}

function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39;
}

/** Letters, digits and the signs of numbers: none of them ends a word. */
function isWordByte(byte: number | undefined): boolean {
  return (
    isDigit(byte) ||
    byte === DOT ||
    byte === MINUS ||
    byte === PLUS ||
    (byte !== undefined && (byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x7a)
  );
}
