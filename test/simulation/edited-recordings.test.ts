/**
 * Real sequences with seeded troubles in them: every injected gap is reported once, with exactly its
 * range, and nothing else is.
 *
 * The recordings lie beside the project, never in it: `../shared/recordings`.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { createRandom } from "../../machines/policy/random.ts";
import { allVenues } from "../../src/cli/venue-catalog.ts";
import { readFrame } from "../../src/cli/read-frame.ts";
import { RecordingCheck } from "../../src/cli/recording-check.ts";
import type { SequencePoint, SequenceVerdict } from "../../src/index.ts";
import { checkPoint } from "../../src/sequence/point.ts";
import { SequenceTracker } from "../../src/sequence/tracker.ts";
import { silentListener } from "../../src/sequence/tracker-listener.ts";
import { readRecordedEvents } from "../../src/testing/exchange/recording.ts";
import type { VenueProfile } from "../../src/venues/index.ts";
import { editOnce, placesOf, type Arrival, type EditKind } from "./edited/edits.ts";
import { expectedVerdicts } from "./edited/oracle.ts";

/** CI derives it from the commit, so that a green commit stays green. */
const SEED = Number(process.env["SIMULATION_SEED"] ?? 1);
const EDITS = 10_000;

const recordings = join(import.meta.dirname, "../../../shared/recordings");
const isHere = existsSync(recordings);
const absent = "../shared/recordings is absent: nothing to edit";

const rows: [file: string, venue: string][] = [
  ["hftbacktest/spot_btcusdt_20240808.gz", "binance-spot"],
  ["hftbacktest/usdm_btcusdt_20240808.gz", "binance-usdm"],
  ["cryptofeed/BINANCE.ws.1.0", "binance-spot"],
  ["cryptofeed/BINANCE_FUTURES.ws.1.0", "binance-usdm"],
  ["cryptofeed/BITFINEX.ws.11.0", "bitfinex"],
  ["cryptofeed/COINBASE.ws.28.0", "coinbase-exchange"],
  ["cryptofeed/DERIBIT.ws.1.0", "deribit"],
];

function venueOf(id: string): VenueProfile<unknown> {
  const venue = allVenues().find((each) => each.id === id);
  if (venue === undefined) throw new Error(`no profile ${id}`);
  return venue;
}

async function framesOf(file: string): Promise<readonly Buffer[]> {
  const frames: Buffer[] = [];
  for await (const event of readRecordedEvents(join(recordings, file))) {
    if (event.kind === "received") frames.push(event.raw);
  }
  return frames;
}

/** The place of each frame that has one. */
function pointsOf(
  frames: readonly Buffer[],
  venue: VenueProfile<unknown>,
): readonly (SequencePoint | undefined)[] {
  const talk = venue.open();
  return frames.map((raw) => readFrame(talk, raw).point);
}

/** What became of each, also of those that were held for a while. */
function verdictsOf(
  arrivals: readonly Pick<Arrival, "point" | "opensSocket">[],
): readonly SequenceVerdict[] {
  const verdicts: SequenceVerdict[] = [];
  const tracker = new SequenceTracker<number>(undefined, {
    ...silentListener,
    stale: (_, held) => {
      for (const { value = NaN } of held) verdicts[value] = { kind: "stale" };
    },
    released: (_, run) => {
      for (const { value = NaN } of run) verdicts[value] = { kind: "reset" };
    },
  });
  arrivals.forEach(({ point, opensSocket }, index) => {
    if (opensSocket) {
      tracker.socketEnded();
      tracker.newSocket();
    }
    checkPoint(point);
    const verdict = tracker.accept(point);
    if (verdict.kind === "held") tracker.keep(index);
    verdicts[index] = verdict;
  });
  tracker.socketEnded();
  return verdicts;
}

const isReported = ({ kind }: SequenceVerdict) => kind !== "first" && kind !== "next";

