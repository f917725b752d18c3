/** The table itself: each frame is what it says, and the real supervisor takes a run of them whole. */
import { describe, expect, it } from "vitest";
import { promisesSettle, startSupervisor } from "../start-supervisor.ts";
import { numberedStreams } from "./numbered-streams.ts";
import { opensAnswered } from "./answered-socket.ts";

const START = 50_000;

describe.each(numberedStreams)("$name", (numbered) => {
  const { topic, stream, scope, kind, way, equal, frame, snapshot, retold } = numbered;

  function talk() {
    const talk = numbered.profile().open();
    const hear = (text: string) => {
      const raw = Buffer.from(text);
      const message = talk.decode(raw, false);
      const word = talk.control?.(message);
      return {
        word,
        topic: word === undefined ? talk.topicOf?.(message) : undefined,
        message,
        raw,
      };
    };
    const sent = [...(numbered.profile().opening?.() ?? []), talk.subscribe([topic], 1)];
    for (const text of numbered.greeting) hear(text);
    for (const each of sent) numbered.answer(JSON.stringify(each)).forEach(hear);
    const read = (text: string) => {
      const { message, raw, topic: of } = hear(text);
      return { topic: of, point: talk.sequence?.(message, raw) };
    };
    return read;
  }

  it("is of its topic, with its number, by its rule", () => {
    const read = talk()(frame(START));
    expect(read.topic).toBe(topic);
    expect(read.point).toMatchObject({ stream, scope, first: START, last: START });
    const rule = read.point?.rule;
    expect(rule?.kind ?? "range").toBe(kind);
    expect(rule?.equal ?? "duplicate").toBe(equal);
    expect(read.point?.previous).toBe(kind === "linked" ? START - 1 : undefined);
    expect(frame(START, { mark: 1 })).not.toBe(frame(START));
  });

  it("says so where its snapshot begins anew", () => {
    const point = snapshot && talk()(snapshot(START)).point;
    if (point !== undefined) expect(point).toMatchObject({ stream, last: START, restarts: true });
    const told = retold && talk()(retold(START)).point;
    if (told !== undefined) expect(told).toMatchObject({ stream, last: START });
  });

  it("recovers in its way", () => {
    const recovery = numbered.profile().recovery?.(stream) ?? "none";
    expect(typeof recovery === "string" ? recovery : "snapshot").toBe(way);
  });

  it("is taken whole by the supervisor, and nothing is said of it", async () => {
    const position = () => START;
    const world = startSupervisor({ target: numbered.profile(position), topics: [topic] });
    const delivered: unknown[] = [];
    world.feed.on("message", ({ data }) => delivered.push(data));
    await opensAnswered(world, numbered);
    if (snapshot !== undefined) world.socket.receives(snapshot(START));
    for (let number = START + 1; number <= START + 10; number += 1) {
      world.socket.receives(frame(number));
    }
    await promisesSettle();
    expect(world.feed.topics().map(({ state }) => state)).toEqual(["confirmed"]);
    // A snapshot is a message on the socket, and an item of its own when it was fetched.
    expect(delivered).toHaveLength(snapshot === undefined ? 10 : 11);
    const { gaps, resets, duplicates, invalid } = world.feed.status().inbound;
    expect({ gaps, resets, duplicates, invalid }).toEqual({
      gaps: 0,
      resets: 0,
      duplicates: 0,
      invalid: 0,
    });
  });
});
