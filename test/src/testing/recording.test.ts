import { execFileSync } from "node:child_process";
import { createWriteStream, existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough, Readable } from "node:stream";
import { constants, gunzipSync, gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  readRecordedEvents,
  readRecording,
  type RecordedEvent,
} from "../../../src/testing/exchange/recording.ts";
import { loadRecording } from "../../../src/testing/index.ts";

const recordings = join(import.meta.dirname, "../../../../shared/recordings");
const isHere = existsSync(recordings);
if (!isHere) console.warn(`skipped: ${recordings} is not here`);

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "recording-"));
});
afterAll(() => rm(folder, { recursive: true }));

async function write(name: string, content: string | Buffer): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, content);
  return path;
}

type Source = Parameters<typeof readRecordedEvents>[1];

async function eventsOf(path: string, source?: Source): Promise<readonly RecordedEvent[]> {
  const events: RecordedEvent[] = [];
  for await (const event of readRecordedEvents(path, source)) events.push(event);
  return events;
}

const kindsOf = (events: readonly RecordedEvent[]) => events.map(({ kind }) => kind);

describe("reading a recording", () => {
  it("takes gzipped lines of nanoseconds and a frame, and leaves REST snapshots out", async () => {
    const lines = [
      '1723161253937085768 {"stream":"btcusdt@trade","data":{"t":1}}',
      '1723161254206652067 {"lastUpdateId":50093239218,"bids":[],"asks":[]}',
      '1723161254206652068 {"data": {"note":"a \u2028 separator"},  "stream":"x"}',
    ];
    const path = await write("a.gz", gzipSync(`${lines.join("\n")}\n`));
    expect(await loadRecording(path)).toEqual([
      {
        atMs: 1723161253937 + 0.085768,
        text: '{"stream":"btcusdt@trade","data":{"t":1}}',
        stream: "btcusdt@trade",
      },
      {
        atMs: 1723161254206 + 0.652068,
        text: '{"data": {"note":"a \u2028 separator"},  "stream":"x"}',
        stream: "x",
      },
    ]);
  });

  it("takes cryptofeed's text, without what the client sent", async () => {
    const path = await write(
      "b.ws.1.0",
      [
        "",
        "wss://a.test/ws <-> 1618677543.367689",
        'wss://a.test/ws <- 1618677543.5: {"event":"subscribe"}',
        "1618677543.75: [1,2]",
        "",
      ].join("\n"),
    );
    expect(await loadRecording(path)).toEqual([{ atMs: 1618677543750, text: "[1,2]" }]);
  });

  it("tells of sockets and of bytes that are no JSON too, where that is asked for", async () => {
    const path = await write(
      "g.ws.1.0",
      [
        "",
        "wss://a.test/ws?x=[1:2] <-> 1618677543",
        'wss://a.test/ws <- 1618677543.5: {"event":"subscribe"}',
        "1618677543.75: pong",
        '1618677544: {"lastUpdateId":7}',
        "",
      ].join("\n"),
    );
    expect(await eventsOf(path)).toEqual([
      { kind: "opened", url: "wss://a.test/ws?x=[1:2]" },
      { kind: "aside" },
      { kind: "received", atMs: 1618677543750, line: 4, raw: Buffer.from("pong") },
      { kind: "received", atMs: 1618677544000, line: 5, raw: Buffer.from('{"lastUpdateId":7}') },
    ]);
    await expect(loadRecording(path)).rejects.toThrow(/g\.ws\.1\.0:4: .*"pong"/);
  });

  it("knows a REST snapshot by its top level, not by a name somewhere in it", async () => {
    const lines = [
      '1723161253937085768 {"stream":"x@depth5","data":{"lastUpdateId":1}}',
      '1723161253937085769 {"bids":[], "lastUpdateId":2}',
    ];
    const path = await write("h", lines.join("\n"));
    expect((await eventsOf(path)).map(({ kind }) => kind)).toEqual(["received", "aside"]);
  });

  it("names the file and the line that it can't read", async () => {
    const path = await write("c", '1723161253937085768 {"a":1}\n1723161253937085769 {"a":\n');
    const frames = readRecording(path);
    expect((await frames.next()).done).toBe(false);
    await expect(frames.next()).rejects.toThrow(`${path}:2: expected a recorded frame`);
    await expect(loadRecording(await write("d", "hello\n"))).rejects.toThrow(/d:1: .*"hello"/);
    await expect(loadRecording(await write("e", ""))).rejects.toThrow(/e: an empty file/);
    await expect(loadRecording(join(folder, "none"))).rejects.toThrow(/none: cannot be read/);
    const truncated = gzipSync('1723161253937085768 {"a":1}\n'.repeat(50)).subarray(0, 40);
    await expect(loadRecording(await write("f.gz", truncated))).rejects.toThrow(/f\.gz: .*end of/);
  });
});

