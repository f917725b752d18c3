import { describe, expect, it } from "vitest";
import type { Loss } from "../../../machines/index.ts";
import {
  createFaultPlan,
  faultKinds,
  parseFaultPlan,
  type Fault,
} from "../../../src/testing/index.ts";
import { quietMarket, startWorld, type TestClient } from "./start-world.ts";

const STREAM = "btcusdt@depth@100ms";

/** A client of a stream that says something every 100 ms, after its first second. */
function startClient() {
  const world = startWorld({ market: quietMarket });
  const client = world.connect(`/ws/${STREAM}`);
  world.clock.advance(1_000);
  return { ...world, client };
}

/** The ranges `U..u` of what was delivered. */
function rangesOf(client: TestClient): (readonly [number, number])[] {
  return client
    .json()
    .filter(({ e }) => e === "depthUpdate")
    .map(({ U, u }) => [U as number, u as number] as const);
}

/** How many updates lie between two that were delivered. */
function holesIn(ranges: readonly (readonly [number, number])[]): number[] {
  return ranges.slice(1).flatMap(([first], index) => {
    const missing = first - (ranges[index]?.[1] ?? 0) - 1;
    return missing > 0 ? [missing] : [];
  });
}

describe("a fault of the simulated exchange", () => {
  it.each<[Fault, Loss]>([
    [{ kind: "reset" }, { class: "dropped", phase: "open", code: "ECONNRESET" }],
    [{ kind: "fin" }, { class: "dropped", phase: "open" }],
    [
      { kind: "close", code: 1012, reason: "restart" },
      { class: "closed-by-peer", phase: "open", closeCode: 1012, detail: "restart" },
    ],
    [
      { kind: "refuse", durationMs: 500 },
      { class: "dropped", phase: "open", code: "ECONNRESET" },
    ],
    [
      { kind: "never-answer", durationMs: 500 },
      { class: "dropped", phase: "open" },
    ],
    [
      { kind: "status", status: 503, durationMs: 500 },
      { class: "dropped", phase: "open" },
    ],
    [
      { kind: "flap", afterMs: 40, durationMs: 500 },
      { class: "dropped", phase: "open" },
    ],
    [
      { kind: "oversized", bytes: 4 * 1024 * 1024 + 1 },
      { class: "too-big", phase: "open", code: "WS_ERR_UNSUPPORTED_MESSAGE_LENGTH" },
    ],
    [
      { kind: "protocol-error" },
      { class: "peer-protocol", phase: "open", code: "WS_ERR_UNEXPECTED_RSV_2_3" },
    ],
  ])("ends a live connection: %o", (fault, loss) => {
    const { clock, exchange, client } = startClient();
    exchange.inject(fault);
    clock.advance(1);
    expect(client.losses).toEqual([loss]);
    clock.advance(1);
    expect(exchange.sessions).toBe(0);
  });

  it("refuse: nothing listens until it has passed", () => {
    const { clock, exchange, dial } = startClient();
    exchange.inject({ kind: "refuse", durationMs: 500 });
    const during = dial("/ws");
    clock.advance(499);
    expect(during.losses).toEqual([{ class: "unreachable", phase: "tcp", code: "ECONNREFUSED" }]);
    const after = dial("/ws"); // arrives as it passes
    clock.advance(2);
    expect(after.isOpen).toBe(true);
  });

  it("never-answer: the upgrade waits for ever, later ones are answered", () => {
    const { clock, exchange, dial } = startClient();
    exchange.inject({ kind: "never-answer", durationMs: 500 });
    const during = dial("/ws");
    clock.advance(10_000);
    const after = dial("/ws");
    clock.advance(10_000);
    expect([during.isOpen, during.losses]).toEqual([false, []]);
    expect(after.isOpen).toBe(true);
  });

  it("status: with Retry-After where it is given", () => {
    const { clock, exchange, dial } = startClient();
    exchange.inject({ kind: "status", status: 429, retryAfterSeconds: 7, durationMs: 500 });
    const limited = dial("/ws");
    clock.advance(10);
    exchange.inject({ kind: "status", status: 403, durationMs: 500 });
    const forbidden = dial("/ws");
    clock.advance(10);
    expect([...limited.losses, ...forbidden.losses]).toEqual([
      { class: "http-refusal", phase: "upgrade", status: 429, retryAfterMs: 7_000 },
      { class: "http-refusal", phase: "upgrade", status: 403 },
    ]);
  });

  it("flap: drops whoever it accepts, after the time given, while it lasts", () => {
    const { clock, exchange, connect } = startClient();
    exchange.inject({ kind: "flap", afterMs: 40, durationMs: 500 });
    const during = connect("/ws");
    clock.advance(39);
    expect(during.isOpen).toBe(true);
    clock.advance(1);
    expect(during.losses).toEqual([{ class: "dropped", phase: "open" }]);
    clock.advance(500);
    const after = connect("/ws");
    clock.advance(1_000);
    expect(after.isOpen).toBe(true);
  });

  it("silence: the link is up, nothing comes and nothing is heard; a new dial is served", () => {
    const { clock, exchange, client, connect } = startClient();
    exchange.inject({ kind: "silence" });
    const heard = client.messages.length;
    client.socket.ping();
    client.request("LIST_SUBSCRIPTIONS");
    client.socket.close(1000, "anybody?");
    const other = connect(`/ws/${STREAM}`);
    clock.advance(200_000);
    expect(client.messages).toHaveLength(heard);
    expect(client.losses).toEqual([]);
    expect(other.messages).toHaveLength(2_000);

    client.socket.terminate();
    clock.advance(1);
    expect(exchange.sessions).toBe(1);
  });

  it("silence for a time: what was emitted meanwhile is lost, then it goes on", () => {
    const { clock, exchange, client } = startClient();
    exchange.inject({ kind: "silence", durationMs: 2_000 });
    clock.advance(5_000);
    expect(client.isOpen).toBe(true);
    expect(rangesOf(client)).toHaveLength(10 + 30);
    expect(holesIn(rangesOf(client))).toHaveLength(1);
  });

  it("stall: everything is held up, then comes in order, and nothing is lost", () => {
    const { clock, exchange, client } = startClient();
    exchange.inject({ kind: "stall", durationMs: 2_000 });
    const before = client.messages.length;
    clock.advance(2_000);
    expect(client.messages).toHaveLength(before);
    clock.advance(1);
    expect(client.messages.length).toBeGreaterThanOrEqual(before + 19);
    clock.advance(1_000);
    expect(holesIn(rangesOf(client))).toEqual([]);
  });

  it("skip: the ledger has the event, nobody was sent it", () => {
    const { clock, exchange, client } = startClient();
    exchange.inject({ kind: "skip" });
    clock.advance(1_000);
    expect(holesIn(rangesOf(client))).toHaveLength(1);
    expect(exchange.ledger.streams.get(STREAM)?.runs).toHaveLength(1);
    expect(exchange.ledger.sessions.get(1)?.written.get(STREAM)?.runs).toHaveLength(2);
  });

  it("skip and repeat wait for somebody to strike", () => {
    const { clock, exchange, client, connect } = startClient();
    client.socket.terminate();
    clock.advance(10);
    exchange.inject({ kind: "skip", count: 2 });
    clock.advance(10_000);
    const next = connect(`/ws/${STREAM}`);
    clock.advance(1_000);
    expect(next.messages).toHaveLength(8);
  });

  it("repeat: the same message twice, once", () => {
    const { clock, exchange, client } = startClient();
    exchange.inject({ kind: "repeat" });
    clock.advance(1_000);
    const counts = client.messages.map((message) => client.messages.lastIndexOf(message));
    expect(counts.filter((last, index) => last !== index)).toHaveLength(1);
    expect(client.messages).toHaveLength(21);
  });

  it("garbage and shutdown-notice are frames; the connection stays", () => {
    const { clock, exchange, client, connect } = startClient();
    const wrapped = connect("/stream");
    exchange.inject({ kind: "shutdown-notice" });
    const E = clock.nowMs();
    clock.advance(1);
    expect(client.json().at(-1)).toEqual({ e: "serverShutdown", E });
    expect(wrapped.json()).toEqual([
      { stream: "!serverShutdown", data: { e: "serverShutdown", E } },
    ]);
    exchange.inject({ kind: "garbage" });
    clock.advance(1);
    expect(() => client.json()).toThrow(/JSON/);
    expect([client.isOpen, wrapped.isOpen]).toEqual([true, true]);
  });

  it("a frame as large as the client takes is no fault", () => {
    const { clock, exchange, dial } = startWorld({ market: quietMarket, maxPayloadBytes: 1_010 });
    const client = dial("/ws");
    clock.advance(2);
    exchange.inject({ kind: "oversized", bytes: 1_000 }); // and ten of JSON around them
    clock.advance(1);
    expect(client.messages[0]).toHaveLength(1_010);
    exchange.inject({ kind: "oversized", bytes: 1_001 });
    clock.advance(1);
    expect(client.losses).toMatchObject([{ class: "too-big" }]);
  });
});

