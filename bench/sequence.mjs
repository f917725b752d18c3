/**
 * What judging a message's number costs, beside what parsing the message costs, in the same run.
 *
 *   npm run bench:sequence                 # builds first
 *   node bench/sequence.mjs --json --rounds 61 --streams 200 --shuffled
 *
 * Every round parses the same texts anew, so that the streams' names are fresh strings, as they are in a
 * feed. The parts are timed one after the other, 200 messages at a time, so that whatever else the
 * machine does falls on all of them; medians over the rounds are told. The streams come in turn, or with
 * `--shuffled` in a random order, which no processor foresees.
 *
 *   parse    JSON.parse of the texts
 *   point    making the points out of the messages, as a profile does
 *   check    checkPoint and SequenceTracker.accept
 *   fresh    the same where nobody has looked the name up before: V8 computes a string's hash once, with
 *            the first look-up of any kind, and keeps it in the string
 *   get      Map.get alone with a known hash: the floor of any bookkeeping per stream
 */
import { parseArgs } from "node:util";
import { checkPoint } from "../dist/src/sequence/point.js";
import { sequenceRules } from "../dist/src/sequence/rule.js";
import { SequenceTracker } from "../dist/src/sequence/tracker.js";

const { values } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    rounds: { type: "string", default: "41" },
    streams: { type: "string", default: "200" },
    shuffled: { type: "boolean", default: false },
  },
});
const rounds = Number(values.rounds);
const streams = Number(values.streams);
const MESSAGES = 20_000;
/** So few that they are still in the cache when they are judged, as a message is that was just read. */
const BATCH = 200;
const WARM_UP = 20;

/** Seeded chance (mulberry32): the same messages in every run. */
function createChance(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Depth updates as Binance sends them, some 400 bytes each, of one stream after the other. */
function depthTexts() {
  const chance = createChance(20261122);
  const ends = Array.from({ length: streams }, () => 50_093_239_000);
  const level = () => [(61_000 + chance() * 1_000).toFixed(8), (chance() * 5).toFixed(8)];
  return Array.from({ length: MESSAGES }, (_, turn) => {
    const index = values.shuffled ? Math.floor(chance() * streams) : turn % streams;
    const U = ends[index] + 1;
    const u = U + Math.floor(chance() * 20);
    ends[index] = u;
    const symbol = `sym${index}usdt`;
    const [b, a] = [
      [level(), level(), level()],
      [level(), level(), level()],
    ];
    const data = { e: "depthUpdate", E: 1723161255208, s: symbol.toUpperCase(), U, u, b, a };
    return JSON.stringify({ stream: `${symbol}@depth@100ms`, data });
  });
}

const rule = sequenceRules.range();

function pointOf({ stream, data }) {
  return { stream, first: data.U, last: data.u, scope: "stream", rule };
}

const texts = depthTexts();
const messages = Array.from({ length: BATCH });
const points = Array.from({ length: BATCH });
const names = new Map(texts.map((text) => [JSON.parse(text).stream, { last: 0 }]));
/** What the parts have in hand, so that none of their work is for nothing. */
let proof = 0;
let tracker;

const parts = {
  parse(from) {
    for (let index = 0; index < BATCH; index += 1)
      messages[index] = JSON.parse(texts[from + index]);
  },
  point() {
    for (let index = 0; index < BATCH; index += 1) points[index] = pointOf(messages[index]);
  },
  check() {
    for (let index = 0; index < BATCH; index += 1) {
      const point = points[index];
      checkPoint(point);
      if (tracker.accept(point).kind === "next") proof += 1;
    }
  },
  get() {
    for (let index = 0; index < BATCH; index += 1) {
      proof += names.get(messages[index].stream).last;
    }
  },
};

/** Nanoseconds per message of each part in one round, as `told`. */
function runRound() {
  const ns = { parse: 0, point: 0, check: 0, fresh: 0, get: 0 };
  const time = (part, told, from) => {
    const startMs = performance.now();
    parts[part](from);
    ns[told] += ((performance.now() - startMs) * 1e6) / MESSAGES;
  };
  const trackers = [new SequenceTracker(), new SequenceTracker()];
  for (let from = 0; from < MESSAGES; from += BATCH) {
    time("parse", "parse", from);
    time("point", "point");
    tracker = trackers[0];
    time("check", "fresh");
    tracker = trackers[1];
    time("check", "check");
    time("get", "get");
  }
  return ns;
}

for (let round = 0; round < WARM_UP; round += 1) runRound();
proof = 0;
const measured = Array.from({ length: rounds }, () => runRound());
const expected = 2 * rounds * (MESSAGES - streams);
if (proof !== expected) throw new Error(`${proof} messages were next, expected ${expected}`);

function quantile(name, share) {
  const sorted = measured.map((nsOf) => nsOf[name]).sort((one, other) => one - other);
  return Math.round(sorted[Math.floor((sorted.length - 1) * share)] * 10) / 10;
}

const result = Object.fromEntries(
  Object.keys(measured[0]).map((name) => [
    name,
    { medianNs: quantile(name, 0.5), p10Ns: quantile(name, 0.1), p90Ns: quantile(name, 0.9) },
  ]),
);
if (values.json) {
  console.log(
    JSON.stringify({ node: process.version, streams, rounds, messages: MESSAGES, ...result }),
  );
} else {
  console.log(
    `Node ${process.version}; ${streams} streams; ${MESSAGES} messages in ${rounds} rounds`,
  );
  for (const [name, { medianNs, p10Ns, p90Ns }] of Object.entries(result)) {
    console.log(`${name.padEnd(6)} ${medianNs} ns a message (p10 ${p10Ns}, p90 ${p90Ns})`);
  }
}
