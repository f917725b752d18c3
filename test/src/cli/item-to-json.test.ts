import { describe, expect, it } from "vitest";
import { itemToJson } from "../../../src/cli/item-to-json.ts";
import { parseItem } from "../../../src/testing/exchange/recording-items.ts";

const message = (raw: Buffer, fields: object = {}) => ({
  kind: "message",
  data: { decoded: "is not written" },
  raw,
  topic: "t",
  stream: "s",
  isSnapshot: false,
  first: 1,
  position: 2,
  receivedAtMs: 3.5,
  ...fields,
});

const written = (item: { kind: string }) => JSON.parse(itemToJson(item)) as unknown;

describe("an item as a line of JSON", () => {
  it("is a message with its bytes as text, and when they came", () => {
    expect(written(message(Buffer.from('{"p":1.10}\u2028')))).toEqual({
      kind: "message",
      topic: "t",
      stream: "s",
      isSnapshot: false,
      first: 1,
      position: 2,
      receivedAtMs: 3.5,
      raw: '{"p":1.10}\u2028',
    });
  });

  it("is a message that is no UTF-8 in base64", () => {
    const item = written(message(Buffer.from([0xff, 0x00])));
    expect(item).toMatchObject({ rawBase64: "/wA=" });
    expect(item).not.toHaveProperty("raw");
  });

  it("keeps numbers beyond 2^53, digit by digit", () => {
    const item = { kind: "gap", stream: "s", from: 9007199254740993n, to: 9007199254740995n };
    expect(itemToJson(item)).toBe(
      '{"kind":"gap","stream":"s","from":"9007199254740993","to":"9007199254740995"}',
    );
  });

  it.each([
    { kind: "reset", stream: "s" },
    { kind: "invalid", stream: "s", cause: "gap" },
    { kind: "snapshot", stream: "s", data: { bids: [] }, position: 1, receivedAtMs: 1 },
    { kind: "overflow", dropped: 1, streams: [], resets: [] },
    { kind: "of a later version", at: [1, { deep: true }] },
  ])("is any other item as it is: $kind", (item) => {
    expect(written(item)).toEqual(item);
  });

  it("writes maps, sets and errors as what they hold", () => {
    const item = {
      kind: "down",
      map: new Map([["a", 1]]),
      set: new Set([2]),
      error: new Error("x"),
    };
    expect(written(item)).toEqual({ kind: "down", map: { a: 1 }, set: [2], error: "x" });
  });

  it("is read again byte for byte", () => {
    for (const raw of [Buffer.from("\u0000\n\r\u{1f600}\u2029"), Buffer.from([0xc3, 0x28])]) {
      const line = Buffer.from(itemToJson(message(raw, { position: 9007199254740993n })));
      expect(line.includes(10)).toBe(false);
      expect(parseItem(line)).toEqual({
        kind: "message",
        raw,
        receivedAtMs: 3.5,
        known: { topic: "t", stream: "s", first: 1, position: 9007199254740993n },
      });
    }
  });
});
