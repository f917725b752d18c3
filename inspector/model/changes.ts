/** Contexts through time: a step's changes, done to a context or undone from it. */
import type { Change, View, ViewObject } from "../../src/observe/inspector/protocol.ts";

/** The context after a step. */
export function redo(context: View, changes: readonly Change[]): View {
  return changes.reduce<View>((at, { path, to }) => put(at, path, to), context);
}

/** The context before a step. */
export function undo(context: View, changes: readonly Change[]): View {
  return changes.reduceRight<View>((at, { path, from }) => put(at, path, from), context);
}

function put(view: View, path: readonly string[], value: View | undefined): View {
  const [key, ...rest] = path;
  if (key === undefined) return value ?? null;
  const object: ViewObject =
    typeof view === "object" && view !== null && !Array.isArray(view) ? (view as ViewObject) : {};
  if (rest.length === 0 && value === undefined) {
    const { [key]: _, ...others } = object;
    return others;
  }
  return { ...object, [key]: put(object[key] ?? null, rest, value) };
}
