/** A dashboard that asks for a metric of another name shows nothing, and nobody notices. */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { Registry } from "prom-client";
import { prometheusMetrics } from "ws-supervisor/prometheus";
import { describe, expect, it } from "vitest";
import {
  counted,
  measured,
  prometheusName,
  type Metric,
} from "../../src/observe/metrics/catalog.ts";

const root = resolve(import.meta.dirname, "../..");

interface Dashboard {
  readonly panels: readonly {
    readonly id: number;
    readonly title: string;
    readonly targets?: readonly { readonly expr: string }[];
  }[];
}

const { panels } = JSON.parse(
  readFileSync(resolve(root, "examples/grafana-dashboard.json"), "utf8"),
) as Dashboard;
const queries = panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));
const asked = queries.flatMap((expr) =>
  [...expr.matchAll(/ws_supervisor_\w+/g)].map(([name]) => name),
);
const metrics = Object.values<Metric>({ ...measured, ...counted });

/** What Prometheus stores: a histogram is three series. */
const stored = (names: readonly { name: string; type: unknown }[]) =>
  names.flatMap(({ name, type }) =>
    type === "histogram" ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name],
  );

describe("examples/grafana-dashboard.json", () => {
  it("asks only for metrics that exist", async () => {
    const register = new Registry();
    const end = prometheusMetrics({ register });
    const names = stored(await register.getMetricsAsJSON());
    end();
    expect(asked.length).toBeGreaterThan(30);
    expect(asked.filter((name) => !names.includes(name))).toEqual([]);
  });

  it("shows every metric that there is", () => {
    const shown = asked.map((name) => name.replace(/_bucket$/, ""));
    expect(metrics.map(prometheusName).filter((name) => !shown.includes(name))).toEqual([]);
  });

  it("filters and groups only by labels that its metric has", () => {
    const strays = queries.flatMap((expr) => {
      const [, name = ""] = /(ws_supervisor_\w+?)(?:_bucket)?\{/.exec(expr) ?? [];
      const metric = metrics.find((one) => prometheusName(one) === name);
      const known = ["connection", "venue", "le", ...(metric?.labels ?? [])];
      const [, filters = ""] = /\{(.*?)\}/.exec(expr) ?? [];
      const filtered = [...filters.matchAll(/(\w+)=~?"/g)].map(([, label = ""]) => label);
      const grouped = [...expr.matchAll(/by \((.*?)\)/g)].flatMap(([, by = ""]) => by.split(", "));
      return [...filtered, ...grouped].filter((label) => !known.includes(label));
    });
    expect(strays).toEqual([]);
  });

  it("has panels with ids and titles of their own", () => {
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    expect(new Set(panels.map(({ title }) => title)).size).toBe(panels.length);
  });
});
