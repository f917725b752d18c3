import { describe, expect, it } from "vitest";
import { createFaultPlan, type RecordedFrame } from "../../../src/testing/index.ts";
import { quietMarket, startWorld } from "./start-world.ts";

/** What happens at an exchange with faults, and what its clients are sent. */
function runOf(seed: number) {
  const faults = createFaultPlan(seed, { durationMs: 20_000 });
  const { clock, events, connect } = startWorld({ seed, faults });
  const messages: string[] = [];
  for (let dials = 0; dials < 20; dials += 1) {
    const client = connect("/ws/btcusdt@trade");
    clock.advance(1_000);
    messages.push(...client.messages);
  }
  return { events, messages };
}

describe("the simulated exchange in memory", () => {
  it("says the same at the same instants for the same seed, faults and all", () => {
    expect(runOf(9)).toEqual(runOf(9));
    expect(runOf(9)).not.toEqual(runOf(10));
  });

  it("goes on while a client is away: what is emitted meanwhile is lost to it", () => {
    const { clock, exchange, connect } = startWorld();
    const first = connect("/ws/btcusdt@trade");
    clock.advance(5_000);
    first.socket.terminate();
    clock.advance(60_000);
    const second = connect("/ws/btcusdt@trade");
    clock.advance(5_000);

    const before = first.json().map(({ t }) => t as number);
    const after = second.json().map(({ t }) => t as number);
    const missed = (after[0] ?? 0) - (before.at(-1) ?? 0) - 1;
    expect(missed).toBeGreaterThan(500);

    const { streams, sessions } = exchange.ledger;
    const emitted = streams.get("btcusdt@trade");
    expect(emitted?.runs).toHaveLength(1);
    expect(emitted?.runs[0]?.last).toBe(
      (emitted?.runs[0]?.first ?? 0) + (emitted?.events ?? 0) - 1,
    );
    const written = sessions.get(2)?.written.get("btcusdt@trade");
    expect(written).toMatchObject({
      frames: after.length,
      runs: [{ first: after[0], last: after.at(-1) }],
    });
  });

  it("keeps its account small: runs, not numbers", () => {
    const { clock, exchange, connect } = startWorld({ market: { symbols: ["BTCUSDT"] } });
    connect("/ws/btcusdt@trade/btcusdt@bookTicker");
    clock.advance(3_600_000);
    const { emitted, streams, sessions } = exchange.ledger;
    expect(emitted).toBeGreaterThan(80_000);
    expect([...streams.values()].map(({ runs }) => runs.length)).toEqual([1, 1, 1, 1]);
    expect([...(sessions.get(1)?.written.values() ?? [])].map(({ runs }) => runs.length)).toEqual([
      1, 1,
    ]);
  });

  it("takes its time: one latency to be heard, one for the answer", () => {
    const { clock, dial } = startWorld({ market: quietMarket, latencyMs: 30 });
    const client = dial("/ws");
    clock.advance(59);
    expect(client.isOpen).toBe(false);
    clock.advance(1);
    expect(client.isOpen).toBe(true);
    client.request("LIST_SUBSCRIPTIONS");
    clock.advance(59);
    expect(client.messages).toEqual([]);
    clock.advance(1);
    expect(client.messages).toEqual(['{"result":[],"id":1}']);
  });

  it("delivers what was under way when a socket is terminated, and nothing emitted later", () => {
    const { clock, exchange, connect } = startWorld({ market: quietMarket, latencyMs: 150 });
    const client = connect("/ws/btcusdt@depth@100ms");
    clock.advance(1_000);
    const before = client.messages.length;
    client.socket.terminate();
    clock.advance(10_000);
    expect(client.messages.length - before).toBeGreaterThanOrEqual(1);
    expect(client.messages.length - before).toBeLessThanOrEqual(3);
    expect(exchange.sessions).toBe(0);
  });

  it("forgets a dial that was given up before it arrived", () => {
    const { clock, exchange, events, dial } = startWorld({ latencyMs: 10 });
    dial("/ws").socket.terminate();
    const late = dial("/ws");
    clock.advance(15);
    late.socket.terminate();
    clock.advance(10);
    expect(late.isOpen).toBe(false);
    expect(exchange.sessions).toBe(0);
    expect(events.map(({ type }) => type)).toEqual(["session.accepted", "session.ended"]);
  });

  it("reports a URL that is none as the caller's mistake", () => {
    const { clock, exchange } = startWorld();
    const losses: string[] = [];
    exchange.transport(
      { url: "nope", protocols: [], headers: {}, clock },
      {
        progressed: () => {},
        opened: () => {},
        message: () => {},
        pinged: () => {},
        ended: (loss) => losses.push(loss.class),
      },
    );
    expect(losses).toEqual(["config"]);
  });

  it("has no timer left once it is stopped", () => {
    const { clock, exchange, connect } = startWorld();
    connect("/ws/btcusdt@trade").request("LIST_SUBSCRIPTIONS");
    expect(clock.armed).toBeGreaterThan(0);
    exchange.stop();
    expect(clock.armed).toBe(0);
    exchange.inject({ kind: "reset" });
    expect(clock.armed).toBe(0);
  });

  it("refuses options that can't work, by name", () => {
    expect(() => startWorld({ seed: 0.5 })).toThrow(/seed/);
    expect(() => startWorld({ latencyMs: -1 })).toThrow(/latencyMs/);
    expect(() => startWorld({ recording: [], market: quietMarket })).toThrow(/market/);
    expect(() => startWorld({ recording: [], speed: 0 })).toThrow(/speed/);
    expect(() => startWorld({ recording: [], speed: Infinity, loop: true })).toThrow(/loop/);
  });
});

