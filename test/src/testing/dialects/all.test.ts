import { describe, expect, it } from "vitest";
import { dialectOf } from "../../../../src/testing/exchange/dialects/catalog.ts";
import {
  createFaultPlan,
  simulatedVenues,
  venueFaultKinds,
  type Fault,
  type FaultKind,
} from "../../../../src/testing/index.ts";
import { startWorld } from "../start-world.ts";

/** What an arbitrary, broken or foreign client may send. */
const FRAMES = ["", "ping", "{", "[]", "null", "1", '"x"', "{}", '{"event":"subscribe"}', "[1,2]"];

/** A fault of this kind, as a plan draws it. */
function drawn(kind: FaultKind): Fault {
  const [planned] = createFaultPlan(1, { durationMs: 1_000, kinds: [kind] });
  if (planned === undefined) throw new Error(`no ${kind} was drawn`);
  return planned.fault;
}

describe.each(simulatedVenues)("the simulated %s", (venue) => {
  const { paths, symbols, id } = dialectOf(venue);

  it("goes by the name under which it is known, and invents a market of its own instruments", () => {
    expect(id).toBe(venue);
    const { clock, exchange, connect } = startWorld({ venue });
    connect(paths[0] ?? "/"); // so that time is kept
    clock.advance(60_000);
    const { streams } = exchange.ledger;
    for (const symbol of symbols) {
      const names = [...streams.keys()].filter((name) =>
        name.toUpperCase().includes(symbol.toUpperCase()),
      );
      expect(names.length).toBeGreaterThanOrEqual(3); // trades, book, quotes
    }
    for (const { runs } of streams.values()) expect(runs.length).toBeLessThanOrEqual(1);
  });

  it.each(paths)("opens at %s, and survives whatever a client says there", (path) => {
    const { clock, exchange, connect } = startWorld({ venue, limits: { inbound: [] } });
    for (const frame of FRAMES) {
      const client = connect(path);
      expect(client.isOpen).toBe(true);
      client.send(frame);
      clock.advance(100);
    }
    exchange.inject({ kind: "shutdown-notice" });
    exchange.inject({ kind: "pause", durationMs: 100 });
    exchange.inject({ kind: "renumber" });
    exchange.inject({ kind: "mute" });
    for (const kind of venueFaultKinds) exchange.inject(drawn(kind));
    for (const frame of FRAMES) connect(path).send(frame);
    clock.advance(1_000);
    exchange.inject({ kind: "renumber", of: "all", unannounced: true, offline: true });
    clock.advance(1_000);
    exchange.stop();
    expect(clock.armed).toBe(0);
  });

  it("has no other path", () => {
    const { connect } = startWorld({ venue });
    expect(connect("/no/such/path").losses).toMatchObject([{ status: 404 }]);
  });

  it("has every fault that any exchange has, and is rid of its sessions afterwards", () => {
    for (let seed = 1; seed <= 5; seed += 1) {
      const faults = createFaultPlan(seed, { durationMs: 60_000 });
      const { clock, exchange, dial } = startWorld({ venue, faults, seed });
      for (let dials = 0; dials < 60; dials += 1) {
        const client = dial(paths[0] ?? "/");
        clock.advance(1_000);
        client.socket.terminate();
      }
      clock.advance(10);
      expect(exchange.sessions).toBe(0);
      exchange.stop();
      expect(clock.armed).toBe(0);
    }
  });
});
