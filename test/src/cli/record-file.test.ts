import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { VirtualClock } from "ws-supervisor/testing";
import { RecordFile, type RecordOptions } from "../../../src/cli/record-file.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "record-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const source = { venue: "okx", url: "wss://okx.test/ws" };
const startedAtMs = Date.UTC(2026, 10, 30, 21, 8, 0, 123);

async function start(options: Partial<RecordOptions> = {}) {
  const clock = new VirtualClock(startedAtMs);
  const failures: Error[] = [];
  const onFailed = (error: Error) => void failures.push(error);
  const path = join(folder, "feed.ndjson");
  const file = await RecordFile.open({ path, source, clock, onFailed, ...options });
  return { clock, file, failures, path };
}

const names = () => readdirSync(folder).sort();
const linesOf = (name: string) => readFileSync(join(folder, name), "utf8").split("\n").slice(0, -1);
const begun = (part: number, atMs = startedAtMs) =>
  JSON.stringify({ kind: "recording", version: 1, ...source, part, startedAtMs: atMs });
const ended = (next: boolean) => JSON.stringify({ kind: "recording.ended", next });

describe("a recording without rotation", () => {
  it("is one new file of its name: what it is of, its lines, its end mark", async () => {
    const { file } = await start();
    void file.write("a");
    void file.write("b");
    await file.close();
    expect(names()).toEqual(["feed.ndjson"]);
    expect(linesOf("feed.ndjson")).toEqual([begun(1), "a", "b", ended(false)]);
  });

  it("has its lines on the disk after one turn of the event loop", async () => {
    const { clock, file } = await start();
    void file.write("a");
    clock.advance(0);
    await file.close();
    expect(linesOf("feed.ndjson")).toEqual([begun(1), "a", ended(false)]);
  });

  it("never overwrites a file", async () => {
    writeFileSync(join(folder, "feed.ndjson"), "precious");
    await expect(start()).rejects.toThrow(/^--record: expected a new file \(EEXIST: /);
    expect(linesOf("feed.ndjson")).toEqual([]);
    expect(readFileSync(join(folder, "feed.ndjson"), "utf8")).toBe("precious");
  });

  it("cannot be where no folder is", async () => {
    const path = join(folder, "none", "feed");
    await expect(start({ path })).rejects.toThrow(/^--record: expected a new file \(ENOENT: /);
  });

  it("makes a writer wait that is faster than the disk", async () => {
    const { file } = await start();
    expect(file.write("a")).toBe(undefined);
    const full = file.write("x".repeat(1024 * 1024));
    expect(full).toBeInstanceOf(Promise);
    await full;
    expect(file.write("b")).toBe(undefined);
    await file.close();
    expect(linesOf("feed.ndjson").map((line) => line.length)).toEqual([
      begun(1).length,
      1,
      1024 * 1024,
      1,
      ended(false).length,
    ]);
  });

  it("counts what the disk has not taken yet, not only what was not given to it", async () => {
    const { clock, file } = await start();
    let waits = 0;
    for (let count = 0; count < 15; count += 1) {
      if (file.write("x".repeat(100_000)) !== undefined) waits += 1;
      clock.advance(0); // given to the disk, which cannot have taken it
    }
    expect(waits).toBe(5);
    await file.close();
    expect(linesOf("feed.ndjson")).toHaveLength(17);
  });

  it("writes nothing after its end", async () => {
    const { file } = await start();
    await file.close();
    expect(file.write("late")).toBe(undefined);
    await file.close();
    expect(linesOf("feed.ndjson")).toEqual([begun(1), ended(false)]);
  });
});

describe("rotation by size", () => {
  it("ends a part before the line that would make it too large, and drops no line", async () => {
    const rotateBytes = begun(1).length + 1 + 4;
    const { file } = await start({ rotateBytes });
    for (const line of ["a", "b", "c", "a line that is longer than a part", "d"])
      void file.write(line);
    await file.close();
    const stamp = "feed-20261130T210800.123Z";
    expect(names()).toEqual([1, 2, 3, 4].map((part) => `${stamp}-000${part}.ndjson`));
    expect(names().map(linesOf)).toEqual([
      [begun(1), "a", "b", ended(true)],
      [begun(2), "c", ended(true)],
      [begun(3), "a line that is longer than a part", ended(true)],
      [begun(4), "d", ended(false)],
    ]);
  });

  it("gives a part its name when it is whole, and never the name of another file", async () => {
    const stamp = "feed-20261130T210800.123Z-0001";
    writeFileSync(join(folder, `${stamp}.ndjson`), "precious");
    const { file } = await start({ rotateBytes: 1_000 });
    void file.write("a");
    expect(names()).toEqual([`${stamp}.ndjson`, `${stamp}.ndjson.part`]);
    await file.close();
    expect(names()).toEqual([`${stamp}-2.ndjson`, `${stamp}.ndjson`]);
    expect(readFileSync(join(folder, `${stamp}.ndjson`), "utf8")).toBe("precious");
    expect(linesOf(`${stamp}-2.ndjson`)).toEqual([begun(1), "a", ended(false)]);
  });
});

describe("rotation by time", () => {
  it("ends a part that is old enough, and leaves one without a line for later", async () => {
    const { clock, file } = await start({ rotateMs: 3_600_000 });
    clock.advance(3_600_000);
    void file.write("a");
    clock.advance(3_599_999);
    void file.write("b");
    clock.advance(1);
    void file.write("c");
    await file.close();
    const atMs = startedAtMs + 7_200_000;
    expect(names()).toEqual([
      "feed-20261130T210800.123Z-0001.ndjson",
      "feed-20261130T230800.123Z-0002.ndjson",
    ]);
    expect(names().map(linesOf)).toEqual([
      [begun(1), "a", "b", ended(true)],
      [begun(2, atMs), "c", ended(false)],
    ]);
  });
});

describe("a disk that fails", () => {
  it("is told once, and nothing is written after it", async () => {
    const { file, failures } = await start({ rotateBytes: 1 });
    void file.write("a");
    // The next part cannot be created.
    rmSync(folder, { recursive: true });
    writeFileSync(folder, "no folder any more");
    void file.write("b");
    await file.close();
    expect(failures).toHaveLength(1);
    expect(file.failure?.message).toMatch(/ENOTDIR|ENOENT/);
    expect(file.write("c")).toBe(undefined);
  });
});