const recording: RecordedFrame[] = [
  { atMs: 5_000, text: '{"stream":"a@trade","data":{"e":"trade","t":1}}', stream: "a@trade" },
  { atMs: 5_100, text: '{"stream":"a@trade",  "data":{"e":"trade","t":2}}', stream: "a@trade" },
  { atMs: 6_000, text: "[1]" },
];

describe("a recording played by the simulated exchange", () => {
  it.each(["/stream?streams=other@depth", "/ws/other@depth", "/ws/a@trade", "/", "/v5/public?x"])(
    "begins with the first subscriber and sends each frame once, as it is: by %s",
    (path) => {
      const { clock, events, connect } = startWorld({ recording, speed: 2 });
      clock.advance(60_000);
      const client = connect(path);
      clock.advance(499);
      expect(client.messages).toHaveLength(2);
      clock.advance(1);
      expect(client.messages).toEqual(recording.map(({ text }) => text));
      clock.advance(60_000);
      expect(client.messages).toHaveLength(3);
      expect(client.isOpen).toBe(true);
      expect(events.map(({ type }) => type)).toEqual([
        "session.accepted",
        "replay.began",
        "replay.ended",
      ]);
    },
  );

  it("waits for a client that names its streams later", () => {
    const { clock, connect } = startWorld({ recording });
    const client = connect("/stream");
    clock.advance(10_000);
    expect(client.messages).toEqual([]);
    client.request("SUBSCRIBE", ["other@trade"]);
    clock.advance(2_000);
    expect(client.messages).toEqual([
      '{"result":null,"id":1}',
      ...recording.map(({ text }) => text),
    ]);
  });

  it("loses to a client what is due while it is away", () => {
    const { clock, exchange, connect } = startWorld({ recording });
    const first = connect("/ws/a@trade");
    first.socket.terminate();
    clock.advance(500);
    const second = connect("/ws/a@trade");
    clock.advance(1_000);
    expect(first.messages).toHaveLength(1);
    expect(second.messages).toEqual(["[1]"]);
    expect(exchange.ledger.streams.get("a@trade")?.runs).toEqual([{ first: 1, last: 2 }]);
  });

  it("says everything at once at infinite speed", () => {
    const { clock, dial } = startWorld({ recording, speed: Infinity });
    const client = dial("/");
    clock.advance(2);
    expect(client.messages).toHaveLength(3);
  });

  it("begins again when it loops", () => {
    const { clock, connect } = startWorld({ recording, loop: true });
    const client = connect("/");
    clock.advance(3_100);
    expect(client.messages.slice(0, 3)).toEqual(client.messages.slice(3, 6));
    expect(client.messages).toHaveLength(10);
  });

  it("counts a plan of faults from its own start", () => {
    const { clock, connect } = startWorld({
      recording,
      faults: [{ atMs: 50, fault: { kind: "skip" } }],
    });
    clock.advance(60_000);
    const client = connect("/ws/a@trade");
    clock.advance(2_000);
    expect(client.messages).toEqual([recording[0]?.text, recording[2]?.text]);
  });
});
