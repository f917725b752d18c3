/** `Map.groupBy`, which Node 20 does not have. */
export function groupBy<T, K>(
  items: readonly T[],
  by: (item: T) => K,
): ReadonlyMap<K, readonly T[]> {
  const groups = new Map<K, T[]>();
  for (const item of items) {
    const group = groups.get(by(item));
    if (group === undefined) groups.set(by(item), [item]);
    else group.push(item);
  }
  return groups;
}
