import { describe, expect, it } from "vitest";
import { startWorld, type TestClient } from "../start-world.ts";
import { ClientBook } from "./client-book.ts";
import { differences, samplesAreHere, samplesOf } from "./samples.ts";

const BOOK = "book.BTC-PERPETUAL.100ms";
const TRADES = "trades.BTC-PERPETUAL.100ms";

interface Frame {
  readonly id?: number;
  readonly method?: string;
  readonly result?: unknown;
  readonly error?: { readonly code: number };
  readonly params?: { readonly channel: string; readonly data: Data };
}

interface Data {
  readonly type: string;
  readonly change_id: number;
  readonly prev_change_id?: number;
  readonly trade_seq?: number;
  readonly bids: readonly [string, number, number][];
  readonly asks: readonly [string, number, number][];
}

function framesOf(client: TestClient): Frame[] {
  return client.messages.map((text) => JSON.parse(text) as Frame);
}

function dataOf(client: TestClient, channel: string): Data[] {
  return framesOf(client).flatMap(({ params }) => (params?.channel === channel ? params.data : []));
}

function start(options: Parameters<typeof startWorld>[0] = {}) {
  const world = startWorld({ venue: "deribit", ...options });
  const client = world.connect("/ws/api/v2");
  let id = 0;
  const call = (method: string, params: object = {}): number => {
    id += 1;
    client.send({ jsonrpc: "2.0", id, method, params });
    return id;
  };
  return { ...world, client, call };
}

