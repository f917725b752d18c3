import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { defineVenue } from "ws-supervisor/venues";
import { check, checkRecording } from "../../../src/cli/check.ts";
import { allVenues } from "../../../src/cli/venue-catalog.ts";
import type { RecordingAccount } from "../../../src/cli/recording-check.ts";
import { foreignFrames, foreignVenues } from "./foreign-frames.ts";
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
      "stream         messages  pairs  judged  next  gaps  duplicates  stale  resets  alive",
      "btcusdt@trade         5      4       4     1     2           1      0       0      0",
      "a@trade               1      0       0     0     0           0      0       0      0",
      "total                 6      4       4     1     2           1      0       0      0",
      "",
      "gap: btcusdt@trade misses 7 to 9 (3 numbers)",
      "gap: btcusdt@trade misses 11",
      "1 message not judged: no number, or none before it, by which a loss would show",
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
    expect(linesOf(stdout).at(-1)).toBe("no gaps in what was judged: 1 pairs and 0 checksums");
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
      /FILE: expected a recording whose first frames are mostly the data of one of binance-spot, .*okx/,
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

describe("check gives no all-clear that it did not judge", () => {
  const forms: Readonly<Record<string, (frames: readonly string[]) => string>> = {
    "a frame per line": (frames) => `${frames.join("\n")}\n`,
    hftbacktest: (frames) => recorded(...frames),
    cryptofeed: (frames) =>
      `\n${frames.map((frame, index) => `16179984${10 + (index % 90)}.5: ${frame}\n`).join("")}`,
    items: (frames) =>
      frames
        .map((raw) => `${JSON.stringify({ kind: "message", receivedAtMs: 1, raw })}\n`)
        .join(""),
  };

  it.each(
    foreignVenues.flatMap((venue) => Object.keys(forms).map((form) => [venue, form] as const)),
  )("over a recording of %s, %s", async (venue, form) => {
    const path = await write("foreign", forms[form]?.(foreignFrames(venue)) ?? "");
    const { exitCode, stdout, stderr } = await runCommand("check", path);
    expect(exitCode).toBe(2);
    expect(stdout).not.toContain("no gaps");
    expect(stderr).toMatch(/^error: .*(FILE: expected a recording|not judged: )/);
  });

  it.each(foreignVenues)(
    "over a recording of %s that is taken for any venue that is known",
    async (foreign) => {
      const path = await write("forced", forms["a frame per line"]?.(foreignFrames(foreign)) ?? "");
      for (const { id } of allVenues()) {
        const { exitCode, stdout, stderr } = await runCommand("check", path, "--venue", id);
        expect([id, exitCode]).toEqual([id, 2]);
        expect(stdout).not.toContain("no gaps");
        expect(stderr).toMatch(/not judged: /);
      }
    },
  );

  it("over data of a known kind from a host that no profile has, but says what it looks like", async () => {
    const opened = "\nwss://stream.binance.example/stream?streams=x <-> 1617998400.5\n";
    const path = await write(
      "host",
      `${opened}1617998401.5: ${trade(5)}\n1617998402: ${trade(6)}\n`,
    );
    const { exitCode, stdout, stderr } = await runCommand("check", path);
    expect([exitCode, stdout]).toEqual([2, ""]);
    expect(stderr).toContain(
      "(stream.binance.example is the host of none; its frames look like binance-spot's: --venue binance-spot)",
    );
    const asked = await runCommand("check", path, "--venue", "binance-spot");
    expect(asked.exitCode).toBe(0);
    expect(asked.stdout).toContain("no gaps in what was judged: 1 pairs");
  });

  it("over another venue's frames at a host that is known: Kraken's first version", async () => {
    const opened = "wss://ws.kraken.com/ <-> 1617998400.5\n";
    const path = await write("v1", opened + forms["cryptofeed"]?.(foreignFrames("kraken v1")));
    const { exitCode, stdout, stderr } = await runCommand("check", path);
    expect(exitCode).toBe(2);
    expect(stdout).toMatch(/^kraken \(by its host\): 240 messages/);
    expect(stderr).toMatch(/v1: not judged: of 240 frames 240 are no data of kraken/);
  });

  it("over frames of two hosts, which nothing tells apart", async () => {
    const lines = [
      "wss://stream.binance.com:9443/ws <-> 1617998400.5",
      `1617998401: ${trade(5)}`,
      "wss://stream.elsewhere.example/ws <-> 1617998402",
      `1617998403: ${trade(6)}`,
    ];
    const path = await write("two", `${lines.join("\n")}\n`);
    const { exitCode, stderr } = await runCommand("check", path);
    expect(exitCode).toBe(2);
    expect(stderr).toContain(
      "a recording of one venue (binance-spot, then stream.elsewhere.example)",
    );
  });

  it("over streams whose numbers only grow", async () => {
    const quote = (u: number) => JSON.stringify({ stream: "a@bookTicker", data: { u, s: "A" } });
    const path = await write("growing", recorded(quote(5), quote(6), quote(7)));
    const { exitCode, stdout, stderr } = await runCommand("check", path);
    expect(exitCode).toBe(2);
    expect(stdout).toMatch(/a@bookTicker +3 +2 +0 +2 /);
    expect(stderr).toMatch(/not judged: no two messages of a stream have numbers/);
  });

  it("over a file that holds no frame of the venue, where one is named", async () => {
    const path = await write("asides", '1723161253937085768 {"lastUpdateId":1}\n');
    const { exitCode, stderr } = await runCommand("check", path, "--venue", "binance-spot");
    expect([exitCode, stderr]).toEqual([2, `error: ${path}: not judged: it holds no frame\n`]);
  });

  it("over checksums that do not hold", async () => {
    const path = await write("sums", '{"s":"a","n":1}\n{"s":"a","n":2,"sum":"wrong"}\n');
    const stdout = new Collector();
    const io = { stdout, stderr: new Collector(), signal: new AbortController().signal };
    expect(await check(path, {}, io, [numberedVenue()])).toBe(0);
    expect(stdout.text).toContain("1 checksums do not hold");
    expect(stdout.text).not.toContain("no gaps");
  });

  it("over numbers that jump where heartbeats were left out, nor a false alarm", async () => {
    const frame = (n: number) =>
      JSON.stringify({
        channel: "market_trades",
        sequence_num: n,
        events: [{ type: "update", trades: [{ product_id: "BTC-USD" }] }],
      });
    const path = await write("left out", `${[frame(0), frame(1), frame(3)].join("\n")}\n`);
    const { exitCode, stdout, stderr } = await runCommand("check", path);
    expect(exitCode).toBe(2);
    expect(stdout).not.toMatch(/^(gap: |no gaps)/m);
    expect(stderr).toMatch(/not judged: coinbase-advanced numbers answers and heartbeats too/);
  });

  it("in the words of --json either", async () => {
    const path = await write(
      "no.json",
      forms["a frame per line"]?.(foreignFrames("kraken v1")) ?? "",
    );
    const { exitCode, stdout } = await runCommand("check", path, "--json", "--venue", "okx");
    expect(exitCode).toBe(2);
    expect(JSON.parse(stdout)).toMatchObject({
      isJudged: false,
      notJudged: expect.stringMatching(/no data of okx/),
    });
  });
});