describe("a plan of faults", () => {
  it("strikes at its instants, and tells", () => {
    const world = startWorld({
      market: quietMarket,
      faults: parseFaultPlan("fin@2s,refuse@1s+500ms"),
    });
    const startMs = world.clock.nowMs();
    world.clock.advance(3_000);
    expect(world.events.map((event) => [event.type, event.atMs - startMs])).toEqual([
      ["fault.struck", 1_000],
      ["fault.passed", 1_500],
      ["fault.struck", 2_000],
    ]);
  });

  it("of every kind leaves no session behind and no timer after stop, over 200 seeds", () => {
    for (let seed = 0; seed < 200; seed += 1) {
      const faults = createFaultPlan(seed, { durationMs: 30_000 });
      const { clock, exchange, events, connect } = startWorld({ seed, faults });
      const clients: TestClient[] = [];
      while (events.filter(({ type }) => type === "fault.struck").length < faultKinds.length) {
        clients.push(connect("/stream?streams=btcusdt@trade/btcusdt@depth@100ms"));
        clock.advance(500);
      }
      clock.advance(10_000);
      for (const client of clients) client.socket.terminate();
      clock.advance(1);
      expect(exchange.sessions).toBe(0);
      for (const { endedAtMs } of exchange.ledger.sessions.values())
        expect(endedAtMs).toBeDefined();
      exchange.stop();
      expect(clock.armed).toBe(0);
    }
  });
});
