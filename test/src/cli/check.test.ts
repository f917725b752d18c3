import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { defineVenue } from "ws-supervisor/venues";
import { check, checkRecording } from "../../../src/cli/check.ts";
import { allVenues } from "../../../src/cli/venue-catalog.ts";
import type { RecordingAccount } from "../../../src/cli/recording-check.ts";
import { numberedVenue } from "./numbered-venue.ts";
import { Collector, runCommand } from "./run-command.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "check-"));
});
afterAll(() => rm(folder, { recursive: true }));

async function write(name: string, content: string | Buffer): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, content);
  return path;
}

const trade = (t: number, stream = "btcusdt@trade") =>
  JSON.stringify({
    stream,
    data: { e: "trade", E: 1, s: "BTCUSDT", t, p: "1", q: "1", T: 1, m: true },
  });

/** A recording of Binance's in hftbacktest's form. */
const recorded = (...frames: readonly string[]) =>
  frames.map((frame, index) => `${1723161253937085768n + BigInt(index)} ${frame}\n`).join("");

const linesOf = (text: string) => text.split("\n").slice(0, -1);

describe("check", () => {
  it("tells what a recording holds and misses, its venue found out", async () => {
    const text = recorded(trade(5), trade(6), trade(6), trade(10), trade(12), trade(7, "a@trade"));
    const path = await write("trades.gz", gzipSync(text));
    const { exitCode, stdout, stderr } = await runCommand("check", path);
    expect(stderr).toBe("");
    expect(linesOf(stdout)).toEqual([
      "binance-spot (by its frames): 6 messages, of them 0 that are no data and 0 without a number",
      "",
      "stream         messages  pairs  next  gaps  duplicates  stale  resets  alive",
      "btcusdt@trade         5      4     1     2           1      0       0      0",
      "a@trade               1      0     0     0           0      0       0      0",
      "total                 6      4     1     2           1      0       0      0",
      "",
      "gap: btcusdt@trade misses 7 to 9 (3 numbers)",
      "gap: btcusdt@trade misses 11",
    ]);
    expect(exitCode).toBe(0);
  });

  it("says it as one line of JSON", async () => {
    const path = await write("json", recorded(trade(5), trade(6), trade(9)));
    const { exitCode, stdout } = await runCommand("check", path, "--json");
    expect(exitCode).toBe(0);
    expect(linesOf(stdout)).toHaveLength(1);
    expect(JSON.parse(stdout)).toMatchObject({
      venue: "binance-spot",
      messages: 3,
      gaps: 1,
      duplicates: 0,
      resets: 0,
      streams: [{ stream: "btcusdt@trade", pairs: 2, gaps: 1, ranges: [{ from: 7, to: 8 }] }],
    });
  });

  it("takes the venue that it is told", async () => {
    const path = await write("named", recorded(trade(5), trade(6)));
    const { stdout } = await runCommand("check", path, "--venue", "binance-usdm");
    expect(linesOf(stdout)[0]).toMatch(/^binance-usdm \(as you say\): 2 messages/);
    expect(linesOf(stdout).at(-1)).toBe("no gaps");
  });

  it("tells of frames that the venue's words can't read", async () => {
    const path = await write("torn", recorded(trade(5), '{"stream":"x', trade(6)));
    const { exitCode, stdout } = await runCommand("check", path);
    expect(exitCode).toBe(0);
    expect(linesOf(stdout).at(-1)).toMatch(/^1 frames can't be read; the first: line 2: /);
  });

  it("writes numbers beyond 2^53 digit by digit", async () => {
    const path = await write("big", recorded(...["18446744073709551617", "18446744073709551620"]));
    const big = defineVenue({
      id: "big",
      url: "wss://big.test",
      open: () => ({
        subscribe: (topics) => topics.join(),
        decode: (data) => BigInt(data.toString()),
        sequence: (last) => ({ stream: "s", first: last, last, scope: "stream" }),
      }),
    });
    const stdout = new Collector();
    const io = { stdout, stderr: new Collector(), signal: new AbortController().signal };
    expect(await check(path, { json: true }, io, [big])).toBe(0);
    const { streams } = JSON.parse(stdout.text) as RecordingAccount;
    const range = { from: "18446744073709551618", to: "18446744073709551619" };
    expect(streams).toMatchObject([{ last: "18446744073709551620", ranges: [range] }]);
  });

  it.each([
    [
      "a file that is not there",
      () => "/no/such/file",
      /FILE: expected a recording \(.*cannot be read/,
    ],
    [
      "what is no recording",
      () => write("no", "hello\n"),
      /FILE: expected a recording \(.*no:1: expected/,
    ],
    ["an empty file", () => write("empty", ""), /FILE: expected a recording \(.*an empty file/],
    [
      "a recording of nobody we know",
      () => write("nobody", recorded('{"x":1}')),
      /FILE: expected a recording of binance-spot, .*okx.* \(or --venue to name its venue\)/,
    ],
  ])("refuses %s, and says what it expected", async (_, path, expected) => {
    const { exitCode, stdout, stderr } = await runCommand("check", await path());
    expect(stderr).toMatch(expected);
    expect(stdout).toBe("");
    expect(exitCode).toBe(2);
  });

  it("refuses a venue that it does not know", async () => {
    const path = await write("unknown", recorded(trade(5)));
    const { exitCode, stderr } = await runCommand("check", path, "--venue", "mtgox");
    expect(stderr).toMatch(/--venue: expected one of binance-spot, .*, received "mtgox"/);
    expect(exitCode).toBe(2);
  });
});

const recordings = join(import.meta.dirname, "../../../../shared/recordings");
const isHere = existsSync(recordings);
const absent = "../shared/recordings is absent: nothing to judge";

describe.skipIf(!isHere)(isHere ? "the recordings of shared/" : absent, () => {
  type Row = [
    file: string,
    venue: string,
    messages: number,
    pairs: [name: RegExp, count: number][],
  ];
  const rows: Row[] = [
    [
      "hftbacktest/spot_btcusdt_20240808.gz",
      "binance-spot",
      41_248,
      [
        [/@depth/, 3_450],
        [/@trade/, 9_756],
      ],
    ],
    [
      "hftbacktest/usdm_btcusdt_20240808.gz",
      "binance-usdm",
      93_953,
      [
        [/@depth/, 6_550],
        [/@trade/, 21_312],
      ],
    ],
    ["cryptofeed/BINANCE.ws.1.0", "binance-spot", 265, [[/@depth|@aggTrade/, 173]]],
    ["cryptofeed/BINANCE_FUTURES.ws.1.0", "binance-usdm", 1_535, [[/@depth|@aggTrade/, 847]]],
    ["cryptofeed/BITFINEX.ws.11.0", "bitfinex", 1_693, [[/^/, 1_669]]],
    ["cryptofeed/DERIBIT.ws.1.0", "deribit", 136, [[/^book\./, 36]]],
    ["cryptofeed/OKX.ws.1.0", "okx", 410, [[/^/, 0]]],
    ["cryptofeed/COINBASE.ws.28.0", "coinbase-exchange", 9_946, [[/^/, 97]]],
  ];

  it.each(rows)(
    "%s is %s's, and holds %i messages without a gap",
    async (file, venue, messages, pairs) => {
      const stdout = new Collector();
      const io = { stdout, stderr: new Collector(), signal: new AbortController().signal };
      expect(await check(join(recordings, file), { json: true }, io, allVenues())).toBe(0);
      const account = JSON.parse(stdout.text) as RecordingAccount;
      const clean = { gaps: 0, duplicates: 0, stale: 0, resets: 0, invalid: 0, mismatches: 0 };
      expect(account).toMatchObject({ venue, messages, ...clean });
      for (const [name, count] of pairs) {
        const named = account.streams.filter(({ stream }) => name.test(stream));
        expect(named.reduce((sum, stream) => sum + stream.pairs, 0)).toBe(count);
      }
    },
  );

  it("Bitfinex's counter runs from 1 to 1670 over everything that the connection sent", async () => {
    const bitfinex = allVenues().find(({ id }) => id === "bitfinex");
    if (bitfinex === undefined) throw new Error("no profile of Bitfinex");
    const account = await checkRecording(join(recordings, "cryptofeed/BITFINEX.ws.11.0"), bitfinex);
    expect(account.streams).toMatchObject([{ first: 1, last: 1_670, next: 1_669 }]);
  });

  it("futures judged by the spot rule would miss 6,391 times: the venue decides", async () => {
    const spot = allVenues().find(({ id }) => id === "binance-spot");
    if (spot === undefined) throw new Error("no profile of Binance spot");
    const usdm = "hftbacktest/usdm_btcusdt_20240808.gz";
    const account = await checkRecording(join(recordings, usdm), spot);
    expect(account.gaps).toBe(6_391);
  });
});

describe("a tiny venue", () => {
  it("may be judged like any other", async () => {
    const path = await write("tiny", recorded('{"s":"a","n":1}', '{"s":"a","n":3}'));
    expect(await checkRecording(path, numberedVenue())).toMatchObject({ gaps: 1, pairs: 1 });
  });
});
