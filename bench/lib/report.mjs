// Markdown tables of results.
import { CONTROL } from "./interleave.mjs";
import { median, summary } from "./stats.mjs";

export function number(value, digits = 2) {
  if (value === Infinity) return "never";
  if (!Number.isFinite(value)) return "-";
  return value.toLocaleString("en", {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
}

/** A median and the least and greatest over rounds. */
export function spread(values, digits = 2) {
  if (values === undefined || values.length === 0) return "-";
  const { median: middle, min, max } = summary(values);
  if (values.length === 1) return number(middle, digits);
  return `${number(middle, digits)} (${number(min, digits)}–${number(max, digits)})`;
}

export function table(heads, rows) {
  const line = (cells) => `| ${cells.join(" | ")} |`;
  const rule = heads.map((_, column) => (column === 0 ? "---" : "--:"));
  return `${[line(heads), line(rule), ...rows.map(line)].join("\n")}\n`;
}

const nameCell = (name) => {
  if (name.startsWith("ws-supervisor")) return `**${name}**`;
  return name === CONTROL ? "raw `ws` against itself" : name;
};

/**
 * Results of `interleave` or `alternate`, one client a row, the base first, best ratio on top.
 *
 * @param {Record<string, any>} results
 * @param {readonly { head: string, figure: string, kind: "value" | "ratio" | "difference", digits?: number }[]} columns
 */
export function ratioTable(results, columns, baseName = "raw `ws`") {
  const byRatio = columns.find(({ kind }) => kind === "ratio")?.figure ?? columns[0].figure;
  const entries = Object.entries(results).sort(
    ([, one], [, other]) => median(one.ratios[byRatio]) - median(other.ratios[byRatio]),
  );
  const cell = (result, { figure, kind, digits }) => {
    if (kind === "value") return number(median(result.values[figure]), digits);
    return spread(kind === "ratio" ? result.ratios[figure] : result.differences[figure], digits);
  };
  const all = Object.values(results).map(({ bases }) => bases);
  const baseCell = ({ figure, kind, digits = 2 }) => {
    if (kind === "ratio") return number(1, digits);
    if (kind === "difference") return number(0, digits);
    return number(median(all.flatMap((bases) => bases[figure])), digits);
  };
  return table(
    ["", ...columns.map(({ head }) => head)],
    [
      [baseName, ...columns.map(baseCell)],
      ...entries.map(([name, result]) => [
        nameCell(name),
        ...columns.map((column) => cell(result, column)),
      ]),
    ],
  );
}
