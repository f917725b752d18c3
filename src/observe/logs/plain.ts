/**
 * A payload as small plain data that any logger can write: names of topics and streams come from a peer and
 * may forge a line, a list may have 10,000 entries, and `JSON.stringify` throws at a bigint.
 */
import { isErrorObject, isMap, messageOf } from "../../shape.ts";
import { printable } from "../../transport/printable.ts";

const MAX_ITEMS = 20;
const MAX_DEPTH = 5;
/** Of one payload, in all: what a function of the user's threw may be large in every direction. */
const MAX_VALUES = 200;

interface Budget {
  values: number;
}

export function plainFields(
  value: object,
  depth = 0,
  budget: Budget = { values: MAX_VALUES },
): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(value)
      .slice(0, MAX_ITEMS)
      .map(([key, item]) => [printable(key), plain(item, depth + 1, budget)]),
  );
}

function plain(value: unknown, depth: number, budget: Budget): unknown {
  budget.values -= 1;
  if (budget.values < 0) return "…";
  switch (typeof value) {
    case "string":
      return printable(value);
    case "bigint":
      return value.toString();
    case "number":
    case "boolean":
    case "undefined":
      return value;
    case "function":
    case "symbol":
      return undefined;
    case "object":
      break;
  }
  if (value === null) return null;
  if (isErrorObject(value)) return printable(messageOf(value));
  if (depth >= MAX_DEPTH) return "…";
  if (ArrayBuffer.isView(value)) return { bytes: value.byteLength };
  if (isMap(value)) return { size: value.size };
  if (Array.isArray(value)) {
    const shown = value.slice(0, MAX_ITEMS).map((item) => plain(item, depth + 1, budget));
    return value.length > MAX_ITEMS ? [...shown, `and ${value.length - MAX_ITEMS} more`] : shown;
  }
  return plainFields(value, depth, budget);
}
