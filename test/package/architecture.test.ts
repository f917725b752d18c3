/**
 * Who may import whom. An arrow that this table does not list fails the build, so that a reader knows
 * from a file's folder what a line in it may touch (design.md §3).
 */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { describe, expect, it } from "vitest";

const root = resolve(import.meta.dirname, "../..");

/** Folder → folders and packages that its files may import, besides its own. Longest match wins. */
const table: Readonly<Record<string, readonly string[]>> = {
  machines: ["xstate"],
  "src/system.ts": [],
  "src/sparse-map.ts": [],
  "src/byte-length.ts": [],
  "src/queue.ts": [],
  "src/redact.ts": [],
  "src/shape.ts": [],
  "src/warn.ts": ["src/shape.ts"],
  "src/errors.ts": ["machines", "src/redact.ts", "src/shape.ts"],
  "src/check.ts": ["machines", "src/errors.ts", "src/shape.ts", "src/system.ts"],
  "src/check-rules.ts": ["machines", "src/errors.ts", "src/check.ts"],
  "src/sequence": ["src/errors.ts", "src/shape.ts", "src/sparse-map.ts"],
  "src/subscriptions": [
    "machines/refusal.ts",
    "src/errors.ts",
    "src/shape.ts",
    "src/sparse-map.ts",
  ],
  "src/recovery": [
    "machines",
    "src/check.ts",
    "src/errors.ts",
    "src/sparse-map.ts",
    "src/system.ts",
    "src/sequence",
    "src/transport/printable.ts",
    "src/connection/explain.ts",
    "src/supervisor/items.ts",
  ],
  "src/retry-after.ts": [],
  "src/transport": [
    "machines",
    "src/check.ts",
    "src/errors.ts",
    "src/queue.ts",
    "src/retry-after.ts",
    "src/shape.ts",
    "src/system.ts",
    "node:*",
  ],
  "src/transport/client-web-socket.ts": ["src/transport", "ws"],
  "src/transport/ws-transport.ts": [
    "src/transport",
    "machines",
    "src/shape.ts",
    "src/system.ts",
    "node:*",
    "ws",
  ],
  "src/transport/ws-options.ts": ["src/transport", "src/errors.ts", "src/shape.ts", "node:*", "ws"],
  "src/connection": [
    "src/byte-length.ts",
    "machines",
    "src/errors.ts",
    "src/queue.ts",
    "src/shape.ts",
    "src/sparse-map.ts",
    "src/system.ts",
    "src/transport",
    "src/subscriptions",
  ],
  "src/venues": [
    "machines",
    "src/check.ts",
    "src/check-rules.ts",
    "src/errors.ts",
    "src/retry-after.ts",
    "src/shape.ts",
    "src/transport/close-frame.ts",
    "src/connection",
    "src/recovery",
    "src/sequence",
    "src/subscriptions",
  ],
  "src/venues/bitfinex-book.ts": ["src/venues", "node:zlib"], // CRC-32 is the platform's
  "src/venues/kraken-book.ts": ["src/venues", "node:zlib", "lossless-json"],
  "src/supervisor": [
    "src/byte-length.ts",
    "machines",
    "xstate",
    "@standard-schema/spec",
    "src/check.ts",
    "src/check-rules.ts",
    "src/errors.ts",
    "src/queue.ts",
    "src/shape.ts",
    "src/sparse-map.ts",
    "src/system.ts",
    "src/recovery",
    "src/sequence",
    "src/subscriptions",
    "src/transport",
    "src/connection",
    "src/recovery",
    "src/venues",
  ],
  "src/index.ts": [
    "machines/refusal.ts",
    "src/errors.ts",
    "src/system.ts",
    "src/recovery",
    "src/sequence",
    "src/subscriptions",
    "src/transport",
    "src/connection",
    "src/supervisor",
  ],
  "src/testing": [
    "machines",
    "src/check.ts",
    "src/errors.ts",
    "src/queue.ts",
    "src/shape.ts",
    "src/system.ts",
    "src/transport",
    "src/warn.ts",
    "node:*",
  ],
  "src/testing/charts": ["xstate", "src/testing/virtual-clock.ts"],
  "src/testing/exchange/ws-exchange.ts": [
    "src/testing",
    "src/check.ts",
    "machines",
    "src/system.ts",
    "src/transport",
    "node:*",
    "ws",
  ],
  "src/observe": [
    "machines",
    "src/check.ts",
    "src/errors.ts",
    "src/retry-after.ts",
    "src/shape.ts",
    "src/system.ts",
    "src/connection/check-dial.ts",
    "src/sequence",
    "src/supervisor",
    "src/transport",
    "src/warn.ts",
  ],
  "src/observe/metrics/event-loop.ts": ["node:perf_hooks"],
  "src/observe/channels.ts": [
    "src/observe",
    "src/supervisor",
    "src/warn.ts",
    "node:diagnostics_channel",
  ],
  "src/observe/prometheus": ["src/observe", "src/errors.ts", "src/supervisor", "prom-client"],
  "src/observe/opentelemetry": [
    "src/observe",
    "machines",
    "src/errors.ts",
    "src/supervisor",
    "@opentelemetry/api",
  ],
  "src/browser": ["src/errors.ts", "src/system.ts", "src/supervisor", "src/transport"],
  "src/observe/inspector": [
    "machines",
    "src/check.ts",
    "src/errors.ts",
    "src/shape.ts",
    "src/system.ts",
    "src/supervisor",
    "src/testing/charts",
    "src/transport/printable.ts",
    "xstate",
    "ws",
    "node:*",
  ],
  "src/cli": [
    "src/shape.ts",
    "machines",
    "src/redact.ts",
    "src/errors.ts",
    "src/index.ts",
    "src/system.ts",
    "src/observe",
    "src/sequence",
    "src/supervisor",
    "src/transport",
    "src/venues",
    "src/testing",
    "src/observe/inspector",
    "commander",
    "node:*",
  ],
};

