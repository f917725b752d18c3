/** That the account of a band closes for a whole one, and for no other. */
import { describe, expect, it } from "vitest";
import type { FeedItem } from "../../../src/supervisor/items.ts";
import { accountOf } from "./account.ts";
import { startFeed } from "./feed-world.ts";
import { spokenVenues } from "./venues.ts";

const spot = spokenVenues.find(({ id }) => id === "binance-spot");

async function bandWithTroubles(): Promise<FeedItem<unknown>[]> {
  if (spot === undefined) throw new Error("no Binance spot");
  const world = startFeed(spot);
  await world.passes(10_000);
  world.exchange.inject({ kind: "skip", count: 4 });
  await world.passes(10_000);
  world.exchange.inject({ kind: "reset" });
  await world.passes(20_000);
  return world.items;
}

const faultsOf = (items: readonly FeedItem<unknown>[]) =>
  accountOf(items, spokenVenues[0]?.profile({}) as never).faults;

describe("the account of a band", () => {
  it("closes when nothing was taken from it, and never when something was", async () => {
    const items = await bandWithTroubles();
    expect(faultsOf(items)).toEqual([]);
    const kinds = new Map<string, number>();
    for (const [index, item] of items.entries()) {
      const isNumbered = item.kind === "message" && item.stream !== undefined;
      if (!isNumbered && item.kind !== "gap") continue;
      const { stream } = item;
      const around = [items.slice(0, index), items.slice(index + 1)] as const;
      const isEdge = around.some((side) =>
        side.every((one) => one.kind !== "message" || one.stream !== stream),
      );
      // What a fetched snapshot covers may be missing before it: no hole is left.
      const next = around[1].find(
        (one) => "stream" in one && one.stream === stream && one.kind !== "invalid",
      );
      if (isEdge || next?.kind === "snapshot") continue;
      const faults = faultsOf([...around[0], ...around[1]]);
      expect([item.kind, index, faults.length > 0]).toEqual([item.kind, index, true]);
      kinds.set(item.kind, (kinds.get(item.kind) ?? 0) + 1);
    }
    expect([...kinds.keys()].sort()).toEqual(["gap", "message"]);
    const message = items.findIndex(({ kind }) => kind === "message");
    const twice = items.toSpliced(message, 0, items[message] ?? { kind: "reset", stream: "" });
    expect(faultsOf(twice)).not.toEqual([]);
  });
});