describe("the simulated Deribit", () => {
  it.skipIf(!samplesAreHere)("writes its frames in the shapes of real ones", () => {
    const { clock, client, call } = start();
    call("public/set_heartbeat", { interval: 10 });
    call("public/subscribe", { channels: [BOOK, TRADES, "quote.ETH-PERPETUAL"] });
    call("public/subscribe", { channels: ["book.BTC-PERPETUAL.raw"] });
    client.send("{");
    clock.advance(12_100);
    const frames = framesOf(client);
    const [, ack, refusal, unread] = frames.filter(({ method }) => method === undefined);
    expect(differences(ack, samplesOf("deribit", "control", "ack")[0])).toEqual([]);
    expect(differences(refusal, samplesOf("deribit", "control", "error")[0])).toEqual([]);
    const [withoutId] = samplesOf("deribit", "control", "error-without-id");
    expect(differences(unread, withoutId)).toEqual([]);
    const challenge = frames.find(({ method }) => method === "heartbeat");
    expect(challenge).toEqual(samplesOf("deribit", "control", "test_request")[0]);

    const book = frames.filter(({ params }) => params?.channel === BOOK);
    expect(differences(book[0], samplesOf("deribit", "book", "snapshot")[0])).toEqual([]);
    const delta = book.find(
      ({ params }) => (params?.data.asks.length ?? 0) > 0 && params !== book[0]?.params,
    );
    expect(differences(delta, samplesOf("deribit", "book", "delta")[0])).toEqual([]);
    const trade = frames.find(({ params }) => params?.channel === TRADES);
    const missing = ["contracts is missing", "combo_trade_id is missing"];
    const [sample] = samplesOf("deribit", "trades", "data");
    expect(differences(trade, sample).map((text) => text.replace(/^.*\./, ""))).toEqual(missing);
  });

  it("acknowledges what it knows and leaves out the rest, without a word", () => {
    const { clock, client, call } = start();
    const id = call("public/subscribe", { channels: [BOOK, "book.NO-BODY.100ms", "bok", TRADES] });
    const other = call("public/subscribe", { channels: ["ticker.NO-BODY.100ms"] });
    clock.advance(2);
    const answers = framesOf(client).filter((frame) => "result" in frame);
    expect(answers).toMatchObject([
      { id, result: [TRADES, BOOK] },
      { id: other, result: [] },
    ]);
  });

  it("gives a snapshot once: not for a channel that is subscribed already", () => {
    const { clock, client, call } = start();
    const snapshots = () => dataOf(client, BOOK).filter(({ type }) => type === "snapshot").length;
    call("public/subscribe", { channels: [BOOK] });
    call("public/subscribe", { channels: [BOOK] });
    clock.advance(500);
    expect(snapshots()).toBe(1);
    const id = call("public/unsubscribe", { channels: [BOOK, TRADES] });
    call("public/subscribe", { channels: [BOOK] });
    clock.advance(500);
    expect(snapshots()).toBe(2);
    expect(framesOf(client).find((frame) => frame.id === id)).toMatchObject({ result: [BOOK] });
  });

  it("gives a book that is the true one at every change, with what happened to each level", () => {
    const { clock, exchange, client, call } = start();
    call("public/subscribe", { channels: [BOOK] });
    const book = new ClientBook();
    const held = new Set<string>();
    const actions = new Map<string, number>();
    let seen = 0;
    for (let ms = 0; ms < 20_000; ms += 1_000) {
      clock.advance(1_000);
      for (const { change_id, prev_change_id, bids, asks } of dataOf(client, BOOK).slice(seen)) {
        if (seen > 0) expect(prev_change_id).toBe(book.position);
        for (const [side, levels] of [["bid", bids] as const, ["ask", asks] as const]) {
          for (const [action, price] of levels) {
            const key = `${side} ${price}`;
            if (action !== "delete" || held.has(key)) expect(held.has(key)).toBe(action !== "new");
            if (action === "delete") held.delete(key);
            else held.add(key);
            actions.set(action, (actions.get(action) ?? 0) + 1);
          }
        }
        const levels = (side: Data["bids"]) =>
          side.map(([, price, quantity]) => [price, quantity] as const);
        book.apply(change_id, levels(bids), levels(asks));
        expect(book.view).toEqual(exchange.book("BTC-PERPETUAL", change_id));
        seen += 1;
      }
    }
    expect(seen).toBe(201);
    expect([...actions.keys()].toSorted()).toEqual(["change", "delete", "new"]);
  });

  it("numbers trades one by one", () => {
    const { clock, client, call } = start();
    call("public/subscribe", { channels: [TRADES] });
    clock.advance(5_000);
    const numbers = dataOf(client, TRADES).flatMap((data) => data as unknown as Data[]);
    const sequence = numbers.map(({ trade_seq }) => trade_seq ?? 0);
    expect(sequence.length).toBeGreaterThan(20);
    expect(sequence).toEqual(sequence.map((_, index) => (sequence[0] ?? 0) + index));
  });

  it("challenges after a heartbeat is set, and closes 10 s after a challenge without answer", () => {
    const { clock, exchange, client, call } = start();
    call("public/set_heartbeat", { interval: 9 });
    call("public/set_heartbeat", { interval: 10 });
    clock.advance(2);
    expect(framesOf(client)).toMatchObject([{ error: { code: -32602 } }, { result: "ok" }]);
    const challenges = () => framesOf(client).filter(({ method }) => method === "heartbeat").length;
    clock.advance(12_000);
    expect(challenges()).toBe(1);
    call("public/test");
    clock.advance(10_600);
    expect(challenges()).toBe(2);
    clock.advance(9_990);
    expect(client.isOpen).toBe(true);
    clock.advance(12);
    expect(client.losses).toMatchObject([{ closeCode: 4000, detail: "heartbeat close" }]);
    expect([...exchange.ledger.violations]).toEqual([["unanswered test_request", 1]]);
  });

  it("drops at 60.5 s who neither subscribes nor sets a heartbeat", () => {
    const { clock, client, connect } = start();
    const subscriber = connect("/ws/api/v2");
    subscriber.send({
      id: 1,
      method: "public/subscribe",
      params: { channels: ["platform_state"] },
    });
    clock.advance(60_497);
    expect(client.isOpen).toBe(true);
    clock.advance(4);
    expect(client.losses).toEqual([{ class: "dropped", phase: "open" }]);
    expect(subscriber.isOpen).toBe(true);
  });

  it("lets ten subscriptions burst, 3.3 a second follow, and 500 channels be in one", () => {
    const { clock, exchange, client, call } = start();
    for (let burst = 0; burst < 11; burst += 1) call("public/subscribe", { channels: [] });
    clock.advance(2);
    const codes = () => framesOf(client).flatMap(({ error }) => error?.code ?? []);
    expect(codes()).toEqual([10028]);
    clock.advance(300);
    call("public/subscribe", { channels: Array.from({ length: 501 }, () => BOOK) });
    clock.advance(2);
    expect(codes()).toEqual([10028, -32602]);
    expect([...exchange.ledger.violations]).toEqual([
      ["credits", 1],
      ["500 channels per call", 1],
    ]);
  });

  it("answers the 33rd connection with 429, until one is given up", () => {
    const { clock, client, connect } = start();
    for (let count = 2; count <= 32; count += 1) expect(connect("/ws/api/v2").isOpen).toBe(true);
    const refusal = { class: "http-refusal", phase: "upgrade", status: 429 };
    expect(connect("/ws/api/v2").losses).toEqual([refusal]);
    client.socket.terminate();
    clock.advance(2);
    expect(connect("/ws/api/v2").isOpen).toBe(true);
  });

  it("announces maintenance to who listens for it, and sends nothing meanwhile", () => {
    const { clock, exchange, client, call } = start();
    call("public/subscribe", { channels: [BOOK, "platform_state"] });
    clock.advance(1_000);
    exchange.inject({ kind: "pause", durationMs: 5_000 });
    clock.advance(2);
    const count = dataOf(client, BOOK).length;
    clock.advance(4_996);
    expect(dataOf(client, BOOK)).toHaveLength(count);
    clock.advance(500);
    expect(dataOf(client, "platform_state")).toEqual([
      { maintenance: true },
      { maintenance: false },
    ]);
    expect(dataOf(client, BOOK).length).toBeGreaterThan(count);
  });
});
