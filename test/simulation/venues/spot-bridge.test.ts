/**
 * Recorded changes of a real book with gaps put into them: the book that our recovery builds from
 * snapshots is the book of a run without a gap, wherever the gap lies.
 *
 * The recording lies beside the project, never in it: `../shared/recordings`.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { createRandom } from "../../../machines/policy/random.ts";
import { bridgeRange } from "../../../src/sequence/bridge.ts";
import type { FeedItem } from "../../../src/supervisor/items.ts";
import {
  binanceSpot,
  type BinanceDepthSnapshot,
  type BinanceDepthUpdate,
  type BinanceStreamMessage,
} from "../../../src/venues/index.ts";
import { promisesSettle, startSupervisor } from "../../src/start-supervisor.ts";

/** CI derives it from the commit, so that a green commit stays green. */
const SEED = Number(process.env["SIMULATION_SEED"] ?? 1);
const GAPS = 300;
const STREAM = "btcusdt@depth@100ms";

const path = join(
  import.meta.dirname,
  "../../../../shared/recordings/hftbacktest/spot_btcusdt_20240808.gz",
);
const isHere = existsSync(path);
const absent = "../shared/recordings is absent: nothing to put gaps into";

type Levels = readonly (readonly [price: string, quantity: string])[];

/** A book as its consumer keeps it, in the venue's own text. */
class TextBook {
  position = 0;
  readonly #bids = new Map<string, string>();
  readonly #asks = new Map<string, string>();

  begin({ lastUpdateId, bids, asks }: BinanceDepthSnapshot): void {
    this.#bids.clear();
    this.#asks.clear();
    this.#apply(lastUpdateId, bids, asks);
  }

  change({ u, b, a }: Pick<BinanceDepthUpdate, "u" | "b" | "a">): void {
    this.#apply(u, b, a);
  }

