/** The command as a process of its own: signals, a reader that goes away, and the end. */
import { spawn, type ChildProcessByStdio } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pass } from "node:timers/promises";
import type { Readable, Writable } from "node:stream";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startExchange, type RunningExchange } from "../../src/testing/index.ts";
import { buildPackage } from "./built-package.ts";

const SUBSCRIBE = '{"method":"SUBSCRIBE","params":["btcusdt@trade"],"id":1}';

let main = "";
let exchange: RunningExchange;

beforeAll(async () => {
  main = join(buildPackage("cli"), "src/cli/main.js");
  exchange = await startExchange({ market: { tradesPerSecond: 100 } });
}, 60_000);

afterAll(() => exchange.stop());

type Child = ChildProcessByStdio<Writable | null, Readable, Readable>;

function start(...argv: string[]): Child {
  return spawn(process.execPath, [main, ...argv], { stdio: ["ignore", "pipe", "pipe"] });
}

const connect = () => start("connect", `${exchange.url}/ws/btcusdt@trade`);

async function ended(child: Child): Promise<{ code: number | null; signal: string | null }> {
  const [code, signal] = (await once(child, "exit")) as [number | null, string | null];
  return { code, signal };
}

/** As {@link ended}, once all that it has written is read. */
async function closed(child: Child): Promise<{ code: number | null; signal: string | null }> {
  const [code, signal] = (await once(child, "close")) as [number | null, string | null];
  return { code, signal };
}

describe("the process of connect", () => {
  it.each(["SIGINT", "SIGTERM"] as const)("closes politely on %s and ends with 0", async (name) => {
    const child = connect();
    let facts = "";
    child.stderr.on("data", (chunk: Buffer) => (facts += chunk.toString()));
    await once(child.stdout, "data");
    const end = ended(child);
    child.stdout.resume();
    child.kill(name);

    expect(await end).toEqual({ code: 0, signal: null });
    expect(facts).toContain("closed          by its owner");
  });

  it("waits for a reader that has stopped, and ends at a second signal all the same", async () => {
    // Far more at once than the pipe between the processes holds, and nobody reads it.
    const text = JSON.stringify({ pad: "x".repeat(8_000) });
    const recording = Array.from({ length: 1_000 }, () => ({ atMs: 0, text }));
    const flood = await startExchange({ recording, speed: Infinity });
    const child = start("connect", `${flood.url}/ws`, "--subscribe", SUBSCRIBE);
    const end = ended(child);
    await once(child.stdout, "readable");
    await pass(500);
    let facts = "";
    child.stderr.on("data", (chunk: Buffer) => {
      facts += chunk.toString();
      if (facts.includes("by its owner")) child.kill("SIGINT");
    });
    child.kill("SIGINT");

    expect(await end).toEqual({ code: null, signal: "SIGINT" });
    await flood.stop();
  });

  it("ends quietly with 0 when its reader goes away", async () => {
    const child = connect();
    await once(child.stdout, "data");
    const end = ended(child);
    child.stdout.destroy();
    child.stderr.resume();

    expect(await end).toEqual({ code: 0, signal: null });
  });

  it("ends by itself when it failed", async () => {
    const child = start("connect", "ws://127.0.0.1:1", "--max-retries", "0", "--quiet");
    let problem = "";
    child.stderr.on("data", (chunk: Buffer) => (problem += chunk.toString()));

    expect(await ended(child)).toEqual({ code: 1, signal: null });
    expect(problem).toMatch(/^error: connection failed: .*\n$/);
  });
});

describe("a recording", () => {
  it.each(["SIGINT", "SIGTERM"] as const)(
    "is whole on the disk when %s has ended it",
    async (name) => {
      const folder = mkdtempSync(join(tmpdir(), "cli-process-"));
      const file = join(folder, "feed.ndjson");
      const child = start(
        "connect",
        `${exchange.url}/ws/btcusdt@trade`,
        "--record",
        file,
        "--quiet",
      );
      await once(child.stdout, "data");
      const end = ended(child);
      child.stdout.resume();
      child.kill(name);

      expect(await end).toEqual({ code: 0, signal: null });
      const lines = readFileSync(file, "utf8").split("\n");
      expect(lines.length).toBeGreaterThan(2);
      expect(lines.slice(-2)).toEqual(['{"kind":"recording.ended","next":false}', ""]);
      rmSync(folder, { recursive: true });
    },
  );

  it("is left as it is by a kill, and check says that its end is missing", async () => {
    const folder = mkdtempSync(join(tmpdir(), "cli-process-"));
    const file = join(folder, "feed.ndjson");
    const url = `${exchange.url}/stream?streams=btcusdt@trade`;
    const child = start("connect", url, "--record", file, "--quiet");
    let lines = 0;
    child.stdout.on("data", (chunk: Buffer) => {
      lines += chunk.toString().split("\n").length - 1;
      if (lines > 20) child.kill("SIGKILL");
    });
    expect(await ended(child)).toEqual({ code: null, signal: "SIGKILL" });

    const check = start("check", file);
    let said = "";
    check.stderr.on("data", (chunk: Buffer) => (said += chunk.toString()));
    check.stdout.resume();
    expect(await closed(check)).toEqual({ code: 3, signal: null });
    expect(said).toMatch(/judged only in part: cut off or damaged after line \d+/);
    rmSync(folder, { recursive: true });
  });
});

describe("the process of check", () => {
  it.each(["SIGINT", "SIGTERM"] as const)(
    "ends at %s while standard input is silent, and judges what came before",
    async (name) => {
      const child = spawn(process.execPath, [main, "check", "-", "--venue", "binance-spot"]);
      const trade = (t: number) =>
        `{"stream":"btcusdt@trade","data":{"e":"trade","s":"BTCUSDT","t":${t}}}\n`;
      let told = "";
      child.stdout.on("data", (chunk: Buffer) => (told += chunk.toString()));
      child.stderr.resume();
      // Taken by the process when the pipe is empty again: it is far larger than the pipe.
      const frames = Array.from({ length: 5_000 }, (_, index) => trade(index)).join("");
      await new Promise((resolve) => child.stdin.write(frames, resolve));
      const end = closed(child);
      child.kill(name);

      expect(await end).toEqual({ code: 3, signal: null });
      expect(told).toMatch(/no gaps in what was judged: [\d,]+ pairs/);
      expect(told).toMatch(/stopped by a signal after line [\d,]+/);
      child.stdin.destroy();
    },
  );

  it("reads standard input to its end", async () => {
    const child = spawn(process.execPath, [main, "check", "-"]);
    child.stdout.resume();
    child.stderr.resume();
    child.stdin.end('{"a":1}\n');
    expect(await ended(child)).toEqual({ code: 2, signal: null });
  });
});

it("the process of simulate ends with 0 on SIGTERM while a client is connected", async () => {
  const child = start("simulate", "--faults", "none");
  const [chunk] = (await once(child.stdout, "data")) as [Buffer];
  const url = chunk.toString().split("\n")[0] ?? "";
  const client = start("connect", `${url}/ws/btcusdt@trade`);
  await once(client.stdout, "data");
  const [end, clientEnd] = [ended(child), ended(client)];
  child.kill("SIGTERM");

  expect(await end).toEqual({ code: 0, signal: null });
  client.kill("SIGTERM");
  expect(await clientEnd).toEqual({ code: 0, signal: null });
});

it("an unusable option ends with 2", async () => {
  expect(await ended(start("connect", "ws://127.0.0.1:1", "--seed", "x"))).toMatchObject({
    code: 2,
  });
});
