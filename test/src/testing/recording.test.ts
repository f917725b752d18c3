import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
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

async function eventsOf(path: string): Promise<readonly RecordedEvent[]> {
  const events: RecordedEvent[] = [];
  for await (const event of readRecordedEvents(path)) events.push(event);
  return events;
}

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
