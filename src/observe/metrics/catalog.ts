/**
 * Every metric, once: what it is called, counted in and divided by. The adapters for OpenTelemetry and
 * Prometheus are made from this table, and docs/observability.md is held to it.
 *
 * Each has the labels `connection` and `venue` besides its own. All labels have few values: no topic, no
 * stream, no URL, and names of connections up to a bound (`labels.ts`).
 */

export interface Metric {
  readonly kind: "counter" | "gauge" | "histogram";
  /** After `ws_supervisor.`, in OpenTelemetry's manner. */
  readonly name: string;
  /** UCUM, as OpenTelemetry wants it: `s`, `By`, or what is counted. */
  readonly unit: string;
  readonly help: string;
  readonly labels: readonly Label[];
  /** Upper bounds of a histogram. */
  readonly buckets?: readonly number[];
}

/** `error_type` is the class of a loss. */
export type Label = "outcome" | "error_type" | "kind" | "state" | "fate";

type Spec = readonly [name: string, unit: string, help: string, labels?: readonly Label[]];

const counter = (...[name, unit, help, labels = []]: Spec): Metric => ({
  kind: "counter",
  name,
  unit,
  help,
  labels,
});

const gauge = (...spec: Spec): Metric => ({ ...counter(...spec), kind: "gauge" });

const seconds = (
  name: string,
  help: string,
  buckets: readonly number[],
  labels: readonly Label[] = [],
): Metric => ({ kind: "histogram", name, unit: "s", help, labels, buckets });

const FAST_S = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const SLOW_S = [0.1, 0.5, 1, 2.5, 5, 10, 20, 30, 60, 120, 300, 900, 3_600];

/** Measured when a fact is told. */
export const measured = {
  attempts: counter("attempts", "{attempt}", "Dials, by how they ended.", [
    "outcome",
    "error_type",
  ]),
  losses: counter("losses", "{loss}", "Ready connections that were lost.", ["error_type"]),
  connect: seconds("connect.duration", "From dial to open socket.", FAST_S),
  replay: seconds("replay.duration", "From open socket to subscriptions settled.", FAST_S),
  outage: seconds("outage.duration", "From the last sign of life to ready again.", SLOW_S, [
    "error_type",
  ]),
  detection: seconds("detection.duration", "From the last sign of life to the loss.", SLOW_S, [
    "error_type",
  ]),
  recovery: seconds("recovery.duration", "From a stream's break to it being whole again.", SLOW_S, [
    "kind",
  ]),
  gaps: counter("gaps", "{gap}", "Places where numbers are missing."),
  missed: counter("missed", "{number}", "Numbers that are missing."),
  resets: counter("resets", "{reset}", "Numberings that started over."),
  mismatches: counter("mismatches", "{mismatch}", "Checksums that differed."),
  overflow: counter("overflow", "{message}", "Messages dropped as a reader was too slow."),
  alerts: counter("alerts", "{alert}", "Alerts, by kind.", ["kind"]),
} as const satisfies Record<string, Metric>;

/** Read from `status()` when somebody asks; summed over connections of one name. */
export const counted = {
  connections: gauge("connections", "{connection}", "Connections, by state.", ["state"]),
  ready: gauge("ready", "{connection}", "Connections on which messages and sends flow."),
  roundTrip: gauge("round_trip", "s", "From the heartbeat's last ping to its pong."),
  topics: gauge("topics", "{topic}", "Topics, by how far they are.", ["state"]),
  brokenStreams: gauge("streams.broken", "{stream}", "Streams that are not whole."),
  recoveries: counter("recoveries", "{recovery}", "Recoveries of streams, by how they ended.", [
    "outcome",
  ]),
  inboundMessages: counter("inbound.messages", "{message}", "Messages received."),
  inboundSize: counter("inbound.size", "By", "Bytes of messages received."),
  delivered: counter("inbound.delivered", "{message}", "Messages handed to readers."),
  unclaimed: counter("inbound.unclaimed", "{message}", "Messages that nobody listened for."),
  duplicates: counter("inbound.duplicates", "{message}", "Messages seen before."),
  stale: counter("inbound.stale", "{message}", "Messages older than those that were delivered."),
  unjudged: counter("inbound.unjudged", "{message}", "Messages whose place could not be read."),
  invalid: counter("inbound.invalid", "{message}", "Messages that could not be read."),
  late: counter("inbound.late", "{message}", "Messages of sockets that were over."),
  outbound: counter("outbound.messages", "{message}", "Sends, by their fate.", ["fate"]),
  outboxMessages: gauge("outbox.messages", "{message}", "Sends that wait."),
  outboxSize: gauge("outbox.size", "By", "Bytes of sends that wait."),
  queueMessages: gauge("queue.messages", "{message}", "Messages that wait for their readers."),
  callbackFailures: counter("callback.failures", "{failure}", "Functions of yours that threw."),
} as const satisfies Record<string, Metric>;

/** `ws_supervisor_outage_duration_seconds`. */
export function prometheusName({ name, unit, kind }: Metric): string {
  const suffix = { s: "_seconds", By: "_bytes" }[unit] ?? "";
  const total = kind === "counter" ? "_total" : "";
  return `ws_supervisor_${name.replaceAll(".", "_")}${suffix}${total}`;
}
