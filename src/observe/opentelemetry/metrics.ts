/**
 * The catalog's metrics as OpenTelemetry's: what facts measure is added as it comes, what status says is
 * observed, all in one callback, when the reader collects.
 */
import {
  metrics as api,
  type Counter,
  type Histogram,
  type MeterProvider,
  type Observable,
} from "@opentelemetry/api";
import { OptionError } from "../../errors.ts";
import { counted, measured, type Metric } from "../metrics/catalog.ts";
import { watchEventLoop } from "../metrics/event-loop.ts";
import { watchConnections } from "../metrics/watch-connections.ts";
import type { Observed } from "../observed.ts";
import { attributesOf, SCOPE } from "./attributes.ts";

export interface OpenTelemetryMetricsOptions {
  /** @defaultValue the global one, which `@opentelemetry/api` was given */
  readonly meterProvider?: MeterProvider | undefined;
  /** Connections that were started before; later ones are found. @defaultValue none */
  readonly connections?: Iterable<Observed> | undefined;
}

const describe = ({ unit, help }: Metric) => ({ unit, description: help });
const nameOf = ({ name }: Metric): string => `ws_supervisor.${name}`;

/** Measures every connection of this process from now on. Gives the function that ends it. */
export function openTelemetryMetrics(options: OpenTelemetryMetricsOptions = {}): () => void {
  const { meterProvider = api.getMeterProvider(), connections = [] } = options;
  if (typeof meterProvider?.getMeter !== "function") {
    throw new OptionError("meterProvider", "a MeterProvider of OpenTelemetry", meterProvider);
  }
  const meter = meterProvider.getMeter(SCOPE);

  const counters = new Map<Metric, Counter>();
  const histograms = new Map<Metric, Histogram>();
  for (const metric of Object.values<Metric>(measured)) {
    if (metric.kind === "histogram") {
      const advice = { explicitBucketBoundaries: [...(metric.buckets ?? [])] };
      const histogram = meter.createHistogram(nameOf(metric), { ...describe(metric), advice });
      histograms.set(metric, histogram);
    } else {
      counters.set(metric, meter.createCounter(nameOf(metric), describe(metric)));
    }
  }
  const { census, stop } = watchConnections(connections, (metric, value, labels) => {
    counters.get(metric)?.add(value, attributesOf(labels));
    histograms.get(metric)?.record(value, attributesOf(labels));
  });

  const observables = new Map<Metric, Observable>();
  for (const metric of Object.values<Metric>(counted)) {
    const observable =
      metric.kind === "counter"
        ? meter.createObservableCounter(nameOf(metric), describe(metric))
        : meter.createObservableGauge(nameOf(metric), describe(metric));
    observables.set(metric, observable);
  }
  const loop = watchEventLoop();
  // The conventions' own name for it.
  const lag = meter.createObservableGauge("nodejs.eventloop.delay.max", {
    unit: "s",
    description: "The longest that the event loop was blocked since the last collection.",
  });
  const all = [...observables.values(), lag];
  const observe: Parameters<typeof meter.addBatchObservableCallback>[0] = (result) => {
    for (const { metric, value, labels } of census.readings()) {
      const observable = observables.get(metric);
      if (observable !== undefined) result.observe(observable, value, attributesOf(labels));
    }
    result.observe(lag, loop.worstLagS());
  };
  meter.addBatchObservableCallback(observe, all);

  return () => {
    stop();
    loop.stop();
    meter.removeBatchObservableCallback(observe, all);
  };
}
