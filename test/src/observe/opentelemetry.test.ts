import { SpanStatusCode } from "@opentelemetry/api";
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from "@opentelemetry/sdk-metrics";
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
  type ReadableSpan,
} from "@opentelemetry/sdk-trace-base";
import { afterEach, describe, expect, it } from "vitest";
import { openTelemetryMetrics, openTelemetryTraces } from "ws-supervisor/opentelemetry";
import { everySecond, numbered, startSupervisor, type Json } from "../start-supervisor.ts";

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

function measureHere() {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 1e9 });
  const meterProvider = new MeterProvider({ readers: [reader] });
  const end = openTelemetryMetrics({ meterProvider });
  ends.push(end, () => meterProvider.shutdown());
  /** What was collected under `name`: attributes with their value, or a histogram's sum. */
  const collect = async (name: string) => {
    await meterProvider.forceFlush();
    const all = exporter.getMetrics().at(-1)?.scopeMetrics ?? [];
    exporter.reset();
    const metric = all
      .filter(({ scope }) => scope.name === "ws-supervisor")
      .flatMap(({ metrics }) => metrics)
      .find(({ descriptor }) => descriptor.name === name);
    return (metric?.dataPoints ?? []).map(({ attributes, value }) => ({
      ...attributes,
      unit: metric?.descriptor.unit,
      value: typeof value === "number" ? value : value.sum,
    }));
  };
  return { collect, end };
}

function traceHere() {
  const exporter = new InMemorySpanExporter();
  const tracerProvider = new BasicTracerProvider({
    spanProcessors: [new SimpleSpanProcessor(exporter)],
  });
  ends.push(openTelemetryTraces({ tracerProvider }));
  return { spans: () => exporter.getFinishedSpans() };
}

const ms = ([s, ns]: [number, number]) => Math.round(s * 1e3 + ns / 1e6);
const lastsMs = ({ startTime, endTime }: ReadableSpan) => ms(endTime) - ms(startTime);
const parentOf = ({ parentSpanContext }: ReadableSpan) => parentSpanContext?.spanId;

describe("openTelemetryMetrics", () => {
  it("measures with units, and attributes of the conventions where there are some", async () => {
    const { collect } = measureHere();
    const world = startSupervisor({ ...everySecond, name: "quotes" }).comesUp();
    world.socket.drops("ECONNRESET");
    world.waitsItsTurn();
    world.comesUp();
    const connection = { "ws_supervisor.connection": "quotes" };
    expect(await collect("ws_supervisor.losses")).toEqual([
      { ...connection, "error.type": "dropped", unit: "{loss}", value: 1 },
    ]);
    expect(await collect("ws_supervisor.outage.duration")).toEqual([
      { ...connection, "error.type": "dropped", unit: "s", value: 1 },
    ]);
    expect(await collect("ws_supervisor.attempts")).toEqual([
      { ...connection, "ws_supervisor.outcome": "ready", unit: "{attempt}", value: 2 },
    ]);
  });

  it("observes what connections are when it is asked", async () => {
    const { collect } = measureHere();
    const world = startSupervisor({ name: "quotes" }).comesUp();
    world.socket.receives("12", "3");
    expect(await collect("ws_supervisor.inbound.size")).toEqual([
      { "ws_supervisor.connection": "quotes", unit: "By", value: 3 },
    ]);
    const connected = {
      "ws_supervisor.connection": "quotes",
      "ws_supervisor.state": "connected",
      unit: "{connection}",
    };
    expect(await collect("ws_supervisor.connections")).toContainEqual({ ...connected, value: 1 });
    world.feed.terminate();
    expect(await collect("ws_supervisor.connections")).toContainEqual({ ...connected, value: 0 });
    expect((await collect("nodejs.eventloop.delay.max")).length).toBe(1);
  });

  it("observes nothing more when it has ended", async () => {
    const { collect, end } = measureHere();
    end();
    startSupervisor().comesUp();
    expect(await collect("ws_supervisor.connections")).toEqual([]);
    expect(await collect("ws_supervisor.attempts")).toEqual([]);
  });

  it("wants a provider", () => {
    const meterProvider = {} as MeterProvider;
    expect(() => openTelemetryMetrics({ meterProvider })).toThrow("meterProvider: expected");
    const tracerProvider = {} as BasicTracerProvider;
    expect(() => openTelemetryTraces({ tracerProvider })).toThrow("tracerProvider: expected");
  });
});

describe("openTelemetryTraces", () => {
  it("makes of an outage one trace: from the last sign of life on, with every attempt in it", () => {
    const { spans } = traceHere();
    const world = startSupervisor<Json>({ ...numbered, ...everySecond, name: "quotes" });
    world.clock.advance(50);
    world.comesUp();
    world.clock.advance(2_000);
    world.socket.drops("ECONNRESET");
    world.waitsItsTurn();
    world.clock.advance(100);
    world.socket.refuses(502);
    world.waitsItsTurn();
    world.comesUp();

    const [first, failed, ready, outage] = spans();
    expect(spans().map(({ name }) => name)).toEqual([
      "ws_supervisor.attempt",
      "ws_supervisor.attempt",
      "ws_supervisor.attempt",
      "ws_supervisor.outage",
    ]);
    if (!first || !failed || !ready || !outage) throw new Error("four spans");
    expect([first, failed, ready, outage].map(lastsMs)).toEqual([50, 100, 0, 4_100]);
    expect(parentOf(first)).toBe(undefined);
    expect([failed, ready].map(parentOf)).toEqual(
      Array.from({ length: 2 }, () => outage.spanContext().spanId),
    );
    expect(outage.attributes).toEqual({
      "ws_supervisor.connection": "quotes",
      "network.protocol.name": "websocket",
      "error.type": "dropped",
      "ws_supervisor.loss.phase": "open",
      "ws_supervisor.loss.code": "ECONNRESET",
      "ws_supervisor.outage.attempts": 2,
      "ws_supervisor.outage.gaps": 0,
      "ws_supervisor.outage.missed": 0,
    });
    expect(outage.events.map(({ name, time }) => [name, ms(time) - ms(outage.startTime)])).toEqual([
      ["detected", 2_000],
    ]);
    expect(failed.attributes).toMatchObject({
      "error.type": "http-refusal",
      "http.response.status_code": 502,
      "ws_supervisor.attempt": 1,
    });
    expect(failed.status.code).toBe(SpanStatusCode.ERROR);
    expect(ready.status.code).toBe(SpanStatusCode.UNSET);
  });

  it("begins an outage with a first dial that fails, and ends it in error when it is final", () => {
    const { spans } = traceHere();
    startSupervisor(everySecond).socket.refuses(451);
    const [attempt, outage] = spans();
    expect(attempt?.name).toBe("ws_supervisor.attempt");
    expect(outage?.name).toBe("ws_supervisor.outage");
    expect(outage?.status.code).toBe(SpanStatusCode.ERROR);
    expect(spans().length).toBe(2);
  });

  it("ends what is under way when the connection is closed", () => {
    const { spans } = traceHere();
    const world = startSupervisor(everySecond).comesUp();
    world.socket.drops("ECONNRESET");
    world.waitsItsTurn();
    world.feed.terminate();
    expect(spans().map(({ name, status }) => [name, status.code])).toEqual([
      ["ws_supervisor.attempt", SpanStatusCode.UNSET],
      ["ws_supervisor.attempt", SpanStatusCode.UNSET],
      ["ws_supervisor.outage", SpanStatusCode.UNSET],
    ]);
  });
});
