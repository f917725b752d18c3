// Herd: a server drops everybody at once. How do they come back?
import { formulas } from "../herd/formulas.mjs";
import { front, searchFamily } from "../herd/front.mjs";
import { SITUATION, SLOTS_PER_SECOND } from "../herd/gatekeeper.mjs";
import { realHerd } from "../herd/real.mjs";
import { simulateHerd } from "../herd/simulate.mjs";
import { machines } from "../lib/packages.mjs";
import { number, table } from "../lib/report.mjs";
import { median } from "../lib/stats.mjs";
import { histogramChart } from "../lib/svg.mjs";

export const title = "A herd of reconnecting clients";
export const about =
  "1,000 clients are dropped at once; the server accepts 50 a second (a bucket of a tenth of a second) " +
  "and answers the others 503, with and without a Retry-After that tells each its turn in whole seconds; " +
  "and the same after 60 s in which nothing listens. Peers by simulation of their formulas; ours through " +
  "the real code, 1,000 supervisors on virtual time, and by simulation beside it. Medians over seeds; " +
  "times are seconds since the server takes connections again. No client could do better than 19.8 s at " +
  "the 99th percentile with one attempt each.";

const DOWN_SECONDS = 60;
/** Nobody's figures move in the second digit any more with more seeds. */
const SEEDS = 100;
const FRONT_SEEDS = 7;
const REAL_SEEDS = 5;

const REPORTED = ["peak", "attempts", "t50", "t99", "t100", "gaveUp", "lost"];
const medians = (runs) =>
  Object.fromEntries(REPORTED.map((figure) => [figure, median(runs.map((run) => run[figure]))]));
const seedsUpTo = (count) => Array.from({ length: count }, (_, i) => i + 1);

/** The default of the built package as a formula, so that nothing is written down twice. */
async function ourFormula() {
  const { backoffMs, defaultBackoff } = await machines();
  return (failures, previous, random) =>
    backoffMs(defaultBackoff, {
      failures: failures + 1,
      previousMs: previous * 1_000,
      outageMs: 0,
      isLongOutage: false,
      random: random(),
    }) / 1_000;
}

export async function run({ log, isQuick }) {
  const seeds = isQuick ? 10 : SEEDS;
  const realSeeds = seedsUpTo(isQuick ? 2 : REAL_SEEDS);
  log("real code on virtual time");
  const real = {};
  const settings = {
    now: {},
    retryAfter: { retryAfter: true },
    later: { downSeconds: DOWN_SECONDS },
    laterRetryAfter: { downSeconds: DOWN_SECONDS, retryAfter: true },
    loneClient: { options: { backoff: "lone-client" } },
  };
  let histogram = [];
  for (const [name, setting] of Object.entries(settings)) {
    const runs = [];
    for (const seed of realSeeds) runs.push(await realHerd({ ...setting, seed }));
    real[name] = medians(runs);
    if (name === "now") ({ histogram } = runs[0]);
  }

  log("every formula by simulation");
  const simulated = {};
  const histograms = { "ws-supervisor": histogram };
  for (const [name, wait] of Object.entries({
    "ws-supervisor": await ourFormula(),
    ...formulas,
  })) {
    // A client that never waits makes millions of attempts.
    const count = name.startsWith("ccxt") ? 2 : seeds;
    const runs = (downSeconds) =>
      seedsUpTo(count).map((seed) => simulateHerd(wait, { seed, downSeconds }));
    const now = runs(0);
    simulated[name] = { now: medians(now), later: medians(runs(DOWN_SECONDS)) };
    histograms[name] ??= now[0].histogram;
  }

  log("Pareto front");
  const { defaultBackoff } = await machines();
  const members = searchFamily(seedsUpTo(isQuick ? 3 : FRONT_SEEDS));
  return {
    real,
    simulated,
    histograms: Object.fromEntries(
      Object.entries(histograms).map(([name, counts]) => [
        name,
        counts.slice(0, SHOWN_SECONDS * 10),
      ]),
    ),
    front: front(members),
    chosen: members.find(
      ({ first, factor, cap, jitter }) =>
        first * 1_000 === defaultBackoff.firstMs &&
        factor === defaultBackoff.factor &&
        cap * 1_000 === defaultBackoff.capMs &&
        jitter === defaultBackoff.jitter,
    ),
  };
}

