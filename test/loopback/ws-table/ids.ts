/** The ids of all 291 rows of faults.md's appendix, so that none is lost. */
export const ids: readonly string[] = [
  ...range("A", 1, 13),
  ...range("B", 1, 11),
  ...range("C", 1, 12),
  ...range("D", 1, 26),
  ...each(
    "E01",
    [
      200, 204, 301, 302, 304, 307, 400, 401, 403, 404, 407, 408, 410, 418, 421, 425, 426, 429, 451,
      500, 501, 502, 503, 504, 520, 521, 522, 524, 530, 999,
    ],
  ),
  ...range("E", 2, 34),
  ...range("E", 40, 49),
  ...range("F", 1, 33),
  ...range("F", 40, 48),
  ...range("G", 1, 5),
  ...each(
    "H01",
    [
      0, 999, 1000, 1001, 1002, 1003, 1004, 1005, 1006, 1007, 1008, 1009, 1010, 1011, 1012, 1013,
      1014, 1015, 1016, 2999, 3000, 3999, 4000, 4408, 4999, 5000, 65535,
    ],
  ),
  ...range("H", 2, 11),
  ...range("I", 1, 8),
  ...range("I", 10, 28),
  ...range("I", 30, 44),
  ...range("J", 1, 30),
];

/** `range("A", 1, 3)` is A01, A02, A03. */
export function range(group: string, first: number, last: number): string[] {
  return Array.from(
    { length: last - first + 1 },
    (_, index) => `${group}${String(first + index).padStart(2, "0")}`,
  );
}

function each(id: string, variants: readonly number[]): string[] {
  return variants.map((variant) => `${id}.${variant}`);
}
