import { describe, expect, it } from "vitest";
import { createModel } from "../../../src/testing/exchange/options.ts";
import { quietMarket, startWorld } from "./start-world.ts";

describe("what a client asks of the simulated exchange", () => {
  it("serves streams named in the URL without an acknowledgement, raw or wrapped", () => {
    const { clock, connect } = startWorld();
    const raw = connect("/ws/btcusdt@trade/ethusdt@depth@100ms");
    const wrapped = connect("/stream?streams=btcusdt@trade/ethusdt@depth@100ms");
    clock.advance(2_000);
    const kinds = new Set(raw.json().map(({ e, s }) => `${String(s)} ${String(e)}`));
    expect([...kinds].toSorted()).toEqual(["BTCUSDT trade", "ETHUSDT depthUpdate"]);
    expect(wrapped.messages.length).toBeGreaterThan(20);
    for (const { stream, data } of wrapped.json()) {
      expect(["btcusdt@trade", "ethusdt@depth@100ms"]).toContain(stream);
      expect(raw.messages).toContain(JSON.stringify(data));
    }
  });

  it("understands an encoded URL", () => {
    const { clock, connect } = startWorld();
    const client = connect("/stream?streams=btcusdt%40trade%2Fethusdt%40trade");
    client.request("LIST_SUBSCRIPTIONS");
    clock.advance(2);
    expect(client.json().at(-1)).toEqual({ result: ["btcusdt@trade", "ethusdt@trade"], id: 1 });
  });

  it("subscribes, lists and unsubscribes", () => {
    const { clock, connect } = startWorld({ market: quietMarket });
    const client = connect("/ws");
    client.request("SUBSCRIBE", ["btcusdt@depth"], 7);
    clock.advance(2_000);
    expect(client.messages[0]).toBe('{"result":null,"id":7}');
    expect(client.messages).toHaveLength(3);

    client.request("LIST_SUBSCRIPTIONS", [], "eight");
    client.request("UNSUBSCRIBE", ["btcusdt@depth", "nobody@knows"], null);
    clock.advance(2);
    expect(client.messages.slice(3)).toEqual([
      '{"result":["btcusdt@depth"],"id":"eight"}',
      '{"result":null,"id":null}',
    ]);
    clock.advance(10_000);
    expect(client.messages).toHaveLength(5);
  });

  it("acknowledges a symbol it doesn't know and is silent about it", () => {
    const { clock, connect } = startWorld();
    const client = connect("/ws");
    client.request("SUBSCRIBE", ["nosuch@trade"]);
    clock.advance(10_000);
    expect(client.messages).toEqual(['{"result":null,"id":1}']);
  });

  it("wraps events or not, as the property says", () => {
    const { clock, connect } = startWorld({ market: quietMarket });
    const client = connect("/ws/btcusdt@depth@100ms");
    client.request("SET_PROPERTY", ["combined", true]);
    client.request("GET_PROPERTY", ["combined"], 2);
    clock.advance(200);
    const [first, second, ...events] = client.json();
    expect([first, second]).toEqual([
      { result: null, id: 1 },
      { result: true, id: 2 },
    ]);
    expect(events.map(({ stream }) => stream)).toEqual(events.map(() => "btcusdt@depth@100ms"));
    expect(events.length).toBeGreaterThan(0);
  });

  it.each([
    ["no JSON", "{", { code: 3, msg: "Invalid JSON: expected value at line 1 column 1" }],
    ["no method", '{"id":1}', { code: 2, msg: /missing field `method`/, id: 1 }],
    ["another method", '{"method":"SUBSRIBE","id":1}', { code: 2, msg: /unknown variant/, id: 1 }],
    ["no id", '{"method":"LIST_SUBSCRIPTIONS"}', { code: 2, msg: /request ID/ }],
    [
      "an id too long",
      `{"method":"LIST_SUBSCRIPTIONS","id":"${"a".repeat(37)}"}`,
      { code: 2, msg: /request ID/ },
    ],
    [
      "too many parameters",
      '{"method":"LIST_SUBSCRIPTIONS","params":["a"],"id":1}',
      { code: 2, msg: "Invalid request: too many parameters", id: 1 },
    ],
    [
      "a stream that is no string",
      '{"method":"SUBSCRIBE","params":[1],"id":1}',
      { code: 2, id: 1 },
    ],
    [
      "a property it doesn't have",
      '{"method":"SET_PROPERTY","params":["speed",true],"id":1}',
      { code: 0, msg: "Unknown property", id: 1 },
    ],
    [
      "a property of the wrong type",
      '{"method":"SET_PROPERTY","params":["combined","yes"],"id":1}',
      { code: 1, msg: "Invalid value type: expected Boolean", id: 1 },
    ],
  ])("answers %s with the documented error", (_name, frame, expected) => {
    const { clock, connect } = startWorld();
    const client = connect("/ws");
    client.socket.send(frame, () => {});
    clock.advance(2);
    const [{ msg, ...answer } = {}] = client.json();
    const { msg: expectedMsg, ...rest } = { msg: undefined, ...expected };
    expect(answer).toEqual(rest);
    if (expectedMsg !== undefined) expect(msg).toEqual(expect.stringMatching(expectedMsg));
    expect(client.isOpen).toBe(true);
  });

  it("takes 1,024 streams and not one more", () => {
    const { clock, connect } = startWorld({ market: quietMarket });
    const client = connect("/ws");
    const streams = Array.from({ length: 1_024 }, (_, index) => `s${index}@trade`);
    client.request("SUBSCRIBE", streams, 1);
    client.request("SUBSCRIBE", ["s0@trade"], 2);
    client.request("SUBSCRIBE", ["one@more"], 3);
    client.request("LIST_SUBSCRIPTIONS", [], 4);
    clock.advance(2);
    const [all, again, more, list] = client.json();
    expect([all, again]).toEqual([
      { result: null, id: 1 },
      { result: null, id: 2 },
    ]);
    expect(more).toEqual({ code: 2, msg: "Invalid request: too many subscriptions", id: 3 });
    expect(list?.["result"]).toEqual(streams);
  });

  it("knows no other path", () => {
    const { connect } = startWorld();
    expect(connect("/api").losses).toEqual([
      { class: "http-refusal", phase: "upgrade", status: 404 },
    ]);
  });
});