describe.skipIf(!isHere)(isHere ? "a recording with troubles in it" : absent, () => {
  it.each(rows)("(%s) is told of each of 10,000, and of nothing else", async (file, id) => {
    const all = pointsOf(await framesOf(file), venueOf(id));
    const points = all.filter((point) => point !== undefined);
    const untouched = points.map((point) => ({ point, opensSocket: false }));
    expect(verdictsOf(untouched).filter(isReported)).toEqual([]);

    const edits: Record<EditKind, number> = { drop: 0, repeat: 0, late: 0, reset: 0 };
    const told = { first: 0, next: 0, alive: 0, held: 0, duplicate: 0, stale: 0, gap: 0, reset: 0 };
    let holes = 0;
    let passes = 0;
    const sum = () => Object.values(edits).reduce((total, count) => total + count, 0);
    for (; sum() < EDITS; passes += 1) {
      const edited = editOnce(points, createRandom(SEED * 100_003 + passes));
      holes += edited.holes;
      for (const kind of Object.keys(edits) as EditKind[]) edits[kind] += edited.edits[kind];
      const verdicts = verdictsOf(edited.arrivals);
      const expected = expectedVerdicts(points, edited.arrivals);
      const wrong = verdicts.flatMap((verdict, index) => {
        const should = expected[index];
        if (should === undefined || isSame(verdict, should)) return [];
        return [{ pass: passes, arrival: edited.arrivals[index], verdict, should }];
      });
      expect(wrong.slice(0, 3)).toEqual([]);
      for (const { kind } of verdicts) told[kind] += 1;
    }

    expect(sum()).toBeGreaterThanOrEqual(EDITS);
    for (const count of Object.values(edits)) expect(count).toBeGreaterThan(EDITS / 20);
    expect(told.gap).toBe(holes);
    // A connection's counter starts over with a socket, and is then first. A late message is stale, or a
    // reset where the stream goes back for it or starts over behind it.
    expect(told.held).toBe(0);
    expect(told.reset + told.first + told.stale).toBe(
      edits.reset + edits.late + passes * placesOf(points).size,
    );
    expect(told.duplicate + told.alive).toBeGreaterThanOrEqual(edits.repeat);
    expect(told.stale).toBeGreaterThan(edits.late / 2);
  });

  it.each(rows)("(%s) is told of the same from its raw bytes", async (file, id) => {
    const frames = await framesOf(file);
    const venue = venueOf(id);
    const pointAt = pointsOf(frames, venue);
    const places = [...frames.keys()].filter((place) => pointAt[place] !== undefined);
    const points = pointAt.filter((point) => point !== undefined);
    // Frames can be left out and repeated, not renumbered.
    // A short recording may have none for some seed: the next that has one is as good.
    let seed = SEED;
    const edit = () => editOnce(points, createRandom(seed), ["drop", "repeat", "late"]);
    let { arrivals, edits } = edit();
    while (edits.drop === 0) {
      seed += 1;
      ({ arrivals, edits } = edit());
    }

    const check = new RecordingCheck(venue);
    const receive = (place: number) =>
      check.received(frames[place] ?? Buffer.alloc(0), `${place}`, 0);
    let next = 0;
    for (const { source } of arrivals) {
      const place = places[source] ?? NaN;
      // Frames without a number stay where they were: an answer that names a channel, say.
      for (; next < place; next += 1) if (pointAt[next] === undefined) receive(next);
      receive(place);
      next = Math.max(next, place + 1);
    }
    const expected = expectedVerdicts(points, arrivals);
    const count = (kind: SequenceVerdict["kind"]) =>
      expected.filter((verdict) => verdict.kind === kind).length;
    const account = check.account();
    expect(account).toMatchObject({
      gaps: count("gap"),
      duplicates: count("duplicate"),
      stale: count("stale"),
      resets: count("reset"),
      invalid: 0,
    });
    const ranges = expected.flatMap((verdict, index) =>
      verdict.kind === "gap"
        ? [{ stream: arrivals[index]?.point.stream, from: verdict.from, to: verdict.to }]
        : [],
    );
    for (const { stream, ranges: told } of account.streams) {
      const should = ranges.filter((range) => range.stream === stream).slice(0, 1_000);
      expect(told).toEqual(should.map(({ from, to }) => ({ from, to })));
    }
  });
});

function isSame(one: SequenceVerdict, other: SequenceVerdict): boolean {
  if (one.kind !== "gap" || other.kind !== "gap") return one.kind === other.kind;
  return one.from === other.from && one.to === other.to;
}