describe("check reads", () => {
  const trades = [trade(5), trade(6), trade(9)];
  const gap = "gap: btcusdt@trade misses 7 to 8 (2 numbers)";

  it("a frame per line, as connect writes it, from a file and from standard input", async () => {
    const text = trades.map((frame) => `${frame}\n`).join("");
    const { exitCode, stdout } = await runCommand("check", await write("plain.ndjson", text));
    expect([exitCode, stdout.includes(gap)]).toEqual([0, true]);
    const piped = new Collector();
    const io = {
      stdin: Readable.from([Buffer.from(text)]),
      stdout: piped,
      stderr: new Collector(),
      signal: new AbortController().signal,
    };
    expect(await check("-", {}, io, allVenues())).toBe(0);
    expect(piped.text).toBe(stdout);
  });

  it("a gzipped file that a crash has cut off, up to there: exit code 3", async () => {
    const whole = gzipSync(recorded(...Array.from({ length: 500 }, (_, n) => trade(n ** 2))));
    const path = await write("cut.gz", whole.subarray(0, whole.length - 400));
    const { exitCode, stdout, stderr } = await runCommand("check", path);
    expect(exitCode).toBe(3);
    expect(stdout).toContain("gap: btcusdt@trade misses 2 to 3 (2 numbers)");
    const said =
      /judged only in part: cut off or damaged after line \d+ \(unexpected end of file\); what followed is not in the file/;
    expect(stdout).toMatch(said);
    expect(stderr).toMatch(said);
  });

  it("a file that ends within a line, up to there", async () => {
    const path = await write(
      "half",
      recorded(trade(5), trade(6)) + recorded(trade(7)).slice(0, -9),
    );
    const { exitCode, stdout } = await runCommand("check", path);
    expect(exitCode).toBe(3);
    expect(stdout).toContain("no gaps in what was judged: 1 pairs");
    expect(stdout).toContain("cut off or damaged after line 3 (the file ends within this line)");
  });

  it("nothing more once it is stopped, and says so", async () => {
    const stop = new AbortController();
    const stdout = new Collector();
    const stderr = new Collector();
    const stdin = new Readable({ read: () => undefined });
    for (let n = 0; n < 1_001; n += 1) stdin.push(`${trade(n)}\n`);
    const io = { stdin, stdout, stderr, signal: stop.signal };
    const checking = check("-", {}, io, allVenues());
    setImmediate(() => stop.abort());
    expect(await checking).toBe(3);
    expect(stderr.text).toMatch(
      /^error: -: judged only in part: stopped by a signal after line \d+/,
    );
  });

  it("and escapes the names and frames that it prints, and cuts them", async () => {
    const name = `\u001b[31m\u009b\u202e${"x".repeat(300)}`;
    const evil = JSON.stringify({ s: name, n: 1 }) + "\n" + JSON.stringify({ s: name, n: 3 });
    const path = await write(
      "evil",
      `${evil}\n{"s":"\u001b]0;title\u0007\u202e${"y".repeat(4_000)}\n`,
    );
    for (const options of [{}, { json: true }]) {
      const stdout = new Collector();
      const io = { stdout, stderr: new Collector(), signal: new AbortController().signal };
      await check(path, options, io, [numberedVenue()]);
      expect(stdout.text).toContain(options.json === true ? "\\u001b" : "\\u{1b}[31m");
      expect(stdout.text.replaceAll("\n", "")).not.toMatch(/[\p{Cc}\p{Cf}]/u);
      if (options.json === undefined) {
        for (const line of stdout.lines) expect(line.length).toBeLessThan(400);
      }
    }
  });
});

