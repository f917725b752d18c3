import { describe, expect, it } from "vitest";
import { channelGrammar, splitTopic } from "../../../../src/venues/kit/topic-grammar.ts";

const parts = {
  channelOf: (channel: string) =>
    ({
      book: { service: "public" },
      candle: { service: "business" },
      status: { service: "public", isGlobal: true },
    })[channel],
  itemKey: "symbol",
  item: /^[A-Z]+(:[A-Z]+)?$/,
  expected: "book, candle or status",
  example: "book:BTC",
} as const;
const wrong = { expected: "book, candle or status, such as book:BTC" };

describe("topics of channel and instrument", () => {
  const { parse, example } = channelGrammar(parts);

  it.each([
    ["book:BTC", "book:BTC", "public"],
    ["candle:BTC", "candle:BTC", "business"],
    ["book:BTC:USD", "book:BTC:USD", "public"], // the first separator counts
    [{ channel: "book", symbol: "BTC" }, "book:BTC", "public"],
    ["status", "status", "public"],
    [{ channel: "status" }, "status", "public"],
  ])("%o are one text, and say whose they are", (given, topic, service) => {
    expect(parse(given)).toEqual({ topic, service });
  });

  it.each([
    "trade:BTC",
    "book",
    "book:",
    "book:btc",
    "status:BTC",
    "",
    { channel: "book" },
    { channel: "status", symbol: "BTC" },
    { channel: "book", symbol: ["BTC"] },
    { channel: "book", symbol: "BTC", depth: 5 },
    { symbol: "BTC" },
    ["book", "BTC"],
  ])("%o are none, and what was expected is said with an example", (given) => {
    expect(parse(given as string)).toEqual(wrong);
    expect(example).toBe("book:BTC");
  });

  it("may have other keys and another separator", () => {
    const dotted = channelGrammar({ ...parts, channelKey: "topic", separator: "--" });
    expect(dotted.parse("book--BTC")).toEqual({ topic: "book--BTC", service: "public" });
    expect(dotted.parse({ topic: "book", symbol: "BTC" })).toMatchObject({ topic: "book--BTC" });
    expect(dotted.parse({ channel: "book", symbol: "BTC" })).toEqual(wrong);
  });

  it("come apart again", () => {
    expect(splitTopic("book:BTC:USD")).toEqual(["book", "BTC:USD"]);
    expect(splitTopic("status")).toEqual(["status", ""]);
    expect(splitTopic("book--BTC", "--")).toEqual(["book", "BTC"]);
  });
});
