/**
 * Spans of outages, and within them of attempts: an outage is one trace that says what was tried.
 *
 * An outage span begins at the last sign of life; it is exported when the outage ends. The dial that a
 * connection begins with has a span of its own.
 */
import {
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  type Span,
  type TracerProvider,
} from "@opentelemetry/api";
import { describeLoss, type Loss } from "../../../machines/loss.ts";
import { OptionError } from "../../errors.ts";
import { followFacts } from "../channels.ts";
import type { Observed } from "../observed.ts";
import { connectionAttributes, lossAttributes, SCOPE } from "./attributes.ts";

export interface OpenTelemetryTracesOptions {
  /** @defaultValue the global one, which `@opentelemetry/api` was given */
  readonly tracerProvider?: TracerProvider | undefined;
}

/** The spans of one connection that are under way. */
interface Open {
  attempt?: Span | undefined;
  outage?: Span | undefined;
}

/** Traces every connection of this process from now on. Gives the function that ends it. */
export function openTelemetryTraces(options: OpenTelemetryTracesOptions = {}): () => void {
  const { tracerProvider = trace.getTracerProvider() } = options;
  if (typeof tracerProvider?.getTracer !== "function") {
    throw new OptionError("tracerProvider", "a TracerProvider of OpenTelemetry", tracerProvider);
  }
  const tracer = tracerProvider.getTracer(SCOPE);
  const connections = new WeakMap<Observed, Open>();
  const openOf = (supervisor: Observed): Open => {
    let open = connections.get(supervisor);
    if (open === undefined) connections.set(supervisor, (open = {}));
    return open;
  };

  const begin = (name: string, supervisor: Observed, startTime: number, parent?: Span): Span =>
    tracer.startSpan(
      name,
      { kind: SpanKind.CLIENT, startTime, attributes: connectionAttributes(supervisor) },
      // Whatever span happens to be active is another's: a connection is nobody's request.
      parent === undefined ? ROOT_CONTEXT : trace.setSpan(ROOT_CONTEXT, parent),
    );

  const beginOutage = (supervisor: Observed, loss: Loss, atMs: number): Span => {
    const startedAtMs = supervisor.status().outage?.startedAtMs ?? atMs;
    const span = begin("ws_supervisor.outage", supervisor, startedAtMs);
    span.setAttributes(lossAttributes(loss));
    span.addEvent("detected", {}, atMs);
    return span;
  };

  return followFacts({
    state: ({ state, atMs }, supervisor) => {
      if (state !== "connecting") return;
      const open = openOf(supervisor);
      open.attempt?.end(atMs);
      open.attempt = begin("ws_supervisor.attempt", supervisor, atMs, open.outage);
    },
    up: ({ atMs, attempt }, supervisor) => {
      const open = openOf(supervisor);
      open.attempt?.setAttribute("ws_supervisor.attempt", attempt);
      open.attempt?.end(atMs);
      open.attempt = undefined;
    },
    down: ({ loss, atMs }, supervisor) => {
      const open = openOf(supervisor);
      open.outage ??= beginOutage(supervisor, loss, atMs);
    },
    "attempt.failed": ({ loss, attempt, atMs }, supervisor) => {
      const open = openOf(supervisor);
      open.attempt?.setAttribute("ws_supervisor.attempt", attempt);
      if (open.attempt !== undefined) fail(open.attempt, loss, atMs);
      open.attempt = undefined;
      open.outage ??= beginOutage(supervisor, loss, atMs);
    },
    recovered: ({ report, atMs }, supervisor) => {
      const open = openOf(supervisor);
      open.outage?.setAttributes({
        "ws_supervisor.outage.attempts": report.attempts,
        "ws_supervisor.outage.gaps": report.missed.gaps,
        "ws_supervisor.outage.missed": report.missed.numbers,
      });
      open.outage?.end(atMs);
      open.outage = undefined;
    },
    failed: ({ loss, atMs }, supervisor) => {
      const open = openOf(supervisor);
      if (open.outage !== undefined) fail(open.outage, loss, atMs);
      open.outage = undefined;
      endAll(open, atMs);
    },
    closed: ({ atMs }, supervisor) => endAll(openOf(supervisor), atMs),
  });
}

function fail(span: Span, loss: Loss, atMs: number): void {
  span.setAttributes(lossAttributes(loss));
  span.setStatus({ code: SpanStatusCode.ERROR, message: describeLoss(loss) });
  span.end(atMs);
}

function endAll(open: Open, atMs: number): void {
  open.attempt?.end(atMs);
  open.outage?.end(atMs);
  open.attempt = undefined;
  open.outage = undefined;
}
