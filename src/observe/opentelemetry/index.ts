/** `ws-supervisor/opentelemetry`: metrics and traces of every connection of the process. */
export { openTelemetryMetrics, type OpenTelemetryMetricsOptions } from "./metrics.ts";
export { openTelemetryTraces, type OpenTelemetryTracesOptions } from "./traces.ts";
export type { Observed } from "../observed.ts";
