import { Registry } from "prom-client";
import { afterEach, describe, expect, it } from "vitest";
import { prometheusMetrics, type PrometheusOptions } from "ws-supervisor/prometheus";
import type { Snapshot } from "../../../src/index.ts";
import {
  everySecond,
  numbered,
  promisesSettle,
  startSupervisor,
  type Json,
} from "../start-supervisor.ts";

const ends: (() => void)[] = [];
afterEach(() => {
  for (const end of ends.splice(0)) end();
});

/** The metrics of this test, on a register of its own. */
function measureHere(connections: PrometheusOptions["connections"] = []) {
  const register = new Registry();
  const end = prometheusMetrics({ register, connections });
  ends.push(end);
  /** The lines of one metric, as Prometheus scrapes them, without its `ws_supervisor_`. */
  const scrape = async (name: string, containing = "") =>
    (await register.metrics())
      .split("\n")
      .filter((line) => line.startsWith(`ws_supervisor_${name}`) && line.includes(containing))
      .map((line) => line.replace("ws_supervisor_", ""));
  return { register, scrape, end };
}

const fed = { ...numbered, ...everySecond, topics: ["a"] };
const own = `connection="quotes",venue=""`;

describe("prometheusMetrics", () => {
  it("counts attempts by how they ended, and losses by their class", async () => {
    const { scrape } = measureHere();
    const world = startSupervisor({ ...everySecond, name: "quotes" }).comesUp();
    world.socket.drops("ECONNRESET");
    world.waitsItsTurn();
    world.socket.refuses(503);
    world.waitsItsTurn();
    world.comesUp();
    expect(await scrape("attempts")).toEqual([
      `attempts_total{${own},outcome="ready",error_type=""} 2`,
      `attempts_total{${own},outcome="failed",error_type="http-refusal"} 1`,
    ]);
    expect(await scrape("losses")).toEqual([`losses_total{${own},error_type="dropped"} 1`]);
  });

  it("measures outage, detection, connect and replay", async () => {
    const { scrape } = measureHere();
    const world = startSupervisor<Json>({ ...fed, name: "quotes" });
    world.clock.advance(40);
    world.socket.opens();
    world.clock.advance(300);
    world.confirmsAll();
    world.clock.advance(2_000);
    world.socket.drops("ECONNRESET");
    world.waitsItsTurn();
    world.comesUp();
    expect(await scrape("outage_duration_seconds_sum")).toEqual([
      `outage_duration_seconds_sum{${own},error_type="dropped"} 3`,
    ]);
    expect(await scrape("detection_duration_seconds_sum")).toEqual([
      `detection_duration_seconds_sum{${own},error_type="dropped"} 2`,
    ]);
    expect(await scrape("connect_duration_seconds_sum")).toEqual([
      `connect_duration_seconds_sum{${own}} 0.04`,
    ]);
    expect(await scrape("connect_duration_seconds_count")).toEqual([
      `connect_duration_seconds_count{${own}} 2`,
    ]);
    expect(await scrape("replay_duration_seconds_sum")).toEqual([
      `replay_duration_seconds_sum{${own}} 0.3`,
    ]);
    expect(await scrape("outage_duration_seconds_bucket", 'le="2.5"')).toEqual([
      `outage_duration_seconds_bucket{le="2.5",${own},error_type="dropped"} 0`,
    ]);
    expect(await scrape("outage_duration_seconds_bucket", 'le="5"')).toEqual([
      `outage_duration_seconds_bucket{le="5",${own},error_type="dropped"} 1`,
    ]);
  });

  it("measures a replay of nothing as none", async () => {
    const { scrape } = measureHere();
    const world = startSupervisor({ name: "quotes" });
    world.clock.advance(40);
    world.socket.opens();
    expect(await scrape("replay_duration_seconds_sum")).toEqual([
      `replay_duration_seconds_sum{${own}} 0`,
    ]);
    expect(await scrape("connect_duration_seconds_sum")).toEqual([
      `connect_duration_seconds_sum{${own}} 0.04`,
    ]);
  });

  it("counts gaps, what is missing in them, duplicates and what waits", async () => {
    const { scrape } = measureHere();
    const world = startSupervisor<Json>({ ...fed, name: "quotes" }).comesUp();
    const reader = world.feed.messages();
    world.receives({ s: "a", n: 1 }, { s: "a", n: 120 }, { s: "a", n: 120 });
    world.socket.holdsSends = true;
    void world.feed.send("x");
    expect(await scrape("gaps")).toEqual([`gaps_total{${own}} 1`]);
    expect(await scrape("missed")).toEqual([`missed_total{${own}} 118`]);
    expect(await scrape("inbound_duplicates")).toEqual([`inbound_duplicates_total{${own}} 1`]);
    expect(await scrape("queue_messages")).toEqual([`queue_messages{${own}} 3`]);
    expect(await scrape("topics", "confirmed")).toEqual([`topics{${own},state="confirmed"} 1`]);
    await reader.return?.();
  });

  it("measures how long a stream was not whole, and counts those that are not", async () => {
    const { scrape } = measureHere();
    let give: (snapshot: Snapshot) => void = () => undefined;
    const world = startSupervisor<Json>({
      ...fed,
      name: "quotes",
      recovery: {
        fetchSnapshot: () => new Promise((resolve) => (give = resolve)),
        bridge: (snapshot, { last }) => (last > snapshot ? "apply" : "drop"),
      },
    }).comesUp();
    world.feed.messages();
    world.receives({ s: "a", n: 1 });
    world.clock.advance(300);
    expect(await scrape("streams_broken")).toEqual([`streams_broken{${own}} 1`]);
    give({ data: {}, position: 1 });
    await promisesSettle();
    world.receives({ s: "a", n: 2 });
    world.clock.advance(60_000);
    expect(await scrape("streams_broken")).toEqual([`streams_broken{${own}} 0`]);
    expect(await scrape("recoveries", "recovered")).toEqual([
      `recoveries_total{${own},outcome="recovered"} 1`,
    ]);
    expect(await scrape("recovery_duration_seconds_sum")).toEqual([
      `recovery_duration_seconds_sum{${own},kind="start"} 0.3`,
    ]);
  });

  it("says in which state connections are, and sums those of one name", async () => {
    const { scrape } = measureHere();
    startSupervisor({ name: "quotes" }).comesUp();
    startSupervisor({ name: "quotes" }).comesUp();
    startSupervisor({ name: "quotes" });
    expect(await scrape("connections")).toEqual([
      `connections{${own},state="idle"} 0`,
      `connections{${own},state="connecting"} 1`,
      `connections{${own},state="connected"} 2`,
      `connections{${own},state="reconnecting"} 0`,
      `connections{${own},state="failed"} 0`,
      `connections{${own},state="closing"} 0`,
      `connections{${own},state="closed"} 0`,
    ]);
    expect(await scrape("ready")).toEqual([`ready{${own}} 2`]);
  });

  it("knows the way there and back once a ping was answered", async () => {
    const { scrape } = measureHere();
    const { clock, socket } = startSupervisor({ name: "quotes" }).comesUp();
    socket.isSilent = true;
    expect(await scrape("round_trip")).toEqual([]);
    clock.advance(15_000 + 37);
    socket.receivesPong();
    expect(await scrape("round_trip")).toEqual([`round_trip_seconds{${own}} 0.037`]);
  });

  it("keeps what a connection counted after it is closed, and shows it in no state", async () => {
    const { scrape } = measureHere();
    const world = startSupervisor({ name: "quotes" }).comesUp();
    world.socket.receives("1", "2");
    world.feed.terminate();
    const next = startSupervisor({ name: "quotes" }).comesUp();
    next.socket.receives("3");
    expect(await scrape("inbound_messages")).toEqual([`inbound_messages_total{${own}} 3`]);
    expect(await scrape("connections", "clos")).toEqual([
      `connections{${own},state="closing"} 0`,
      `connections{${own},state="closed"} 0`,
    ]);
    expect(await scrape("ready")).toEqual([`ready{${own}} 1`]);
    next.feed.terminate();
    expect(await scrape("ready")).toEqual([`ready{${own}} 0`]);
  });

  it("reads nothing twice, however often it is scraped", async () => {
    const { scrape } = measureHere();
    const world = startSupervisor({ name: "quotes" }).comesUp();
    world.socket.receives("1", "2");
    await scrape("inbound_messages");
    expect(await scrape("inbound_messages")).toEqual([`inbound_messages_total{${own}} 2`]);
    world.socket.receives("3");
    expect(await scrape("inbound_messages")).toEqual([`inbound_messages_total{${own}} 3`]);
  });

  it("knows a quiet connection that ran before, where it is named", async () => {
    const world = startSupervisor({ name: "quotes" }).comesUp();
    expect(await measureHere().scrape("ready")).toEqual([]);
    expect(await measureHere([world.feed]).scrape("ready")).toEqual([`ready{${own}} 1`]);
  });

  it("calls connections `other` beyond 500 names", async () => {
    const { scrape } = measureHere();
    const worlds = Array.from({ length: 503 }, (_, n) => startSupervisor({ name: `n${n}` }));
    expect((await scrape("ready")).length).toBe(501);
    expect(await scrape("connections", 'other",venue="",state="connecting"')).toEqual([
      'connections{connection="other",venue="",state="connecting"} 3',
    ]);
    for (const { feed } of worlds) feed.terminate();
  });

  it("tells how long the event loop was blocked", async () => {
    const [line = ""] = await measureHere().scrape("event_loop_lag_seconds");
    expect(Number(line.split(" ")[1])).toBeGreaterThanOrEqual(0);
  });

  it("has no label of an unbounded kind: no topic, stream, address or text of the peer's", async () => {
    const { register } = measureHere();
    const world = startSupervisor<Json>({ ...fed, topics: ["topic-canary"] });
    world.socket.opens();
    const [request] = world.requests();
    world.receives({ ack: request?.id ?? 0, no: ["topic-canary"], error: "text-canary" });
    world.receives({ s: "stream-canary", n: 1 }, { s: "stream-canary", n: 5 });
    world.socket.drops("ECONNRESET");
    const text = await register.metrics();
    expect(text).toContain('ws_supervisor_gaps_total{connection="connection",venue=""} 1');
    expect(text).not.toMatch(/canary|venue\.example|wss:/);
  });

  it("leaves nothing behind when it ends", async () => {
    const { register, end } = measureHere();
    end();
    startSupervisor().comesUp();
    expect(await register.getMetricsAsJSON()).toEqual([]);
  });

  it("wants a register", () => {
    const register = {} as Registry;
    expect(() => prometheusMetrics({ register })).toThrow("register: expected a Registry");
  });
});
