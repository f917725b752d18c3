import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { exactInteger, exactPosition, type JsonPath } from "../../../src/sequence/exact.ts";

const read = (text: string, ...path: JsonPath) => exactInteger(Buffer.from(text), ...path);

describe("an integer read from the text", () => {
  it("is a number where a double holds it, else a bigint with every digit", () => {
    expect(read('{"u":42}', "u")).toBe(42);
    expect(read('{"u":-1,"v":2}', "u")).toBe(-1);
    expect(read('{"u":9007199254740991}', "u")).toBe(Number.MAX_SAFE_INTEGER);
    expect(read('{"u":9007199254740993}', "u")).toBe(2n ** 53n + 1n);
    expect(read('{"u":-18446744073709551617}', "u")).toBe(-(2n ** 64n) - 1n);
  });

  it("is found through objects and arrays", () => {
    const text =
      '{"arg":{"seq":1},"data":[{"seq":2},{"asks":[["1","2"]],"seq":13835058055282163713}]}';
    expect(read(text, "data", 1, "seq")).toBe(13835058055282163713n);
    expect(read(text, "arg", "seq")).toBe(1);
    expect(read("[1,[2,[3]],18014398509481985]", 2)).toBe(18014398509481985n);
    expect(read("7")).toBe(7);
  });

  it("is not the one with the same key somewhere else", () => {
    expect(read('{"data":{"u":1},"u":2}', "u")).toBe(2);
    expect(read('{"data":[{"u":1}],"u":2}', "u")).toBe(2);
    expect(read('{"data":{"u":1}}', "u")).toBe(undefined);
  });

  it("is not inside a string, whatever the string holds", () => {
    expect(read(String.raw`{"note":"\"u\":1,","u":2}`, "u")).toBe(2);
    expect(read(String.raw`{"note":"{\\","u":2}`, "u")).toBe(2);
    expect(read(String.raw`{"x\"u":1,"u":2}`, "u")).toBe(2);
    expect(read('{"note":"u","u":2}', "u")).toBe(2);
    expect(read('{"note":"]}é\u2028","u":2}', "u")).toBe(2);
  });

  it("is found under a key that is written with escapes", () => {
    expect(read(String.raw`{"\u0075":5}`, "u")).toBe(5);
    expect(read(String.raw`{"a\"b":5}`, 'a"b')).toBe(5);
  });

  it("may have space around it", () => {
    expect(read(' {\n "a" : [ 1 , 2 ] ,\t"u" :\r 3 } ', "u")).toBe(3);
    expect(read(" [ 1 , 2 ] ", 1)).toBe(2);
  });

  it.each([
    ["nothing", '{"a":1}', ["u"]],
    ["text", '{"u":"1"}', ["u"]],
    ["a fraction", '{"u":1.5}', ["u"]],
    ["an exponent", '{"u":1e3}', ["u"]],
    ["a word", '{"u":null}', ["u"]],
    ["a container", '{"u":[1]}', ["u"]],
    ["an element behind the last", "[1,2]", [2]],
    ["an element of nothing", "[]", [0]],
    ["an element of an object", '{"0":1}', [0]],
    ["a key of an array", "[1]", ["0"]],
    ["an empty frame", "", ["u"]],
    ["text that breaks off", '{"a":"x', ["u"]],
    ["text that breaks off in a container", '{"a":[1,{', ["u"]],
    ["what is no JSON", "pong", ["u"]],
  ] as const)("is undefined for %s", (_, text, path) => {
    expect(read(text, ...path)).toBe(undefined);
  });

  it("is not read at all while JSON.parse was exact", () => {
    expect(exactPosition(7, Buffer.from("no text"), "u")).toBe(7);
    expect(exactPosition(2 ** 53, Buffer.from('{"u":9007199254740993}'), "u")).toBe(2n ** 53n + 1n);
    expect(exactPosition("7", Buffer.from('{"u":"7"}'), "u")).toBe(undefined);
    expect(exactPosition(1.5, Buffer.from('{"u":1.5}'), "u")).toBe(undefined);
  });
});

describe("any JSON", () => {
  /** A tree whose integers may be bigints, as nothing else can write them. */
  type Tree = bigint | string | boolean | null | number | Tree[] | { [key: string]: Tree };

  const key = fc.oneof(fc.constantFrom("u", "U", "pu", "seq", 'u"', "\\", "", "é"), fc.string());
  const { tree } = fc.letrec<{ tree: Tree }>((tie) => ({
    tree: fc.oneof(
      { maxDepth: 4, withCrossShrink: true },
      fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }),
      fc.oneof(fc.string(), key, fc.constant('"u":1')),
      fc.oneof(fc.boolean(), fc.constant(null), fc.constantFrom(0.5, -1e300, 1e-7)),
      fc.array(tie("tree"), { maxLength: 4 }),
      fc.dictionary(key, tie("tree"), { maxKeys: 5, noNullPrototype: true }),
    ),
  }));

  function write(tree: Tree, space: string): string {
    if (typeof tree === "bigint") return tree.toString();
    if (Array.isArray(tree)) {
      return `[${space}${tree.map((each) => write(each, space)).join(`${space},${space}`)}${space}]`;
    }
    if (typeof tree === "object" && tree !== null) {
      const members = Object.entries(tree).map(
        ([name, value]) => `${JSON.stringify(name)}${space}:${space}${write(value, space)}`,
      );
      return `{${space}${members.join(`${space},${space}`)}${space}}`;
    }
    return JSON.stringify(tree);
  }

  /** Every path of the tree, with what is there. */
  function* pathsOf(tree: Tree, path: JsonPath = []): Generator<readonly [JsonPath, Tree]> {
    yield [path, tree];
    if (typeof tree !== "object" || tree === null) return;
    for (const [name, value] of Object.entries(tree)) {
      yield* pathsOf(value, [...path, Array.isArray(tree) ? Number(name) : name]);
    }
  }

  it("gives every one of its integers by its path, and nothing for all else", () => {
    let integers = 0;
    fc.assert(
      fc.property(tree, fc.constantFrom("", " ", "\n\t "), (root, space) => {
        const raw = Buffer.from(`${space}${write(root, space)}${space}`);
        for (const [path, value] of pathsOf(root)) {
          const isInteger = typeof value === "bigint" || value === 0;
          const exact = isInteger ? BigInt(value) : undefined;
          const found = exactInteger(raw, ...path);
          expect(found === undefined ? undefined : BigInt(found)).toBe(exact);
          expect(typeof found === "number").toBe(isInteger && Number.isSafeInteger(Number(value)));
          if (isInteger) integers += 1;
        }
        expect(exactInteger(raw, "no such key", 0)).toBe(undefined);
      }),
      { seed: 20261122, numRuns: 2_000 },
    );
    expect(integers).toBeGreaterThan(1_000);
  });

  it("is read without a throw, cut off anywhere", () => {
    fc.assert(
      fc.property(tree, fc.nat(), (root, at) => {
        const raw = Buffer.from(write(root, ""));
        const cut = raw.subarray(0, at % (raw.length + 1));
        for (const [path] of pathsOf(root)) exactInteger(cut, ...path);
      }),
      { seed: 20261122, numRuns: 500 },
    );
  });
});
