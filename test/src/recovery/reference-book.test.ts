/**
 * Whatever happens to a stream whose snapshots are fetched, its consumer can build the true book: nothing is
 * told twice, nothing is missing behind a snapshot, and `valid` is never said of a book that is not whole.
 */
import { describe, expect, it } from "vitest";
import { later, never } from "../../../machines/refusal.ts";
import { createRandom } from "../../../machines/policy/random.ts";
import { RefusedError } from "../../../src/errors.ts";
import type { FeedItem } from "../../../src/supervisor/items.ts";
import { startRecoveries, type RecoveryWorld } from "./recovery-world.ts";

/** A consumer that applies what it is given, and believes `valid`. */
class Reader {
  /** All up to here is in its book; undefined where it has none. */
  position: number | undefined;
  isValid = false;
  readonly delivered = new Set<number>();
  readonly wrong: string[] = [];

  take(item: FeedItem<number>): void {
    switch (item.kind) {
      case "snapshot":
        this.position = Number(item.position);
        return;
      case "valid":
        if (this.position === undefined) this.wrong.push("valid, and there is no book");
        this.isValid = true;
        return;
      case "invalid":
        this.isValid = false;
        return;
      case "gap":
        this.position = undefined;
        return;
      case "overflow":
        if (this.isValid) this.wrong.push("something is lost of a book that is valid");
        return;
      case "message": {
        const at = Number(item.position);
        if (this.delivered.has(at)) this.wrong.push(`${at} is told twice`);
        this.delivered.add(at);
        if (this.position === undefined) return;
        if (at !== this.position + 1) this.wrong.push(`${at} after ${this.position}`);
        this.position = at;
        return;
      }
      default:
    }
  }
}

async function live(seed: number): Promise<{ reader: Reader; world: RecoveryWorld; last: number }> {
  const random = createRandom(seed);
  const draw = (below: number): number => Math.floor(random() * below);
  const reader = new Reader();
  const world = startRecoveries({ bufferMessages: 40, retries: draw(3), retryMs: 200 });
  let last = 10;
  let read = 0;
  const look = (): void => {
    for (; read < world.items.length; read += 1) reader.take(world.items[read]!);
  };
  const receive = (): void => world.receives("book", (last += 1));
  receive();
  let settled = 0;
  for (let step = 0; step < 300; step += 1) {
    switch (draw(12)) {
      case 0:
        last += 1 + draw(3); // these are lost
        receive();
        break;
      case 1:
        world.clock.advance(draw(30_000));
        break;
      case 2:
        if (draw(4) === 0) world.socketEnds();
        break;
      case 3:
      case 4: {
        const fetch = world.fetches[settled];
        if (fetch === undefined) break;
        settled += 1;
        const how = draw(8);
        if (how < 4) await fetch.gives(Math.max(last - draw(4), 1));
        else if (how === 4) await fetch.fails(new RefusedError("not now", later(draw(5_000))));
        else if (how === 5) await fetch.fails(new RefusedError("never", never));
        else await fetch.fails();
        break;
      }
      default:
        receive();
    }
    look();
  }
  // Everything heals.
  for (let ms = 0; ms < 900_000 && !(reader.isValid && world.recoveries.isIdle); ms += 500) {
    if (ms % 1_000 === 0) receive();
    if (ms === 0) {
      last += 1; // one that is refused for good has another chance
      receive();
    }
    world.clock.advance(500);
    for (; settled < world.fetches.length; settled += 1)
      await world.fetches[settled]?.gives(last - 1);
    look();
  }
  return { reader, world, last };
}

describe("the reader of a stream that breaks and is made whole", () => {
  it.each(Array.from({ length: 60 }, (_, index) => index + 1))(
    "has the true book in the end, and never a wrong one that is said to be valid: seed %i",
    async (seed) => {
      const { reader, world, last } = await live(seed);
      expect(reader.wrong).toEqual([]);
      expect(world.failures).toEqual([]);
      expect(reader.isValid).toBe(true);
      expect(reader.position).toBe(last);
    },
  );
});
