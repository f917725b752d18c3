/** The worked example of docs/venues.md is the file itself: `npx vitest run … --update` copies it anew. */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { createSupervisor, OptionError, type FeedItem } from "ws-supervisor";
import { createMemoryTransport, VirtualClock } from "ws-supervisor/testing";
import { describe, expect, it } from "vitest";
import { exampleVenue, type ExampleMessage } from "../../examples/own-venue.ts";

const root = resolve(import.meta.dirname, "../..");
const page = resolve(root, "docs/venues.md");

describe("docs/venues.md", () => {
  it("shows the worked example as it is", async () => {
    const example = readFileSync(resolve(root, "examples/own-venue.ts"), "utf8").trimEnd();
    const [begin, end] = ["<!-- example -->", "<!-- /example -->"];
    const text = readFileSync(page, "utf8");
    const before = text.slice(0, text.indexOf(begin) + begin.length);
    const after = text.slice(text.indexOf(end));
    const expected = `${before}\n\n\`\`\`ts\n${example}\n\`\`\`\n\n${after}`;
    await expect(expected).toMatchFileSnapshot(page);
  });
});

describe("examples/own-venue.ts", () => {
  function startVenue() {
    const clock = new VirtualClock();
    const { transport, sockets } = createMemoryTransport({ clock });
    const feed = createSupervisor(exampleVenue(), {
      transport,
      clock,
      seed: 1,
      topics: ["book.BTC-USD", "book.ETH-USD"],
    });
    const items: FeedItem<ExampleMessage>["kind"][] = [];
    const facts: string[] = [];
    feed.on("*", ({ type }) => facts.push(type));
    feed.on("message", () => items.push("message"));
    feed.start();
    sockets[0]?.opens();
    const says = (...messages: readonly ExampleMessage[]) =>
      sockets.at(-1)?.receives(...messages.map((message) => JSON.stringify(message)));
    const sent = () => sockets.at(-1)?.sent.map(({ data }) => JSON.parse(String(data)) as object);
    return { clock, sockets, feed, facts, items, says, sent };
  }

  it("subscribes in one frame, and is ready when it is answered", () => {
    const { feed, says, sent } = startVenue();
    expect(sent()).toEqual([{ op: "subscribe", topics: ["book.BTC-USD", "book.ETH-USD"], id: 1 }]);
    says({ type: "ack", id: 1 });
    expect(feed.status().isReady).toBe(true);
  });

  it("answers when it is asked whether it is there", () => {
    const { says, sent } = startVenue();
    says({ type: "are-you-there" });
    expect(sent()?.at(-1)).toEqual({ op: "here" });
  });

  it("reports a broken link as a gap, and has the book sent anew", () => {
    const { feed, facts, says, sent } = startVenue();
    says(
      { type: "ack", id: 1 },
      { type: "snapshot", book: "BTC-USD", seq: 10 },
      { type: "update", book: "BTC-USD", seq: 15, prev: 10 },
      { type: "update", book: "BTC-USD", seq: 31, prev: 22 },
    );
    expect(feed.status().recovery.streams).toMatchObject([{ stream: "book.BTC-USD" }]);
    expect(sent()?.at(-1)).toMatchObject({ op: "unsubscribe", topics: ["book.BTC-USD"] });
    says({ type: "ack", id: 2 });
    expect(sent()?.at(-1)).toMatchObject({ op: "subscribe", topics: ["book.BTC-USD"] });
    says({ type: "ack", id: 3 }, { type: "snapshot", book: "BTC-USD", seq: 40 });
    expect(facts.filter((type) => ["gap", "invalid", "valid"].includes(type))).toEqual([
      "gap",
      "invalid",
      "valid",
    ]);
  });

  it("is replaced before it restarts, and refuses topics that are none", () => {
    const { clock, feed, says } = startVenue();
    const losses: string[] = [];
    feed.on("down", ({ loss }) => losses.push(loss.class));
    says({ type: "ack", id: 1 }, { type: "restart", inSeconds: 30 });
    clock.advance(30_000);
    expect(losses).toEqual(["planned"]);
    expect(() => feed.subscribe("trades.BTC-USD")).toThrow(OptionError);
  });
});
