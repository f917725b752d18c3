/** Rows of cells as lines, each column as wide as its widest cell. */

/** `right` names the columns whose cells stand at their right edge: numbers. */
export function textTable(
  rows: readonly (readonly string[])[],
  right: (column: number) => boolean = () => false,
): readonly string[] {
  const columns = Math.max(0, ...rows.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  );
  return rows.map((row) =>
    row
      .map((cell, column) => {
        const width = widths[column] ?? 0;
        return right(column) ? cell.padStart(width) : cell.padEnd(width);
      })
      .join("  ")
      .trimEnd(),
  );
}