  get snapshot(): BinanceDepthSnapshot {
    const side = (levels: ReadonlyMap<string, string>) =>
      [...levels].sort(([one], [other]) => (one < other ? -1 : 1));
    return { lastUpdateId: this.position, bids: side(this.#bids), asks: side(this.#asks) };
  }

  #apply(position: number, bids: Levels, asks: Levels): void {
    this.position = position;
    for (const [side, levels] of [
      [this.#bids, bids],
      [this.#asks, asks],
    ] as const) {
      for (const [price, quantity] of levels) {
        if (Number(quantity) === 0) side.delete(price);
        else side.set(price, quantity);
      }
    }
  }
}

interface Recorded {
  readonly frames: readonly string[];
  readonly updates: readonly BinanceDepthUpdate[];
  readonly snapshot: BinanceDepthSnapshot;
  /** How many frames had come when the snapshot did. */
  readonly before: number;
}

function readRecorded(): Recorded {
  const frames: string[] = [];
  let found: { readonly snapshot: BinanceDepthSnapshot; readonly before: number } | undefined;
  for (const line of gunzipSync(readFileSync(path)).toString("utf8").split("\n")) {
    const frame = line.slice(line.indexOf(" ") + 1);
    if (frame.startsWith(`{"stream":"${STREAM}"`)) frames.push(frame);
    else if (frame.startsWith('{"lastUpdateId"')) {
      const snapshot = JSON.parse(frame) as BinanceDepthSnapshot;
      found = { snapshot, before: frames.length };
    }
  }
  if (found === undefined) throw new Error("the recording has no snapshot");
  const updates = frames.map((text) => (JSON.parse(text) as { data: BinanceDepthUpdate }).data);
  return { frames, updates, ...found };
}

/** A supervisor whose snapshots the test answers by hand, and the book that its consumer keeps. */
function startFeed() {
  const waiting: ((snapshot: BinanceDepthSnapshot) => void)[] = [];
  const urls: string[] = [];
  const fetch = (url: string) =>
    new Promise<{ ok: boolean; status: number; text(): Promise<string> }>((resolve) => {
      urls.push(url);
      waiting.push((snapshot) =>
        resolve({
          ok: true,
          status: 200,
          text: () => Promise.resolve(JSON.stringify(snapshot)),
        }),
      );
    });
  const world = startSupervisor<BinanceStreamMessage>({ target: binanceSpot({ fetch }) });
  const book = new TextBook();
  const band: FeedItem<BinanceStreamMessage>[] = [];
  void (async () => {
    for await (const item of world.feed.messages({ highWaterMark: 10_000 })) {
      band.push(item);
      if (item.kind === "snapshot") book.begin(item.data as BinanceDepthSnapshot);
      if (item.kind === "message") book.change(item.data.data as BinanceDepthUpdate);
    }
  })();
  world.socket.opens();
  return {
    world,
    book,
    band,
    urls,
    receives: (frames: readonly string[]) => world.socket.receives(...frames),
    /** Answers the fetch that is under way. */
    async answers(snapshot: BinanceDepthSnapshot) {
      await promisesSettle();
      const answer = waiting.shift();
      if (answer === undefined) throw new Error("nothing was fetched");
      answer(snapshot);
      await promisesSettle();
      await promisesSettle();
    },
  };
}

/** One gap, and when its snapshots come. All are places among the recorded frames. */
interface GapPlan {
  readonly begin: number;
  /** The first frame that is lost. */
  readonly place: number;
  readonly lost: number;
  /** Frames that come between the gap and the snapshot. */
  readonly waits: number;
  /** The first answer is older than the gap, and a second has to be fetched. */
  readonly isOld: boolean;
}

const LEAD = 20;
const TAIL = 40;

function drawGaps({ frames, before }: Recorded): GapPlan[] {
  const random = createRandom(SEED);
  const below = (count: number) => Math.floor(random() * count);
  const first = before + 10 + LEAD;
  return Array.from({ length: GAPS }, () => {
    const lost = 1 + below(30);
    const waits = 1 + below(20);
    const place = first + below(frames.length - first - lost - waits - TAIL);
    return { begin: place - LEAD, place, lost, waits, isOld: below(4) === 0 };
  }).sort((one, other) => one.place - other.place);
}

/** The book of the run without a gap after each of `counts` frames. */
function booksAfter(
  { updates, snapshot }: Recorded,
  counts: readonly number[],
): ReadonlyMap<number, BinanceDepthSnapshot> {
  const wanted = new Set(counts);
  const books = new Map<number, BinanceDepthSnapshot>();
  const book = new TextBook();
  book.begin(snapshot);
  for (const [index, update] of updates.entries()) {
    if (bridgeRange(snapshot.lastUpdateId, { first: update.U, last: update.u }) !== "drop") {
      book.change(update);
    }
    if (wanted.has(index + 1)) books.set(index + 1, book.snapshot);
  }
  return books;
}

describe.skipIf(!isHere)(isHere ? "the recorded book of Binance spot" : absent, () => {
  it("is joined with its own snapshot at the change from 50093239208 to 50093239224", async () => {
    const { frames, snapshot, before } = readRecorded();
    expect(snapshot.lastUpdateId).toBe(50093239218);
    const feed = startFeed();
    feed.receives(frames.slice(0, before));
    await feed.answers(snapshot);
    feed.receives(frames.slice(before, before + 20));
    await promisesSettle();
    const [invalid, joined, ...rest] = feed.band;
    expect(invalid).toMatchObject({ kind: "invalid", cause: "start" });
    expect(joined).toMatchObject({ kind: "snapshot", position: 50093239218 });
    expect(rest.find(({ kind }) => kind === "message")).toMatchObject({
      first: 50093239208,
      position: 50093239224,
    });
    expect(rest.filter(({ kind }) => kind !== "message")).toEqual([
      { kind: "valid", stream: STREAM },
    ]);
    expect(feed.urls).toEqual(["https://api.binance.com/api/v3/depth?symbol=BTCUSDT&limit=5000"]);
  });

  it(`is the same after each of ${GAPS} gaps as without one`, async () => {
    const recorded = readRecorded();
    const { frames, updates } = recorded;
    const plans = drawGaps(recorded);
    const books = booksAfter(
      recorded,
      plans.flatMap(({ begin, place, lost, waits }) => [
        begin,
        place - 1,
        place + lost + waits,
        place + lost + waits + TAIL,
      ]),
    );
    const bookAfter = (count: number): BinanceDepthSnapshot => {
      const book = books.get(count);
      if (book === undefined) throw new Error(`no book after ${count} frames`);
      return book;
    };

    for (const { begin, place, lost, waits, isOld } of plans) {
      const feed = startFeed();
      feed.receives(frames.slice(begin, begin + 1));
      await feed.answers(bookAfter(begin));
      feed.receives(frames.slice(begin + 1, place));

      const behind = place + lost;
      const resumed = behind + waits;
      feed.world.clock.advance(5_000); // recoveries are spaced
      feed.receives(frames.slice(behind, resumed));
      if (isOld) {
        await feed.answers(bookAfter(place - 1));
        feed.world.clock.advance(5_000);
      }
      await feed.answers(bookAfter(resumed));
      feed.receives(frames.slice(resumed, resumed + TAIL));
      await promisesSettle();

      const said = feed.band.filter(({ kind }) => kind !== "message");
      const from = (updates[place - 1]?.u ?? NaN) + 1;
      const to = (updates[behind]?.U ?? NaN) - 1;
      expect(said.slice(3)).toMatchObject([
        { kind: "gap", stream: STREAM, from, to },
        { kind: "invalid", cause: "gap" },
        { kind: "snapshot", position: updates[resumed - 1]?.u },
        { kind: "valid" },
      ]);
      expect(feed.book.snapshot).toEqual(bookAfter(resumed + TAIL));
      feed.world.feed.terminate();
    }
  });
});
