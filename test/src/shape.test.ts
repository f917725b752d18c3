/** Values from another realm, as Jest's tests and `vm` contexts make them: `instanceof` is false for each. */
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import {
  describeShape,
  functionKind,
  isBytes,
  isError,
  isErrorObject,
  isMap,
  isPlainObject,
  isPromiseLike,
  messageOf,
  onRejection,
  toError,
} from "../../src/shape.ts";
import { checkSignal } from "../../src/check.ts";
import { numbered, promisesSettle, startSupervisor, type Json } from "./start-supervisor.ts";

const foreign = (code: string): unknown => runInNewContext(code);

/** Whatever is asked of it throws. */
const trap = new Proxy(
  {},
  {
    get: () => {
      throw new Error("hands off");
    },
  },
);

describe("a value of another realm", () => {
  it("is what its shape says", () => {
    expect(foreign("new Error('no')")).not.toBeInstanceOf(Error);
    expect(isError(foreign("new Error('no')"))).toBe(true);
    expect(isErrorObject(foreign("new TypeError('no')"))).toBe(true);
    expect(messageOf(foreign("new RangeError('too far')"))).toBe("too far");
    expect(isPromiseLike(foreign("Promise.resolve(1)"))).toBe(true);
    expect(isBytes(foreign("new Uint8Array(2)"))).toBe(true);
    expect(isMap(foreign("new Map()"))).toBe(true);
    expect(isPlainObject(foreign("({ a: 1 })"))).toBe(true);
    expect(functionKind(foreign("(async () => 1)"))).toBe("async function");
    expect(functionKind(foreign("(function* () {})"))).toBe("generator function");
  });

  it("that is thrown is handed on as it is, and anything else in an error", () => {
    const error = foreign("Object.assign(new Error('no'), { code: 'ENOTFOUND' })");
    expect(toError(error)).toBe(error);
    expect(toError("no")).toEqual(new Error("no"));
    expect(toError(undefined)).toEqual(new Error("undefined"));
  });
});

describe("the shape of anything", () => {
  it.each([
    [() => 1, "a function"],
    [async () => 1, "an async function"],
    [foreign("(async () => 1).bind(null)"), "an async function"],
    [foreign("(function* () {})"), "a generator function"],
    [foreign("(async function* () {})"), "a generator function"],
    [[], "an array"],
    [{}, "an object"],
    [Object.create(null) as object, "an object"],
    [Promise.resolve(1), "a promise"],
    [foreign("({ then: () => undefined })"), "a promise"],
    [new Map(), "a Map"],
    [new Set(), "a Set"],
    [new Date(0), "a Date"],
    [new Error("no"), "an Error"],
    [new ArrayBuffer(1), "an ArrayBuffer"],
    [{ [Symbol.toStringTag]: "a name of mine" }, "an object"],
  ])("%o is %s", (value, words) => {
    expect(describeShape(value as object)).toBe(words);
  });

  it("is told of what throws when it is looked at, without a throw", () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    for (const value of [trap, proxy]) {
      expect(isPromiseLike(value)).toBe(false);
      expect(isError(value)).toBe(false);
      expect(isMap(value)).toBe(false);
      expect(isBytes(value)).toBe(false);
      expect(describeShape(value)).toBe("an object");
    }
    expect(messageOf(Object.create(null))).toBe("a value without a text");
  });

  it("is no plain object where JSON would lose what it holds", () => {
    for (const value of [null, [], new Map(), new Set(), new Date(0), new Error("no"), () => 1]) {
      expect(isPlainObject(value)).toBe(false);
    }
    expect(isPlainObject(Promise.resolve(1))).toBe(false);
    expect(isPlainObject(foreign("({ then: 1 })"))).toBe(true);
  });

  it("may be a thenable whose `then` throws: that is a rejection", async () => {
    const failures: unknown[] = [];
    const thenable = foreign("({ then: () => { throw new Error('not my day'); } })");
    onRejection(thenable, (error) => failures.push(error));
    onRejection("no promise", (error) => failures.push(error));
    await promisesSettle();
    expect(failures).toMatchObject([{ message: "not my day" }]);
  });
});

describe("a supervisor that is given values of another realm", () => {
  it("sends their bytes, and handles the rejections of their promises", async () => {
    const world = startSupervisor<Json>(numbered);
    world.feed.on("up", () => foreign("Promise.reject(new Error('not my day'))") as undefined);
    world.comesUp();
    const fate = world.feed.send(foreign("new Uint8Array([104, 105])") as Uint8Array);
    await promisesSettle();
    expect(await fate).toEqual({ fate: "written" });
    expect(world.sent()).toHaveLength(1);
    expect(world.heard("callback.failed")).toMatchObject([
      { callback: 'listener of "up"', error: { message: "not my day" } },
    ]);
  });

  it("says in the loss what their errors say, and what they mean", async () => {
    const code = "Object.assign(new Error('not now'), { retryAfterMs: 30000 })";
    const world = startSupervisor({ target: () => Promise.reject(foreign(code) as Error) });
    await promisesSettle();
    expect(world.heard("attempt.failed")).toMatchObject([
      { loss: { class: "resolver", detail: "not now", refusal: "later", retryAfterMs: 30_000 } },
    ]);
  });

  it("takes a signal by its shape", () => {
    const signal = { aborted: false, addEventListener: () => {}, removeEventListener: () => {} };
    expect(checkSignal(signal, "signal")).toBe(signal);
    expect(() => checkSignal({ aborted: false }, "signal")).toThrow(/^signal: expected an AbortS/);
  });
});
