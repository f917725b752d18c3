/** Rows 1 to 7: what is wrong before there is an address to dial. */
import { describe, expect, it } from "vitest";
import { OptionError } from "../../../src/errors.ts";
import { createSupervisor, type SupervisorOptions } from "../../../src/index.ts";
import { shareLookup } from "../../../src/transport/lookup.ts";
import { serve, upgrades } from "./peer.ts";
import {
  createGate,
  failing,
  inTurn,
  resolving,
  settle,
  startWorld,
  type WorldOptions,
} from "./world.ts";

describe("a mistake of the caller's", () => {
  it.each<[string, string, SupervisorOptions]>([
    ["a URL that is none", "feed.test", {}],
    ["another scheme", "ftp://127.0.0.1/", {}],
    ["a fragment", "ws://127.0.0.1/#top", {}],
    ["a header with a line break", "ws://127.0.0.1/", { headers: { "X-Key": "a\r\nB: c" } }],
    ["a subprotocol twice", "ws://127.0.0.1/", { protocols: ["v1", "v1"] }],
  ])("row 1: %s is said at once, before any I/O", (_, url, options) => {
    expect(() => createSupervisor(url, options)).toThrow(OptionError);
  });

  it.each<[string, () => string, WorldOptions]>([
    ["a URL that is none", () => "feed.test", {}],
    ["another scheme", () => "ftp://127.0.0.1/", {}],
    [
      "a header with a line break",
      () => "ws://127.0.0.1/",
      { headers: () => ({ "X-Key": "a\r\nB: c" }) },
    ],
    ["a subprotocol twice", () => "ws://127.0.0.1/", { protocols: () => ["v1", "v1"] }],
  ])("row 1: %s that is given per attempt fails for good", async (_, url, options) => {
    const world = startWorld(url, options);
    const { loss } = await world.hears("failed");
    expect(loss).toMatchObject({ class: "config", phase: "resolve" });
    expect(world.feed.state).toBe("failed");
    expect(world.heard("attempt.failed")).toMatchObject([{ retryInMs: null }]);
  });
});

describe("a name", () => {
  it.each(["EAI_AGAIN", "EAI_FAIL"])(
    "row 2: that ends in %s is looked up again after the backoff",
    async (code) => {
      const peer = await serve(upgrades);
      const lookup = inTurn(failing(code), resolving("127.0.0.1"));
      const world = startWorld(peer.url("feed.test"), { ws: { lookup } });
      const { loss } = await world.hears("attempt.failed");
      expect(loss).toMatchObject({ class: "dns-transient", phase: "dns", code });
      expect(world.retryInMs).toBeLessThanOrEqual(3_000);
      world.waitsItsTurn();
      await world.hears("up");
    },
  );

  it("row 3: that is not found is not looked up again before 5 s", async () => {
    const peer = await serve(upgrades);
    const lookup = inTurn(failing("ENOTFOUND"), resolving("127.0.0.1"));
    const world = startWorld(peer.url("feed.test"), { ws: { lookup } });
    const { loss } = await world.hears("attempt.failed");
    expect(loss).toMatchObject({ class: "dns-not-found", phase: "dns", code: "ENOTFOUND" });
    expect(world.retryInMs).toBeGreaterThanOrEqual(5_000);
    world.waitsItsTurn();
    await world.hears("up");
  });

  it("row 4: that is never answered costs an attempt its deadline, and no more", async () => {
    const peer = await serve(upgrades);
    const isAsked = createGate();
    const lookup = inTurn(isAsked.open, resolving("127.0.0.1"));
    const world = startWorld(peer.url("feed.test"), { ws: { lookup } });
    await isAsked.opened;
    world.clock.advance(9_999);
    expect(world.feed.state).toBe("connecting");
    world.clock.advance(1);
    expect(world.heard("attempt.failed")).toMatchObject([
      { loss: { class: "handshake-timeout", phase: "dns" } },
    ]);
    world.waitsItsTurn();
    await world.hears("up");
  });

  it("row 4: whose lookup hangs is not asked for twice: the next attempt shares it", async () => {
    const peer = await serve(upgrades);
    const answer: (() => void)[] = [];
    const system = shareLookup((...question) => {
      answer.push(() => resolving("127.0.0.1")(...question));
    });
    const world = startWorld(peer.url("feed.test"), { ws: { lookup: system } });
    world.clock.advance(10_000);
    world.waitsItsTurn();
    expect(answer).toHaveLength(1);
    answer[0]?.();
    await world.hears("up");
  });

  it("row 5: that has no address at all does not end the process", async () => {
    const peer = await serve(upgrades);
    const lookup = inTurn(resolving(), resolving("127.0.0.1"));
    const world = startWorld(peer.url("feed.test"), { ws: { lookup } });
    const { loss } = await world.hears("attempt.failed");
    expect(loss).toMatchObject({ class: "dns-not-found", code: "ENOTFOUND" });
    expect(world.retryInMs).toBeGreaterThanOrEqual(5_000);
    world.waitsItsTurn();
    await world.hears("up");
  });

  it.each([
    ["a name that resolves to one", "feed.test", "dns"],
    ["the address itself", "127.0.0.1", "resolve"],
  ])("row 6: of a public feed may not be at a private address, by %s", async (_, host, phase) => {
    const peer = await serve(upgrades);
    const ws = { lookup: resolving("127.0.0.1"), denyPrivateAddresses: true };
    const world = startWorld(peer.url(host), { ws });
    const { loss } = await world.hears("failed");
    expect(loss).toMatchObject({ class: "config", phase, code: "ERR_PRIVATE_ADDRESS" });
    await settle();
    expect(peer.accepted).toEqual([]);
  });

  it("row 6: may be at one where nobody denies it", async () => {
    const peer = await serve(upgrades);
    const world = startWorld(peer.url("feed.test"), { ws: { lookup: resolving("127.0.0.1") } });
    await world.hears("up");
  });

  it("row 7: whose first address is dead is dialled at its second, in one attempt", async () => {
    const peer = await serve(upgrades);
    const ws = { lookup: resolving("127.0.0.2", "127.0.0.1") };
    const world = startWorld(peer.url("feed.test"), { ws });
    await world.hears("up");
    expect(world.heard("attempt.failed")).toEqual([]);
  });
});
