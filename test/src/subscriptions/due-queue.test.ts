import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DueQueue, type Due } from "../../../src/subscriptions/due-queue.ts";

interface Thing extends Due {
  readonly name: number;
}

/** Puts, moves and deletes, by the name of the thing. */
const step = fc.record({
  name: fc.nat({ max: 40 }),
  dueAtMs: fc.option(fc.nat({ max: 100 }), { nil: undefined }),
});

describe("a queue of things that fall due", () => {
  it("has the first one at hand, whatever was put, moved and deleted", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const queue = new DueQueue<Thing>();
        const things = Array.from({ length: 41 }, (_, name) => ({
          name,
          dueAtMs: 0,
          order: 0,
          place: -1,
        }));
        const expected = new Map<number, number>();
        for (const { name, dueAtMs } of steps) {
          const thing = things[name];
          if (thing === undefined) continue;
          if (dueAtMs === undefined) {
            queue.delete(thing);
            expected.delete(name);
          } else {
            queue.put(thing, dueAtMs);
            expected.set(name, dueAtMs);
          }
          const first = queue.first;
          const earliest = expected.size === 0 ? undefined : Math.min(...expected.values());
          expect(first?.dueAtMs).toBe(earliest);
          if (first !== undefined) expect(expected.get(first.name)).toBe(earliest);
        }
        const left: number[] = [];
        for (let thing = queue.first; thing !== undefined; thing = queue.first) {
          left.push(thing.dueAtMs);
          queue.delete(thing);
        }
        expect(left).toEqual([...expected.values()].toSorted((a, b) => a - b));
      }),
    );
  });

  it("gives those that fall due at the same time in the order in which they were put", () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 3 }), { maxLength: 60 }), (dueAtMs) => {
        const queue = new DueQueue<Thing>();
        const things = dueAtMs.map((atMs, name) => ({
          name,
          atMs,
          dueAtMs: 0,
          order: 0,
          place: -1,
        }));
        for (const thing of things) queue.put(thing, thing.atMs);
        const taken: number[] = [];
        for (let thing = queue.first; thing !== undefined; thing = queue.first) {
          taken.push(thing.name);
          queue.delete(thing);
        }
        const stable = things.toSorted((one, other) => one.atMs - other.atMs);
        expect(taken).toEqual(stable.map(({ name }) => name));
      }),
    );
  });

  it("may be emptied, and filled again with the same things", () => {
    const queue = new DueQueue<Thing>();
    const things = [3, 1, 2].map((name) => ({ name, dueAtMs: 0, order: 0, place: -1 }));
    for (const thing of things) queue.put(thing, thing.name);
    queue.clear();
    expect(queue.first).toBeUndefined();
    for (const thing of things) queue.put(thing, 10 - thing.name);
    expect(queue.first?.name).toBe(3);
  });
});
