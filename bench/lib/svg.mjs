// Small plots as SVG, written by hand: bars with their range, steps over time. Readable on light and dark.
import { median } from "./stats.mjs";

const WIDTH = 760;
const FONT = 'font-family="system-ui, sans-serif" font-size="13"';
const OURS = "#1f77b4";
const OTHERS = "#9aa5b1";
const INK = "#6b7280";

const escape = (text) =>
  String(text).replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

function document(height, title, parts) {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img">`,
    `<title>${escape(title)}</title>`,
    `<g ${FONT} fill="${INK}">`,
    `<text x="8" y="20" font-weight="600">${escape(title)}</text>`,
    ...parts,
    "</g>",
    "</svg>\n",
  ].join("\n");
}

const round = (value) => Math.round(value * 10) / 10;

/**
 * Horizontal bars: a median, and a line from the least to the greatest.
 *
 * @param {{ title: string, bars: readonly { name: string, values: readonly number[] }[], reference?: number, unit?: string, digits?: number }} chart
 * `reference` is drawn as a line; a bar of Infinity says "never".
 */
export function barChart({ title, bars, reference, unit = "", digits = 2, ascending = false }) {
  const LEFT = 230;
  const ROW = 24;
  const sorted = [...bars].sort((one, other) => median(other.values) - median(one.values));
  if (ascending) sorted.reverse();
  const finite = sorted.flatMap(({ values }) => values.filter(Number.isFinite));
  const most = Math.max(reference ?? 0, ...finite);
  const x = (value) => LEFT + (Math.min(value, most) / most) * (WIDTH - LEFT - 110);
  const parts = sorted.flatMap(({ name, values }, row) => {
    const y = 36 + row * ROW;
    const middle = median(values);
    const colour = name.startsWith("ws-supervisor") ? OURS : OTHERS;
    const label = Number.isFinite(middle) ? `${middle.toFixed(digits)}${unit}` : "never";
    const least = x(Math.min(...values));
    const greatest = x(Math.max(...values));
    const end = Number.isFinite(middle) ? x(middle) : LEFT;
    return [
      `<text x="${LEFT - 8}" y="${y + 14}" text-anchor="end">${escape(name)}</text>`,
      `<rect x="${LEFT}" y="${y}" width="${round(end - LEFT)}" height="${ROW - 6}" fill="${colour}"/>`,
      ...(greatest > least && Number.isFinite(middle)
        ? [
            `<path d="M${round(least)} ${y + 9}H${round(greatest)}" stroke="${INK}" stroke-width="2"/>`,
          ]
        : []),
      `<text x="${round(Number.isFinite(middle) ? Math.max(end, greatest) + 6 : LEFT + 6)}" y="${y + 14}">${label}</text>`,
    ];
  });
  const height = 36 + sorted.length * ROW + 12;
  if (reference !== undefined) {
    const at = round(x(reference));
    parts.push(`<path d="M${at} 30V${height - 8}" stroke="${INK}" stroke-dasharray="4 4"/>`);
  }
  return document(height, title, parts);
}

/**
 * Small multiples of counts over time, one row each, all on one scale of time and each on its own height.
 *
 * @param {{ title: string, rows: readonly { name: string, counts: readonly number[] }[], seconds: number, perSecond: number, note?: string }} chart
 */
export function histogramChart({ title, rows, seconds, perSecond }) {
  const LEFT = 230;
  const ROW = 58;
  const width = WIDTH - LEFT - 20;
  const slots = seconds * perSecond;
  const parts = rows.flatMap(({ name, counts }, row) => {
    const bottom = 36 + (row + 1) * ROW - 14;
    const shown = Array.from({ length: slots }, (_, slot) => counts[slot] ?? 0);
    const most = Math.max(1, ...shown);
    const colour = name.startsWith("ws-supervisor") ? OURS : OTHERS;
    const path = shown.flatMap((count, slot) => {
      if (count === 0) return [];
      const at = round(LEFT + (slot / slots) * width);
      return [`M${at} ${bottom}V${round(bottom - (count / most) * (ROW - 20))}`];
    });
    return [
      `<text x="${LEFT - 8}" y="${bottom - 12}" text-anchor="end">${escape(name)}</text>`,
      `<text x="${LEFT - 8}" y="${bottom + 3}" text-anchor="end" font-size="11">peak ${most}</text>`,
      `<path d="${path.join("")}" stroke="${colour}" stroke-width="1.6"/>`,
      `<path d="M${LEFT} ${bottom}H${LEFT + width}" stroke="${INK}" stroke-width="0.5"/>`,
    ];
  });
  const height = 36 + rows.length * ROW + 24;
  for (let second = 0; second <= seconds; second += 10) {
    const at = round(LEFT + (second / seconds) * width);
    parts.push(
      `<text x="${at}" y="${height - 8}" text-anchor="middle" font-size="11">${second} s</text>`,
    );
  }
  return document(height, title, parts);
}
