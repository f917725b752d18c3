/** The shapes of recorded gaps. The recordings lie beside the project, never in it: `../shared/recordings`. */
import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { gunzipSync } from "node:zlib";
import type { Rhythm, Shape } from "./rhythms.ts";

type Recording = NonNullable<Rhythm["recording"]>;

/** Where each lies, which lines are messages of one stream, and how a line begins with its time. */
const sources: Readonly<
  Record<Recording, { readonly file: string; readonly has: string; readonly perMs: number }>
> = {
  spot: { file: "hftbacktest/spot_btcusdt_20240808.gz", has: "btcusdt@trade", perMs: 1e6 },
  coinbase: { file: "cryptofeed/COINBASE.ws.28.0", has: '"type":"match"', perMs: 1e-3 },
  binance: { file: "cryptofeed/BINANCE_FUTURES.ws.1.0", has: "aggTrade", perMs: 1e-3 },
};

/** Undefined where the recording is absent. @param root - The checkout. */
export function shapeOf(recording: Recording, root: string): Shape | undefined {
  const { file, has, perMs } = sources[recording];
  const path = resolve(root, "../shared/recordings", file);
  if (!existsSync(path)) return undefined;
  const bytes = readFileSync(path);
  const text = (path.endsWith(".gz") ? gunzipSync(bytes) : bytes).toString();
  const times = text
    .split("\n")
    .filter((line) => line.includes(has))
    .map((line) => Number.parseFloat(line) / perMs)
    .filter((atMs) => atMs > 0);
  const gaps = times.slice(1).map((atMs, index) => atMs - (times[index] ?? atMs));
  const apart = gaps.filter((gapMs) => gapMs > 0);
  const mean = apart.reduce((sum, gapMs) => sum + gapMs, 0) / apart.length;
  return apart.length < 20 ? undefined : apart.map((gapMs) => gapMs / mean);
}
