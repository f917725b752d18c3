import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Queue } from "../../src/queue.ts";

describe("a queue", () => {
  it("does what an array does with push, shift, pop and unshift", () => {
    const steps = fc.array(
      fc.constantFrom("push", "push", "push", "take", "take", "takeLast", "putFirst", "clear"),
      { maxLength: 60 },
    );
    fc.assert(
      fc.property(steps, fc.constantFrom(0, 3_000), (history, before) => {
        const model = Array.from({ length: before }, (_, index) => -index);
        const queue = new Queue(model);
        // Beyond the length at which places of taken items are cut off.
        for (let taken = 0; taken < before - 5; taken += 1)
          expect(queue.take()).toBe(model.shift());
        for (const [index, step] of history.entries()) {
          if (step === "push") {
            queue.push(index);
            model.push(index);
          } else if (step === "putFirst") {
            queue.putFirst(index);
            model.unshift(index);
          } else if (step === "take") expect(queue.take()).toBe(model.shift());
          else if (step === "takeLast") expect(queue.takeLast()).toBe(model.pop());
          else {
            queue.clear();
            model.length = 0;
          }
          expect(queue).toMatchObject({ length: model.length });
          const items: number[] = [];
          queue.forEach((item) => items.push(item));
          expect(items).toEqual(model);
          expect([queue.first, queue.last]).toEqual([model[0], model.at(-1)]);
        }
      }),
      { seed: 20261122, numRuns: 60 },
    );
  });

  it("puts what was taken last back before the others", () => {
    const queue = new Queue(["a", "b", "c"]);
    const taken = queue.take();
    queue.putFirst(taken ?? "");
    expect([queue.take(), queue.take(), queue.take()]).toEqual(["a", "b", "c"]);
  });
});