describe("what the simulated exchange expects of a client", () => {
  it("takes five frames in any second and closes at the sixth", () => {
    const { clock, connect } = startWorld({ market: quietMarket });
    const client = connect("/ws");
    for (let id = 1; id <= 4; id += 1) client.request("LIST_SUBSCRIPTIONS", [], id);
    client.socket.ping(); // pings count too
    clock.advance(1_000);
    expect(client.messages).toHaveLength(4);
    expect(client.isOpen).toBe(true);

    // Exactly a second later the first five are forgotten; a millisecond short of it they count.
    for (let id = 1; id <= 5; id += 1) client.request("LIST_SUBSCRIPTIONS", [], id);
    clock.advance(999);
    expect(client.messages).toHaveLength(9);
    client.request("LIST_SUBSCRIPTIONS", [], 6);
    clock.advance(2);
    expect(client.messages).toHaveLength(9);
    expect(client.losses).toEqual([
      { class: "closed-by-peer", phase: "open", closeCode: 1008, detail: "Too many requests" },
    ]);
  });

  it("pings every 20 s and counts the pong as a frame", () => {
    const { clock, connect } = startWorld({ market: quietMarket });
    const client = connect("/ws"); // accepted after 1 ms, so the ping arrives 20,002 ms after the dial
    clock.advance(19_999);
    expect(client.pings).toBe(0);
    clock.advance(1);
    expect(client.pings).toBe(1);
    for (let id = 1; id <= 5; id += 1) client.request("LIST_SUBSCRIPTIONS", [], id);
    clock.advance(2);
    expect(client.losses).toMatchObject([{ closeCode: 1008 }]);
  });

  it("waits 60 s for a pong: one at the limit counts, later is too late", () => {
    for (const [pausedMs, isKept] of [
      [60_000, true],
      [60_001, false],
    ] as const) {
      // No latency, so that the pong arrives when the client reads the ping.
      const { clock, dial } = startWorld({
        market: quietMarket,
        latencyMs: 0,
        limits: { pingIntervalMs: 100_000 },
      });
      const client = dial("/ws");
      clock.advance(99_999);
      client.socket.pause();
      clock.advance(1 + pausedMs);
      client.socket.resume();
      clock.advance(10);
      expect(client.isOpen).toBe(isKept);
      if (!isKept)
        expect(client.losses).toMatchObject([{ closeCode: 1008, detail: "Pong timeout" }]);
    }
  });

  it("takes a pong that nobody asked for where the venue does", () => {
    for (const [venue, path, pingMs, timeoutMs, isKept] of [
      ["binance-spot", "/ws", 20_000, 60_000, false],
      ["binance-usdm", "/public/ws", 180_000, 600_000, true],
    ] as const) {
      const closes: string[] = [];
      const nothing = () => {};
      const model = createModel({ venue }, 0, {
        send: nothing,
        ping: nothing,
        pong: nothing,
        close: (_id, code, reason) => closes.push(`${code} ${reason}`),
        fin: nothing,
        reset: nothing,
        breakFraming: nothing,
        listen: nothing,
      });
      const admission = model.connect(path, 0);
      if (admission.kind !== "accepted") throw new Error(admission.kind);
      model.opened(admission.sessionId, 0);
      model.advanceTo(pingMs);
      model.receivePong(admission.sessionId, "unasked", pingMs + 1);
      model.advanceTo(pingMs + timeoutMs + 1);
      expect(closes).toEqual(isKept ? [] : ["1008 Pong timeout"]);
    }
  });

  it("closes a connection that has reached its age", () => {
    const { clock, connect } = startWorld({ market: quietMarket, limits: { maxAgeMs: 5_000 } });
    const client = connect("/ws");
    clock.advance(4_999);
    expect(client.isOpen).toBe(true);
    clock.advance(1);
    expect(client.losses).toMatchObject([{ class: "closed-by-peer", closeCode: 1001 }]);
  });

  it("answers a ping, and a close frame in kind", () => {
    const { clock, connect } = startWorld({ market: quietMarket });
    const client = connect("/ws");
    clock.advance(100);
    const before = client.socket.lastByteAtMs;
    client.socket.ping();
    clock.advance(2);
    expect(client.socket.lastByteAtMs).toBe(before + 102);

    client.socket.close(1000, "done");
    clock.advance(2);
    expect(client.losses).toEqual([
      { class: "closed-by-peer", phase: "closing", closeCode: 1000, detail: "done" },
    ]);
  });

  it("refuses limits that are none", () => {
    expect(() => startWorld({ limits: { maxAgeMs: NaN } })).toThrow(/limits\.maxAgeMs/);
    expect(() => startWorld({ limits: { maxAge: 1 } as never })).toThrow(/limits\.maxAge/);
    const inbound = [{ frames: 0, perMs: 1_000, countsControlFrames: true }];
    expect(() => startWorld({ limits: { inbound } })).toThrow(/limits\.inbound/);
    expect(() => startWorld({ venue: "nowhere" as never })).toThrow(/venue.*binance-spot/);
  });
});
