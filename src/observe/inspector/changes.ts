/** What changed between two views of a context: leaf by leaf, so that a step can be undone and redone. */
import type { Change, View, ViewObject } from "./protocol.ts";

/** More changes than this in one step are told as one, of the whole. */
const MAX_CHANGES = 40;

/** The changes that lead from `before` to `after`. */
export function changesBetween(before: View, after: View): readonly Change[] {
  const changes: Change[] = [];
  collect(before, after, [], changes);
  return changes.length > MAX_CHANGES ? [{ path: [], from: before, to: after }] : changes;
}

function collect(before: View, after: View, path: readonly string[], changes: Change[]): void {
  if (before === after) return;
  if (!isNested(before) || !isNested(after)) {
    if (!isEqual(before, after)) changes.push({ path, from: before, to: after });
    return;
  }
  for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
    const [from, to] = [before[key], after[key]];
    if (from === undefined && to !== undefined) changes.push({ path: [...path, key], to });
    else if (to === undefined && from !== undefined) changes.push({ path: [...path, key], from });
    else if (from !== undefined && to !== undefined) collect(from, to, [...path, key], changes);
  }
}

/** Lists change as a whole, and so does what stands for something that is not shown. */
function isNested(view: View): view is ViewObject {
  return typeof view === "object" && view !== null && !Array.isArray(view) && !("$" in view);
}

/** Views of one object are one object mostly: then nothing is compared. */
function isEqual(a: View, b: View): boolean {
  if (a === b) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const [left, right] = [Object.entries(a), Object.entries(b)];
  return (
    left.length === right.length &&
    left.every(([key, view]) => {
      const other = (b as ViewObject)[key];
      return other !== undefined && isEqual(view, other);
    })
  );
}
