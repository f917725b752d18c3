/** What each fact adds to which metric. */
import { rangeSize } from "../../sequence/position.ts";
import { type FactHandlers } from "../channels.ts";
import type { Observed } from "../observed.ts";
import { measured, type Metric } from "./catalog.ts";
import type { ConnectionLabels, Labels } from "./labels.ts";

/** Where measurements go: more to a counter, one value to a histogram. */
export type Measure = (metric: Metric, value: number, labels: Labels) => void;

/** When a connection's dial and its open socket began. */
interface Since {
  dialledAtMs?: number | undefined;
  openedAtMs?: number | undefined;
}

export function recordFacts(measure: Measure, labels: ConnectionLabels): FactHandlers {
  const since = new WeakMap<Observed, Since>();
  const sinceOf = (supervisor: Observed): Since => {
    let known = since.get(supervisor);
    if (known === undefined) since.set(supervisor, (known = {}));
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
      count(measured.recoveries, supervisor);
    },
    gap: ({ from, to }, supervisor) => {
      count(measured.gaps, supervisor);
      count(measured.missed, supervisor, rangeSize(from, to));
    },
    reset: (_, supervisor) => count(measured.resets, supervisor),
    mismatch: (_, supervisor) => count(measured.mismatches, supervisor),
    overflow: ({ overflow }, supervisor) => count(measured.overflow, supervisor, overflow.dropped),
    alert: ({ alert }, supervisor) =>
      measure(measured.alerts, 1, { ...labels.of(supervisor), kind: alert.kind }),
  };
}
