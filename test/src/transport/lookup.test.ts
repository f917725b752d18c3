import type { LookupOptions } from "node:dns";
import type { LookupFunction } from "node:net";
import { describe, expect, it } from "vitest";
import { guardLookup, shareLookup } from "../../../src/transport/lookup.ts";
import { promisesSettle } from "../start-supervisor.ts";

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

  it.each([
    ["the answer itself", "192.0.2.1", '"192.0.2.1"'],
    ["a list of answers", [{ address: "192.0.2.1", family: 4 }], "an array"],
    ["the answer in a promise", Promise.resolve("192.0.2.1"), '"192.0.2.1"'],
    ["a list in a promise", Promise.resolve([]), "an array"],
  ])("refuses one that returns %s instead of calling back", async (_, returned, came) => {
    const answers = answersOf(() => returned);
    await promisesSettle();
    const complaint = `ws.lookup: expected a function that calls back, received ${came}`;
    expect(answers.map(([error]) => error?.message)).toEqual([complaint]);
  });

  it("passes on the reason of a promise that rejects", async () => {
    const error = Object.assign(new Error("no"), { code: "EAI_AGAIN" });
    const answers = answersOf(() => Promise.reject(error));
    await promisesSettle();
    expect(answers).toEqual([[error, [], undefined]]);
  });

  it("waits for one that calls back later, whatever it returns meanwhile", async () => {
    const call: { back?: () => void } = {};
    const answers = answersOf(((_: string, __: object, callback: (...given: unknown[]) => void) => {
      call.back = () => callback(null, "192.0.2.1", 4);
      return Promise.resolve();
    }) as unknown as LookupFunction);
    await promisesSettle();
    expect(answers).toEqual([]);
    call.back?.();
    expect(answers).toEqual([[null, [{ address: "192.0.2.1", family: 4 }]]]);
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

describe("a guarded lookup that denies private addresses", () => {
  const codesOf = (...answer: readonly unknown[]) => {
    const codes: unknown[] = [];
    const lookup = guardLookup(answering(...answer), true);
    lookup("feed.test", { all: true }, (error) => codes.push(error?.code));
    return codes;
  };

  it("refuses an answer with one in it, however good the others are", () => {
    const good = { address: "8.8.8.8", family: 4 };
    const bad = { address: "::1", family: 6 };
    expect(codesOf(null, [good])).toEqual([undefined]);
    expect(codesOf(null, [good, bad])).toEqual(["ERR_PRIVATE_ADDRESS"]);
    expect(codesOf(null, "10.0.0.1", 4)).toEqual(["ERR_PRIVATE_ADDRESS"]);
  });

  it("still says ENOTFOUND where there is no address", () => {
    expect(codesOf(null, [])).toEqual(["ENOTFOUND"]);
  });
});

describe("a shared lookup", () => {
  /** Asks when told, and answers when told. */
  function createShared() {
    const asked: { readonly hostname: string; readonly answer: (address: string) => void }[] = [];
    const lookup = shareLookup((hostname, _options, callback) => {
      asked.push({ hostname, answer: (address) => callback(null, [{ address, family: 4 }]) });
    });
    const heard: string[] = [];
    const ask = (name: string, hostname: string, options: LookupOptions = { all: true }) =>
      lookup(hostname, options, (_error, [entry]) => {
        heard.push(`${name} ${typeof entry === "object" ? entry.address : "nothing"}`);
      });
    return { asked, heard, ask };
  }

  it("asks once while it is not answered, and answers all who asked", () => {
    const { asked, heard, ask } = createShared();
    ask("first", "feed.test");
    ask("second", "feed.test");
    ask("third", "feed.test");
    expect(asked).toHaveLength(1);
    asked[0]?.answer("192.0.2.1");
    expect(heard).toEqual(["first 192.0.2.1", "second 192.0.2.1", "third 192.0.2.1"]);
    asked[0]?.answer("192.0.2.2");
    expect(heard).toHaveLength(3);
  });

  it("asks anew once it has been answered, and for another name or kind of address", () => {
    const { asked, ask } = createShared();
    ask("first", "feed.test");
    ask("other name", "feed2.test");
    ask("other kind", "feed.test", { all: true, family: 6 });
    expect(asked.map(({ hostname }) => hostname)).toEqual(["feed.test", "feed2.test", "feed.test"]);
    asked[0]?.answer("192.0.2.1");
    ask("again", "feed.test");
    expect(asked).toHaveLength(4);
  });

  it("may be asked by who has just been answered", () => {
    const { asked, heard, ask } = createShared();
    const lookup = shareLookup((_hostname, _options, callback) => callback(null, "192.0.2.1", 4));
    lookup("feed.test", {}, () => lookup("feed.test", {}, () => ask("then", "feed.test")));
    asked[0]?.answer("192.0.2.3");
    expect(heard).toEqual(["then 192.0.2.3"]);
  });

  it("that throws has nobody waiting for it", () => {
    let calls = 0;
    const lookup = shareLookup(() => {
      calls += 1;
      throw new Error("boom");
    });
    const ask = () => lookup("feed.test", {}, () => {});
    expect(ask).toThrow("boom");
    expect(ask).toThrow("boom");
    expect(calls).toBe(2);
  });
});
