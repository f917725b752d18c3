/**
 * Every numbered stream of every profile is numbered from the start without a word: one `reset`, then every
 * message of the new numbering from its first one. What is told again is delivered once.
 */
import { describe, expect, it } from "vitest";
import { promisesSettle, startSupervisor, type SupervisorWorld } from "../start-supervisor.ts";
import { answersAll, opensAnswered } from "./answered-socket.ts";
import { numberedStreams, type NumberedStream } from "./numbered-streams.ts";

const START = 50_000;
const LENGTH = 40;

class StreamWorld {
  readonly #numbered: NumberedStream;
  readonly #world: SupervisorWorld<unknown>;
  readonly marks: unknown[] = [];
  position = START;

  private constructor(numbered: NumberedStream) {
    this.#numbered = numbered;
    this.#world = startSupervisor<unknown>({
      target: numbered.profile(() => this.position),
      topics: [numbered.topic],
      mute: null,
      freshness: null,
    });
    this.#world.feed.on("message", ({ raw }) =>
      this.marks.push(/"mark-(\d+)"/.exec(raw.toString())?.[1]),
    );
  }

  static async at(numbered: NumberedStream): Promise<StreamWorld> {
    const world = new StreamWorld(numbered);
    await opensAnswered(world.#world, numbered);
    if (numbered.snapshot !== undefined) world.#world.socket.receives(numbered.snapshot(START));
    await world.told(START + 1, 3);
    await promisesSettle();
    return world;
  }

  /** Messages from `first` on, a tenth of a second apart. */
  async told(first: number, length = LENGTH): Promise<void> {
    for (let number = first; number < first + length; number += 1) {
      this.#world.socket.receives(this.#numbered.frame(number));
      this.#world.clock.advance(100);
      await promisesSettle();
    }
  }

  async reconnects(): Promise<void> {
    this.#world.socket.drops("ECONNRESET");
    this.#world.waitsItsTurn();
    await opensAnswered(this.#world, this.#numbered);
  }

  answers(): void {
    answersAll(this.#world, this.#numbered);
  }

  get delivered(): number {
    return this.marks.length;
  }

  get world(): SupervisorWorld<unknown> {
    return this.#world;
  }

  resets(): readonly unknown[] {
    return this.#world.heard("reset");
  }
}

/** Connection counters begin with every socket by their own rule. */
const ofStreams = numberedStreams.filter(({ scope }) => scope === "stream");
/** Streams that wait for a fetched snapshot deliver it as an item of its own. */
const isFetched = ({ way }: NumberedStream): boolean => way === "snapshot";

describe.each(numberedStreams)("$name", (numbered) => {
  it("is delivered whole when it is numbered from the start on its socket", async () => {
    const world = await StreamWorld.at(numbered);
    const before = world.delivered;
    world.position = 0;
    await world.told(1);
    const { inbound } = world.world.feed.status();
    expect(inbound).toMatchObject({ stale: 0, duplicates: 0, inDoubt: 0, gaps: 0 });
    expect(world.resets()).toHaveLength(1);
    // What a snapshot has is not delivered besides it.
    const { covered } = world.world.feed.status().recovery;
    expect(world.delivered - before + covered).toBe(LENGTH);
  });
});

describe.each(ofStreams)("$name", (numbered) => {
  it("is delivered whole when it is numbered from the start while it was away", async () => {
    const world = await StreamWorld.at(numbered);
    const before = world.delivered;
    world.position = 0;
    await world.reconnects();
    await world.told(1);
    expect(world.world.feed.status().inbound).toMatchObject({
      stale: 0,
      duplicates: 0,
      inDoubt: 0,
    });
    const { covered } = world.world.feed.status().recovery;
    expect(world.delivered - before + covered).toBe(LENGTH);
    expect(world.resets().length).toBe(1);
  });

  it("delivers nothing twice when the new socket tells it again", async () => {
    const world = await StreamWorld.at(numbered);
    const before = world.delivered;
    await world.reconnects();
    for (let number = START + 1; number <= START + 4; number += 1) {
      world.world.socket.receives(numbered.frame(number));
    }
    await promisesSettle();
    const isAlive = numbered.equal === "alive" || isFetched(numbered);
    // The same number again is a sign of life where the venue means it so.
    expect(world.delivered - before).toBeLessThanOrEqual(isAlive ? 2 : 1);
    expect(world.delivered - before).toBeGreaterThanOrEqual(1);
    expect(world.resets()).toEqual([]);
  });
});