const SHOWN_SECONDS = 60;

const heads = ["", "peak per 100 ms", "attempts each", "t50 s", "t99 s", "t100 s", "gave up"];
const row = (name, figures) => [
  name,
  number(figures.peak, 0),
  number(figures.attempts, 1),
  ...["t50", "t99", "t100"].map((share) => number(figures[share] ?? Infinity, 1)),
  number(figures.gaveUp, 0),
];

export function render({ real, simulated, front: members, chosen }) {
  const byT99 = (key) =>
    Object.entries(simulated)
      .sort(([, one], [, other]) => (one[key].t99 ?? 1e9) - (other[key].t99 ?? 1e9))
      .map(([name, figures]) =>
        row(name === "ws-supervisor" ? `**${name}**, simulated` : name, figures[key]),
      );
  return [
    "### At once\n",
    table(heads, [
      row("**ws-supervisor**, real code", real.now),
      row("**ws-supervisor**, real code, Retry-After", real.retryAfter),
      row('**ws-supervisor**, real code, preset "lone-client"', real.loneClient),
      ...byT99("now"),
    ]),
    "### After 60 s of outage\n",
    table(heads, [
      row("**ws-supervisor**, real code", real.later),
      row("**ws-supervisor**, real code, Retry-After", real.laterRetryAfter),
      ...byT99("later"),
    ]),
    "### The choice\n",
    "The family: first wait U(0, first), then jitter under a ceiling that grows from `first` by `factor` " +
      "to `cap`. Of all that were tried, those below are beaten by none of the family in every respect " +
      "(first wait, peak, attempts, t99, and after an outage), come within 27 s both times with a peak of at " +
      "most 65 and 3.6 attempts, and have a lone client wait 2 s or less on average. The first wait's width sets the peak, the cap the tail, the " +
      "growth the wasted attempts.\n",
    table(
      [
        "first s",
        "factor",
        "cap s",
        "jitter",
        "peak",
        "attempts",
        "t99 s",
        "after outage: t99 s",
        "attempts",
      ],
      withoutTwins(members)
        .filter(
          ({ first, peak, attempts, t99, laterT99 }) =>
            first <= 4 && peak <= 65 && attempts <= 3.6 && t99 <= 27 && laterT99 <= 27,
        )
        .sort((one, other) => one.first - other.first || one.t99 - other.t99)
        .map((member) => [
          number(member.first, 1),
          number(member.factor, 1),
          number(member.cap, 0),
          isSame(member, chosen) ? `**${member.jitter}, the default**` : member.jitter,
          number(member.peak, 0),
          number(member.attempts, 2),
          number(member.t99, 1),
          number(member.laterT99, 1),
          number(member.laterAttempts, 1),
        ]),
    ),
  ].join("\n");
}

/** A factor makes no difference where the first wait is at the cap already. */
function withoutTwins(members) {
  const figures = ({ first, cap, jitter, t99, laterT99 }) =>
    [first, cap, jitter, t99, laterT99].join();
  return [...new Map(members.map((member) => [figures(member), member])).values()];
}

const isSame = (one, other) =>
  other !== undefined &&
  ["first", "factor", "cap", "jitter"].every((key) => one[key] === other[key]);

const SHOWN = [
  "ws-supervisor",
  "centrifuge",
  "socket.io-client",
  "reconnecting-websocket, a process each",
  "full jitter, 1 s x2, cap 60",
  "mqtt",
  "partysocket 1.3",
];

export const plots = ({ histograms }) => ({
  "herd.svg": histogramChart({
    title: `Attempts per 100 ms after ${SITUATION.clients.toLocaleString("en")} clients were dropped; 50 a second get in`,
    seconds: SHOWN_SECONDS,
    perSecond: SLOTS_PER_SECOND,
    rows: SHOWN.map((name) => ({ name, counts: histograms[name] })),
  }),
});
