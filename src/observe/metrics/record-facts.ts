/** What each fact adds to which metric. */
import { rangeSize } from "../../sequence/position.ts";
import { MAX_STREAMS } from "../../sequence/tracker.ts";
import { type FactHandlers } from "../channels.ts";
import type { Observed } from "../observed.ts";
import { measured, type Metric } from "./catalog.ts";
import type { ConnectionLabels, Labels } from "./labels.ts";

/** Where measurements go: more to a counter, one value to a histogram. */
export type Measure = (metric: Metric, value: number, labels: Labels) => void;

/** When a connection's dial and its open socket began, and since when its streams are not whole. */
interface Since {
  readonly brokenAtMs: Map<string, { readonly atMs: number; readonly cause: string }>;
  dialledAtMs?: number | undefined;
  openedAtMs?: number | undefined;
}

export function recordFacts(measure: Measure, labels: ConnectionLabels): FactHandlers {
  const since = new WeakMap<Observed, Since>();
  const sinceOf = (supervisor: Observed): Since => {
    let known = since.get(supervisor);
    if (known === undefined) since.set(supervisor, (known = { brokenAtMs: new Map() }));
    return known;
  };
  const count = (metric: Metric, supervisor: Observed, value = 1): void =>
    measure(metric, value, labels.of(supervisor));

  return {
    state: ({ state, atMs }, supervisor) => {
      const known = sinceOf(supervisor);
      if (state === "connected" && known.dialledAtMs !== undefined) {
        const connectMs = (known.openedAtMs ?? atMs) - known.dialledAtMs;
        measure(measured.connect, connectMs / 1_000, labels.of(supervisor));
        known.openedAtMs ??= atMs;
      }
      known.dialledAtMs = state === "connecting" ? atMs : undefined;
      if (state !== "connected") known.openedAtMs = undefined;
    },
    up: ({ atMs }, supervisor) => {
      const known = sinceOf(supervisor);
      // Where nothing is replayed the socket is ready as it opens, and only then is its state told.
      known.openedAtMs ??= atMs;
      const own = labels.of(supervisor);
      measure(measured.replay, (atMs - known.openedAtMs) / 1_000, own);
      measure(measured.attempts, 1, { ...own, outcome: "ready", error_type: "" });
    },
    "attempt.failed": ({ loss }, supervisor) =>
      measure(measured.attempts, 1, {
        ...labels.of(supervisor),
        outcome: "failed",
        error_type: loss.class,
      }),
    down: ({ loss }, supervisor) =>
      measure(measured.losses, 1, { ...labels.of(supervisor), error_type: loss.class }),
    recovered: ({ report }, supervisor) => {
      const { cause, durationMs, detectedAtMs, startedAtMs } = report;
      const own = { ...labels.of(supervisor), error_type: cause.class };
      measure(measured.outage, durationMs / 1_000, own);
      measure(measured.detection, (detectedAtMs - startedAtMs) / 1_000, own);
    },
    gap: ({ from, to }, supervisor) => {
      count(measured.gaps, supervisor);
      count(measured.missed, supervisor, rangeSize(from, to));
    },
    reset: (_, supervisor) => count(measured.resets, supervisor),
    invalid: ({ stream, cause, atMs }, supervisor) => {
      const { brokenAtMs } = sinceOf(supervisor);
      if (brokenAtMs.size < MAX_STREAMS) brokenAtMs.set(stream, { atMs, cause });
    },
    valid: ({ stream, atMs }, supervisor) => {
      const { brokenAtMs } = sinceOf(supervisor);
      const broken = brokenAtMs.get(stream);
      if (broken === undefined) return;
      brokenAtMs.delete(stream);
      const own = { ...labels.of(supervisor), kind: broken.cause };
      measure(measured.recovery, (atMs - broken.atMs) / 1_000, own);
    },
    mismatch: (_, supervisor) => count(measured.mismatches, supervisor),
    overflow: ({ overflow }, supervisor) => count(measured.overflow, supervisor, overflow.dropped),
    alert: ({ alert }, supervisor) =>
      measure(measured.alerts, 1, { ...labels.of(supervisor), kind: alert.kind }),
  };
}
