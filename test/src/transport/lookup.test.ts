import type { LookupOptions } from "node:dns";
import type { LookupFunction } from "node:net";
import { describe, expect, it } from "vitest";
import { guardLookup } from "../../../src/transport/lookup.ts";

type Answer = Parameters<Parameters<LookupFunction>[2]>;

/** Every answer that `net` would hear. */
function answersOf(lookup: LookupFunction, options: LookupOptions = { all: true }): Answer[] {
  const answers: Answer[] = [];
  guardLookup(lookup)("feed.test", options, (...answer) => answers.push(answer));
  return answers;
}

const answering =
  (...answer: readonly unknown[]): LookupFunction =>
  (_hostname, _options, callback) =>
    (callback as (...given: unknown[]) => void)(...answer);

describe("a guarded lookup", () => {
  it("passes on the question and a good answer", () => {
    const list = [{ address: "192.0.2.1", family: 4 }];
    expect(answersOf(answering(null, list))).toEqual([[null, list, undefined]]);
    expect(answersOf(answering(null, "192.0.2.1", 4), {})).toEqual([[null, "192.0.2.1", 4]]);

    const options = { all: true, family: 6 };
    answersOf((hostname, given) => {
      expect(hostname).toBe("feed.test");
      expect(given).toBe(options);
    }, options);
  });

  it.each([
    ["an empty list", [null, []]],
    ["nothing at all", []],
    ["undefined in place of a list", [null, undefined]],
    ["a hole in the list", [null, [undefined]]],
    ["an entry without an address", [null, [{ family: 4 }]]],
    ["an empty address", [undefined, ""]],
  ])("turns %s into ENOTFOUND", (_, answer) => {
    const [[error] = [], ...more] = answersOf(answering(...answer));
    expect(error).toMatchObject({ code: "ENOTFOUND", hostname: "feed.test" });
    expect(more).toEqual([]);
  });

  it("makes a list of one address where a list was asked for", () => {
    expect(answersOf(answering(null, "192.0.2.1", 4))).toEqual([
      [null, [{ address: "192.0.2.1", family: 4 }]],
    ]);
  });

  it("passes on an error as it is", () => {
    const error = Object.assign(new Error("no"), { code: "EAI_AGAIN" });
    expect(answersOf(answering(error))).toEqual([[error, undefined, undefined]]);
  });

  it("turns a throw into an error", () => {
    const boom = new Error("boom");
    const [[error] = []] = answersOf(() => {
      throw boom;
    });
    expect(error).toBe(boom);

    const [[wrapped] = []] = answersOf(() => {
      throw "a string";
    });
    expect(wrapped).toEqual(new Error("a string"));
  });

  it("answers once, however often it is answered", () => {
    const list = [{ address: "192.0.2.1", family: 4 }];
    const answers = answersOf((_hostname, _options, callback) => {
      callback(null, list);
      callback(null, []);
      throw new Error("and then this");
    });
    expect(answers).toEqual([[null, list, undefined]]);
  });
});