describe("check over items", () => {
  const message = (n: number, fields: object = {}) => ({
    kind: "message",
    topic: "btcusdt@trade",
    stream: "btcusdt@trade",
    first: n,
    position: n,
    receivedAtMs: n,
    raw: trade(n),
    ...fields,
  });
  const begun = (part = 1) => ({
    kind: "recording",
    version: 1,
    venue: "binance-spot",
    url: null,
    part,
  });
  const ended = { kind: "recording.ended", next: false };
  const gap = (from: number, to: number) => ({ kind: "gap", stream: "btcusdt@trade", from, to });
  const checkItems = async (...items: readonly object[]) => {
    const path = await write("items", items.map((item) => `${JSON.stringify(item)}\n`).join(""));
    const result = await runCommand("check", path);
    const misses = result.stdout.split("\n").filter((line) => line.startsWith("gap: "));
    return { ...result, misses };
  };

  it("counts a gap that is told once, and finds one that is not", async () => {
    const told = await checkItems(begun(), message(1), gap(2, 4), message(5), message(6), ended);
    expect(told.exitCode).toBe(0);
    expect(told.stdout).toMatch(/^binance-spot \(as it says itself\): 3 messages/);
    expect(told.misses).toEqual(["gap: btcusdt@trade misses 2 to 4 (3 numbers)"]);
    const lost = await checkItems(begun(), message(1), message(5), gap(6, 6), message(8), ended);
    expect(lost.misses).toEqual([
      "gap: btcusdt@trade misses 2 to 4 (3 numbers)",
      "gap: btcusdt@trade misses 6",
      "gap: btcusdt@trade misses 7",
    ]);
  });

  it("counts what the recorder dropped, and says which streams are not whole at the end", async () => {
    const streams = [{ stream: "btcusdt@trade", from: 2, to: 3, messages: 2 }];
    const { stdout, misses } = await checkItems(
      begun(),
      message(1),
      { kind: "overflow", dropped: 7, streams, resets: [] },
      message(4),
      { kind: "invalid", stream: "a@depth", cause: "gap" },
      { kind: "invalid", stream: "b@depth", cause: "gap" },
      { kind: "valid", stream: "a@depth" },
      { kind: "partial", stream: "x", anything: 1 },
      ended,
    );
    expect(misses).toEqual(["gap: btcusdt@trade misses 2 to 3 (2 numbers)"]);
    expect(stdout).toContain("7 messages were dropped as it was recorded");
    expect(stdout).toContain("items besides messages: 1 overflow, 2 invalid, 1 valid, 1 partial");
    expect(stdout.match(/not whole at the end: .*/g)).toEqual(["not whole at the end: b@depth"]);
  });

  it("takes a numbering that was told to start over for no gap", async () => {
    const reset = { kind: "reset", stream: "btcusdt@trade" };
    const { exitCode, misses, stdout } = await checkItems(
      begun(),
      message(90),
      reset,
      message(1),
      message(2),
      ended,
    );
    expect([exitCode, misses]).toEqual([0, []]);
    expect(stdout).toMatch(/total +3 +2 +2 +1 +0 +0 +0 +1 +0/);
  });

  it("misses nothing that a fetched snapshot has", async () => {
    const depth = (U: number, u: number) => ({
      kind: "message",
      receivedAtMs: 1,
      raw: JSON.stringify({ stream: "a@depth", data: { e: "depthUpdate", U, u, b: [], a: [] } }),
    });
    const snapshot = {
      kind: "snapshot",
      stream: "a@depth",
      data: {},
      position: 20,
      receivedAtMs: 1,
    };
    const joined = await checkItems(
      begun(),
      depth(1, 2),
      snapshot,
      depth(19, 22),
      depth(23, 23),
      ended,
    );
    expect(joined.misses).toEqual([]);
    const apart = await checkItems(begun(), depth(1, 2), snapshot, depth(22, 22), ended);
    expect(apart.misses).toEqual(["gap: a@depth misses 21"]);
  });

  it("relies on what was told where the venue numbers answers and heartbeats, which are not in it", async () => {
    const frame = (n: number) => ({
      kind: "message",
      receivedAtMs: 1,
      topic: "trades:tBTCUSD",
      stream: "connection",
      first: n,
      position: n,
      raw: JSON.stringify([7, "te", [n, 1, 1, 1], n]),
    });
    const bitfinex = { ...begun(), venue: "bitfinex" };
    const told = { kind: "gap", stream: "connection", from: 5, to: 6 };
    const { exitCode, stdout, misses } = await checkItems(
      bitfinex,
      frame(1),
      frame(4),
      told,
      frame(7),
      ended,
    );
    expect([exitCode, misses]).toEqual([0, ["gap: connection misses 5 to 6 (2 numbers)"]]);
    expect(stdout).toMatch(/^connection +3 +2 +2 +2 +1 /m);
  });

  it("says that a recording without its end mark, or one of its parts, is not whole", async () => {
    const crashed = await checkItems(begun(), message(1), message(2));
    expect(crashed.exitCode).toBe(3);
    expect(crashed.stderr).toContain("after line 3 (part 1 was not ended by who wrote it)");
    const next = { ...ended, next: true };
    const lacking = await checkItems(begun(), message(1), next, begun(3), message(2), ended);
    expect(lacking.exitCode).toBe(3);
    expect(lacking.stderr).toContain("part 3 follows part 1");
    const whole = await checkItems(begun(), message(1), next, begun(2), message(2), ended);
    expect(whole.exitCode).toBe(0);
  });

  it("says of a part that more follows nothing: it is whole", async () => {
    const part = await checkItems(begun(), message(1), message(2), { ...ended, next: true });
    expect(part.exitCode).toBe(0);
  });

  it("reads no item whose fields are not what its kind says", async () => {
    const { stdout } = await checkItems(
      begun(),
      message(1),
      { kind: "gap", stream: "s" },
      message(2),
      ended,
    );
    expect(stdout).toContain(
      '1 frames can\'t be read; the first: line 3: an item of kind "gap" without its fields',
    );
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

  it("OKX's of 2022 has no numbers yet, and is not judged: that is no all-clear", async () => {
    const { exitCode, stdout, stderr } = await runCommand(
      "check",
      join(recordings, "cryptofeed/OKX.ws.1.0"),
    );
    expect(exitCode).toBe(2);
    expect(stdout).toMatch(/^okx \(by its host\): 410 messages/);
    expect(stdout + stderr).not.toContain("no gaps");
    expect(stderr).toMatch(/OKX\.ws\.1\.0: not judged: no two messages of a stream have numbers/);
  });

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
