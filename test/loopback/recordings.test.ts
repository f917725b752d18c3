/**
 * Real market data, through a real socket and the command, compared frame by frame.
 *
 * The recordings lie beside the project, never in it: `../shared/recordings`. Without them there is
 * nothing to compare with, and these tests say so.
 */
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { loadRecording } from "../../src/testing/index.ts";
import { startCommand, type RunningCommand } from "../src/cli/run-command.ts";

const path = resolve(
  import.meta.dirname,
  "../../../shared/recordings/hftbacktest/spot_btcusdt_20240808.gz",
);
const isHere = existsSync(path);
const TRADES = "btcusdt@trade";
const TOPICS = [TRADES, "btcusdt@depth@100ms", "btcusdt@bookTicker"];
const CONNECT = "connect --venue binance-spot --backoff lone-client --seed 1 --json-facts".split(
  " ",
);
const REPLAY = ["simulate", "--replay", path, "--speed", "50"];

const tradeIdOf = (frame: string): number | undefined => {
  const { stream, data } = JSON.parse(frame) as { stream: string; data: { t: number } };
  return stream === TRADES ? data.t : undefined;
};
const tradeIdsOf = (frames: readonly string[]): readonly number[] =>
  frames.map(tradeIdOf).filter((id) => id !== undefined);

/** The gaps that were reported of the trades. */
function gapsOf(
  command: RunningCommand,
): readonly { readonly from: number; readonly to: number }[] {
  const facts = command.stderr.lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  return facts
    .filter(({ type, stream }) => type === "gap" && stream === TRADES)
    .map(({ from, to }) => ({ from: Number(from), to: Number(to) }));
}

const absent = "../shared/recordings is absent: nothing to compare with";

describe.skipIf(!isHere)(isHere ? "the recording of Binance spot" : absent, () => {
  it("comes through byte for byte and in order", { timeout: 120_000 }, async () => {
    const recorded = await loadRecording(path);
    expect(recorded).toHaveLength(41_248);
    const exchange = startCommand(...REPLAY, "--faults", "none");
    const url = `${await exchange.stdout.firstLine()}/stream?streams=${TOPICS.join("/")}`;
    const client = startCommand("connect", url);
    await exchange.stdout.until(() => exchange.stdout.text.includes("the last frame is sent"));
    await client.stdout.until(() => client.stdout.lines.length >= recorded.length);
    expect(await client.stop()).toBe(0);
    expect(await exchange.stop()).toBe(0);

    const expected = Buffer.from(recorded.map(({ text }) => `${text}\n`).join(""));
    expect(client.stdout.bytes.equals(expected)).toBe(true);
  });

  it("is accounted for when it is reset every second", { timeout: 120_000 }, async () => {
    const recorded = tradeIdsOf((await loadRecording(path)).map(({ text }) => text));
    // It lasts 6.9 s at this speed; there is no fault in the last two.
    const exchange = startCommand(...REPLAY, "--faults", "reset@1s..4s/1s");
    const endpoint = await exchange.stdout.firstLine();
    const client = startCommand(...CONNECT, "--endpoint", endpoint, ...TOPICS);
    await exchange.stdout.until(() => exchange.stdout.text.includes("the last frame is sent"));
    expect(await client.stop()).toBe(0);
    expect(await exchange.stop()).toBe(0);

    const delivered = tradeIdsOf(client.stdout.lines);
    const gaps = gapsOf(client);
    const owed = recorded.slice(
      recorded.indexOf(delivered[0] ?? NaN),
      recorded.indexOf(delivered.at(-1) ?? NaN) + 1,
    );
    const times = new Map<number, number>();
    for (const id of delivered) times.set(id, (times.get(id) ?? 0) + 1);
    const inGaps = (id: number) => gaps.filter(({ from, to }) => from <= id && id <= to).length;

    expect(exchange.stdout.lines.filter((line) => /fault +reset/.test(line))).toHaveLength(4);
    expect(gaps.length).toBeGreaterThanOrEqual(1);
    expect(owed.length).toBeGreaterThan(delivered.length);
    expect(owed.filter((id) => (times.get(id) ?? 0) + inGaps(id) !== 1)).toEqual([]);
    expect(delivered.filter((id) => inGaps(id) > 0)).toEqual([]);
  });
});