interface Import {
  readonly file: string;
  readonly target: string;
}

function sourceFiles(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => join(folder, name));
}

function importsOf(file: string): Import[] {
  const text = readFileSync(join(root, file), "utf8");
  const specifiers = [
    ...text.matchAll(/^(?:import|export)[^;]*?from\s+"([^"]+)"|^import\s+"([^"]+)"/gm),
  ];
  return specifiers.map(([, from, bare]) => {
    const specifier = from ?? bare ?? "";
    const target = specifier.startsWith(".")
      ? relative(root, resolve(root, dirname(file), specifier))
      : specifier;
    return { file, target };
  });
}

function isWithin(path: string, place: string): boolean {
  if (place === "node:*") return path.startsWith("node:");
  return path === place || path.startsWith(`${place}/`);
}

/** The row of the table that a file belongs to: the longest that matches. */
function homeOf(file: string): string | undefined {
  return Object.keys(table)
    .filter((place) => isWithin(file, place))
    .sort((a, b) => b.length - a.length)[0];
}

const files = [...sourceFiles("machines"), ...sourceFiles("src")];

describe("the import table", () => {
  it("has a row for every source file", () => {
    expect(files.filter((file) => homeOf(file) === undefined)).toEqual([]);
  });

  it("lists every arrow that is drawn", () => {
    const strays = files.flatMap(importsOf).filter(({ file, target }) => {
      const home = homeOf(file) ?? "";
      const allowed = [home, ...(table[home] ?? [])];
      return !allowed.some((place) => isWithin(target, place));
    });
    expect(strays).toEqual([]);
  });

  it("keeps sockets out of machines: no node module, no ws", () => {
    const targets = sourceFiles("machines")
      .flatMap(importsOf)
      .map(({ target }) => target);
    expect(targets.filter((target) => target === "ws" || target.startsWith("node:"))).toEqual([]);
  });

  it("knows no barrel but the public entry points", () => {
    const barrels = files.filter((file) => /(^|\/)index\.ts$/.test(file));
    expect(barrels.sort()).toEqual([
      "machines/index.ts",
      "src/browser/index.ts",
      "src/index.ts",
      "src/observe/alerts/index.ts",
      "src/observe/inspector/index.ts",
      "src/observe/logs/index.ts",
      "src/observe/opentelemetry/index.ts",
      "src/observe/prometheus/index.ts",
      "src/testing/index.ts",
      "src/venues/index.ts",
    ]);
  });
});
