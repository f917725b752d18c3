import { describe, expect, it } from "vitest";
import { DeltaBuffer } from "../../../src/recovery/delta-buffer.ts";
import type { Bridge } from "../../../src/recovery/recovery.ts";
import { bridge, itemOf, pointOf } from "./recovery-world.ts";

function bufferOf(bound: number, ...numbers: readonly number[]): DeltaBuffer<number> {
  const buffer = new DeltaBuffer<number>(bound);
  for (const number of numbers) push(buffer, number);
  return buffer;
}

function push(buffer: DeltaBuffer<number>, number: number): boolean {
  const point = pointOf("s", number, number);
  return buffer.push(itemOf(point), point);
}

function drained(buffer: DeltaBuffer<number>): readonly number[] {
  return buffer.drain().map(({ data }) => data);
}

describe("deltas that wait for a snapshot", () => {
  it("come out in the order in which they came in, once", () => {
    const buffer = bufferOf(5, 1, 2, 3);
    expect(buffer.isEmpty).toBe(false);
    expect(drained(buffer)).toEqual([1, 2, 3]);
    expect(drained(buffer)).toEqual([]);
    expect(buffer.isEmpty).toBe(true);
  });

  it("fill the buffer to its bound, and begin anew beyond it", () => {
    const buffer = bufferOf(3);
    expect([1, 2, 3].map((number) => push(buffer, number))).toEqual([true, true, true]);
    expect(push(buffer, 4)).toBe(false);
    expect(drained(buffer)).toEqual([4]);
    expect(buffer.takeDiscarded()).toEqual({ stream: "s", from: 1, to: 3, messages: 3 });
    expect(buffer.takeDiscarded()).toBeUndefined();
  });

  it("are remembered as one range, however often they had to go", () => {
    const buffer = bufferOf(5, 4, 5);
    buffer.discard();
    push(buffer, 2);
    push(buffer, 9);
    buffer.discard();
    expect(buffer.takeDiscarded()).toEqual({ stream: "s", from: 2, to: 9, messages: 4 });
  });

  it("are joined at the first that follows, which the venue's rule names", () => {
    const buffer = bufferOf(5, 3, 4, 5);
    expect(buffer.bridge(3, bridge)).toEqual({ kind: "joins", index: 1 });
    expect(buffer.cover(1)).toBe(1);
    expect(drained(buffer)).toEqual([4, 5]);
  });

  it("may all be in the snapshot, those that had to go too", () => {
    const buffer = bufferOf(2, 3, 4, 5);
    expect(buffer.bridge(9, bridge)).toEqual({ kind: "covers" });
    expect(buffer.cover()).toBe(3);
    expect(buffer.takeDiscarded()).toBeUndefined();
    expect(buffer.isEmpty).toBe(true);
  });

  it("begin after what an old snapshot has", () => {
    expect(bufferOf(5, 3, 4).bridge(1, bridge)).toEqual({ kind: "outdated" });
  });

  it("are not in a snapshot that is older than those that had to go, where none waits", () => {
    const buffer = bufferOf(5, 3, 4);
    buffer.discard();
    expect(buffer.bridge(3, bridge)).toEqual({ kind: "outdated" });
    expect(buffer.bridge(4, bridge)).toEqual({ kind: "covers" });
  });

  it("are told to the rule with all their numbers, beyond 2^53 too", () => {
    const asked: unknown[] = [];
    const rule: Bridge = (position, delta) => {
      asked.push(position, delta.first, delta.last, delta.previous);
      return "apply";
    };
    const buffer = new DeltaBuffer<number>(1);
    const [first, last, previous] = [2n ** 60n, 2n ** 60n + 4n, 2n ** 60n - 1n];
    const point = { ...pointOf("s", 0, 0), first, last, previous };
    buffer.push(itemOf(point), point);
    buffer.bridge(2n ** 60n - 1n, rule);
    expect(asked).toEqual([2n ** 60n - 1n, first, last, previous]);
    buffer.discard();
    expect(buffer.takeDiscarded()).toMatchObject({ from: first, to: last });
  });
});
