/** `ws-supervisor/prometheus`: metrics of every connection of the process, on a registry of `prom-client`'s. */
export { prometheusMetrics, type PrometheusOptions } from "./prometheus-metrics.ts";
export type { Observed } from "../observed.ts";