describe("the formats of a recording", () => {
  it("are told apart by the first line: a frame per line, whatever the others are", async () => {
    const path = await write("frames", '{"a":1}\r\n\npong\n[1]');
    expect(await eventsOf(path)).toEqual([
      { kind: "received", atMs: undefined, line: 1, raw: Buffer.from('{"a":1}') },
      { kind: "received", atMs: undefined, line: 3, raw: Buffer.from("pong") },
      { kind: "received", atMs: undefined, line: 4, raw: Buffer.from("[1]"), isUnended: true },
    ]);
    await expect(loadRecording(path)).rejects.toThrow(/without times/);
  });

  it("know a file by its text behind a byte order mark", async () => {
    const path = await write("marked", '\uFEFF1723161253937085768 {"a":1}\r\n');
    expect(await loadRecording(path)).toEqual([
      { atMs: 1723161253937 + 0.085768, text: '{"a":1}' },
    ]);
  });

  it("hold the items of a feed, with what was known of each message", async () => {
    const lines = [
      { kind: "recording", version: 1, venue: "okx", url: null, part: 1, startedAtMs: 1 },
      {
        kind: "message",
        raw: "[1]",
        receivedAtMs: 5,
        stream: "s",
        first: 1,
        position: "9007199254740993",
      },
      { kind: "message", rawBase64: "/wA=", receivedAtMs: 6 },
      { kind: "gap", stream: "s", from: 1, to: 2 },
      { kind: "news of a later version", x: 1 },
      { kind: "recording.ended", next: true },
    ];
    const path = await write("items", lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
    const unknown = { topic: undefined, stream: undefined, first: undefined, position: undefined };
    const known = { ...unknown, stream: "s", first: 1, position: 9007199254740993n };
    const [, , , gap, news] = lines;
    expect(await eventsOf(path)).toEqual([
      { kind: "item", line: 1, item: { kind: "recording", venue: "okx", url: undefined, part: 1 } },
      { kind: "received", atMs: 5, line: 2, raw: Buffer.from("[1]"), known },
      { kind: "received", atMs: 6, line: 3, raw: Buffer.from([0xff, 0x00]), known: unknown },
      { kind: "item", line: 4, item: { kind: "other", name: "gap", fields: gap } },
      {
        kind: "item",
        line: 5,
        item: { kind: "other", name: "news of a later version", fields: news },
      },
      { kind: "item", line: 6, item: { kind: "recording.ended", next: true } },
    ]);
  });

  it("are not mixed: a line that is no item is named", async () => {
    const path = await write("mixed", '{"kind":"gap","stream":"s","from":1,"to":1}\n{"a":1}\n');
    await expect(eventsOf(path)).rejects.toThrow(/mixed:2: expected a recorded frame/);
  });
});

describe("a recording that was cut off", () => {
  const text = Array.from(
    { length: 400 },
    (_, index) =>
      `17231612539370857${10 + (index % 90)} {"n":${index},"x":"${(index * 7_919_777_777) % 1e9}"}\n`,
  ).join("");
  const packed = gzipSync(text);

  it("is told up to there, wherever the cut is", async () => {
    for (let length = 30; length < packed.length; length += 97) {
      const cut = packed.subarray(0, length);
      const whole = gunzipSync(cut, { finishFlush: constants.Z_SYNC_FLUSH });
      const lines = whole.toString("utf8").split("\n").length - 1;
      const events = await eventsOf("-", {
        stdin: Readable.from([cut.subarray(0, 1), cut.subarray(1)]),
      });
      const received = events.filter((event) => event.kind === "received" && !event.isUnended);
      expect(received).toHaveLength(lines);
      expect(events.at(-1)).toMatchObject({
        kind: "cut",
        why: expect.stringMatching(/end of file/),
      });
    }
  });

  it("is whole only with its last byte", async () => {
    const all = await eventsOf("-", { stdin: Readable.from([packed]) });
    expect(kindsOf(all)).toEqual(Array.from({ length: 400 }, () => "received"));
    const lacking = await eventsOf("-", { stdin: Readable.from([packed.subarray(0, -1)]) });
    expect(kindsOf(lacking)).toEqual([...kindsOf(all), "cut"]);
  });

  it("may be cut within a line of plain text; one that is damaged is refused", async () => {
    const half = await eventsOf(await write("half", `${text.slice(0, 200)}\n172316125393`));
    expect(half.at(-1)).toEqual({
      kind: "cut",
      line: half.length,
      why: expect.stringMatching(/ends within/),
    });
    const damaged = Buffer.from(packed);
    damaged.fill(0xff, 3_000, 3_100);
    // What was unpacked wrongly is not passed over.
    await expect(eventsOf("-", { stdin: Readable.from([damaged]) })).rejects.toThrow(
      /-:\d+: expected a recorded frame/,
    );
  });
});

describe("what a recording is read from", () => {
  it("is standard input too, in chunks of any size", async () => {
    const text = '1723161253937085768 {"a":"\u20ac"}\n1723161253937085769 {"b":1}\n';
    const bytes = [...Buffer.from(text)].map((byte) => Buffer.from([byte]));
    const events = await eventsOf("-", { stdin: Readable.from(bytes) });
    expect(events).toHaveLength(2);
    expect(events[0]).toMatchObject({ raw: Buffer.from('{"a":"\u20ac"}') });
    await expect(eventsOf("-")).rejects.toThrow(/-: cannot be read: there is no standard input/);
  });

  it("is a named pipe too", async () => {
    const path = join(folder, "pipe");
    execFileSync("mkfifo", [path]);
    const reading = eventsOf(path);
    createWriteStream(path).end('{"a":1}\n{"a":2}\n');
    expect(kindsOf(await reading)).toEqual(["received", "received"]);
  });

  it.each([
    ["/dev/zero", /neither a regular file nor a pipe/],
    ["/dev/tty", /neither a regular file nor a pipe/],
    [tmpdir(), /a directory/],
  ])("is not %s", async (path, expected) => {
    await expect(eventsOf(path)).rejects.toThrow(expected);
  });

  it("is let go by a signal: while no byte comes, and between two lines", async () => {
    const path = join(folder, "silent pipe");
    execFileSync("mkfifo", [path]);
    const stop = new AbortController();
    const reading = eventsOf(path, { signal: stop.signal });
    setImmediate(() => stop.abort());
    await expect(reading).resolves.toEqual([{ kind: "stopped", line: 0 }]);

    const stdin = new PassThrough();
    const again = new AbortController();
    const events = readRecordedEvents("-", { stdin, signal: again.signal });
    stdin.write('{"a":1}\n');
    expect((await events.next()).value).toMatchObject({ kind: "received" });
    again.abort();
    expect((await events.next()).value).toEqual({ kind: "stopped", line: 1 });
    expect(stdin.destroyed).toBe(true);
  });

  it("has no line of more than 32 MiB, packed or not", async () => {
    const long = Buffer.alloc(33 * 1024 * 1024, "1");
    const chunks = function* () {
      for (let start = 0; start < long.length; start += 65_536)
        yield long.subarray(start, start + 65_536);
    };
    const expected = /-: line 1 is longer than 33,554,432 bytes/;
    await expect(eventsOf("-", { stdin: Readable.from(chunks()) })).rejects.toThrow(expected);
    const packed = gzipSync(Buffer.concat([Buffer.from("{}\n"), long]));
    await expect(eventsOf("-", { stdin: Readable.from([packed]) })).rejects.toThrow(
      /line 2 is longer/,
    );
  });

  it("unpacks to 200 times its size at most, where it is large", async () => {
    const blank = gzipSync(Buffer.alloc(16 * 1024 * 1024, "\n"));
    const bomb = Readable.from([gzipSync("{}\n"), blank, blank, blank, blank, blank]);
    await expect(eventsOf("-", { stdin: bomb })).rejects.toThrow(/gzip bomb/);
  });
});

describe.skipIf(!isHere)("the recordings of shared/", () => {
  it.each([
    ["hftbacktest/spot_btcusdt_20240808.gz", 41_248],
    ["hftbacktest/usdm_btcusdt_20240808.gz", 93_953],
    ["cryptofeed/BINANCE.ws.1.0", 265],
    ["cryptofeed/BINANCE_FUTURES.ws.1.0", 1_535],
    ["cryptofeed/BITFINEX.ws.11.0", 1_693],
    ["cryptofeed/DERIBIT.ws.1.0", 136],
    ["cryptofeed/OKX.ws.1.0", 410],
    ["cryptofeed/COINBASE.ws.28.0", 9_946],
  ])("%s has %i frames", async (name, count) => {
    let frames = 0;
    for await (const frame of readRecording(join(recordings, name))) {
      frames += 1;
      if (frame.text.includes("\n")) throw new Error("a frame of two lines");
    }
    expect(frames).toBe(count);
  });
});
