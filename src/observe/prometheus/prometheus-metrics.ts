/**
 * The catalog's metrics as `prom-client`'s: what facts measure is added as it comes, what status says is
 * read when Prometheus scrapes.
 */
import { Counter, Gauge, Histogram, register as defaultRegister, type Registry } from "prom-client";
import { OptionError } from "../../errors.ts";
import { counted, measured, prometheusName, type Metric } from "../metrics/catalog.ts";
import type { Reading } from "../metrics/census.ts";
import { watchEventLoop } from "../metrics/event-loop.ts";
import { watchConnections } from "../metrics/watch-connections.ts";
import type { Observed } from "../observed.ts";

export interface PrometheusOptions {
  /** Where the metrics are registered. @defaultValue prom-client's global register */
  readonly register?: Registry | undefined;
  /** Connections that were started before; later ones are found. @defaultValue none */
  readonly connections?: Iterable<Observed> | undefined;
}

const LAG = "ws_supervisor_event_loop_lag_seconds";

/**
 * Measures every connection of this process from now on. Gives the function that ends it and takes the
 * metrics off the register again.
 */
export function prometheusMetrics(options: PrometheusOptions = {}): () => void {
  const { register = defaultRegister, connections = [] } = options;
  if (typeof register?.registerMetric !== "function") {
    throw new OptionError("register", "a Registry of prom-client", register);
  }
  const registers = [register];
  const configOf = (metric: Metric) => ({
    name: prometheusName(metric),
    help: metric.help,
    labelNames: ["connection", "venue", ...metric.labels],
    registers,
  });

  const counters = new Map<Metric, Counter>();
  const histograms = new Map<Metric, Histogram>();
  for (const metric of Object.values<Metric>(measured)) {
    if (metric.kind === "histogram") {
      const buckets = [...(metric.buckets ?? [])];
      histograms.set(metric, new Histogram({ ...configOf(metric), buckets }));
    } else {
      counters.set(metric, new Counter(configOf(metric)));
    }
  }
  const { census, stop } = watchConnections(connections, (metric, value, labels) => {
    counters.get(metric)?.inc({ ...labels }, value);
    histograms.get(metric)?.observe({ ...labels }, value);
  });

  /** One scrape asks every metric, in one turn: the census is taken once for all. */
  let taken: readonly Reading[] | undefined;
  const readings = (): readonly Reading[] => {
    if (taken === undefined) {
      taken = census.readings();
      void Promise.resolve().then(() => {
        taken = undefined;
      });
    }
    return taken;
  };
  for (const metric of Object.values<Metric>(counted)) {
    const own = (): readonly Reading[] => readings().filter((reading) => reading.metric === metric);
    if (metric.kind === "counter") {
      const counter: Counter = new Counter({
        ...configOf(metric),
        collect: () => {
          counter.reset();
          for (const { labels, value } of own()) counter.inc({ ...labels }, value);
        },
      });
    } else {
      const gauge: Gauge = new Gauge({
        ...configOf(metric),
        collect: () => {
          gauge.reset();
          for (const { labels, value } of own()) gauge.set({ ...labels }, value);
        },
      });
    }
  }

  const loop = watchEventLoop();
  const lag: Gauge = new Gauge({
    name: LAG,
    help: "The longest that the event loop was blocked since the last scrape.",
    registers,
    collect: () => lag.set(loop.worstLagS()),
  });

  return () => {
    stop();
    loop.stop();
    for (const metric of Object.values<Metric>({ ...measured, ...counted })) {
      register.removeSingleMetric(prometheusName(metric));
    }
    register.removeSingleMetric(LAG);
  };
}
