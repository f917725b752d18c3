/**
 * The desk of the recoveries, with room for two, and two streams of one host: what its recoveries report is
 * played, and what they are told is recorded.
 */
import { createActor, fromCallback, type SnapshotFrom } from "xstate";
import { expect } from "vitest";
import { recoveriesMachine } from "../../../machines/index.ts";
import { defaultRecoveryPacing } from "../../../machines/recovery.door.ts";
import type { RecoveriesEvent } from "../../../machines/recoveries.machine.ts";
import type { RecoveryInput, RecoveryMachine } from "../../../machines/recovery.machine.ts";
import {
  exploreChart,
  type ChartStep,
  type ChartStimulus,
  type WalkOptions,
} from "../../../src/testing/index.ts";
import { FakeDoor } from "../start-connection.ts";

const streams = { "book a": "host", "book b": "host" } as const;
const policy = { ...defaultRecoveryPacing, concurrent: 2 };

type Stream = keyof typeof streams;
const names = Object.keys(streams) as Stream[];
const happenings = [
  "breaks",
  "wants a slot",
  "fails",
  "finds its host down",
  "finds its host down for longer",
  "has to prove itself",
  "is whole",
  "is started over",
  "is started over wrongly",
  "is unwanted",
] as const;
type Happening = (typeof happenings)[number];
type Stimulus = `${Stream} ${Happening}` | "the socket ends" | "an old recovery reports";
type Desk = SnapshotFrom<typeof recoveriesMachine>;
type Walk = Pick<WalkOptions<typeof recoveriesMachine, Stimulus>, "model" | "start">;
type Tools = Parameters<Walk["start"]>[0];

function placeOf({ context }: Desk, stream: Stream) {
  return context.places.find((place) => place?.stream === stream) ?? undefined;
}

function eventsOf(desk: Desk, stream: Stream, happening: Happening): readonly RecoveriesEvent[] {
  const run = placeOf(desk, stream)?.run ?? -1;
  const failure = { failures: 1, recurrences: 0, detail: "", isFailing: false, mustProve: false };
  const hostFailed = { type: "recovery.hostFailed", run, ...failure } as const;
  const due = { type: "recovery.due", run } as const;
  switch (happening) {
    case "breaks": {
      const past = { failures: 0, recurrences: 0, as: "broken", provedMs: 0 } as const;
      const request = { stream, strategy: "snapshot", host: streams[stream], ...past } as const;
      return [{ type: "stream.broken", ...request }];
    }
    case "wants a slot":
      return [due];
    case "fails":
      return [{ type: "recovery.missed", run, ...failure }];
    case "finds its host down":
      return [{ ...hostFailed, retryAfterMs: undefined }, due];
    case "finds its host down for longer":
      return [{ ...hostFailed, retryAfterMs: 300_000 }, due];
    case "has to prove itself":
      return [{ type: "recovery.proving", run }];
    case "is whole":
      return [{ type: "recovery.ended", run }];
    case "is started over":
      return [{ type: "stream.restarted", stream }];
    case "is started over wrongly":
      return [{ type: "stream.refuted", stream }];
    case "is unwanted":
      return [{ type: "stream.unwanted", stream }];
  }
}

/** What one of the two does is enough where it concerns that one alone. */
const alone: readonly Happening[] = [
  "fails",
  "finds its host down for longer",
  "has to prove itself",
  "is started over",
  "is started over wrongly",
];

function canHappen(desk: Desk, stream: Stream, happening: Happening): boolean {
  if (stream === "book b" && alone.includes(happening)) return false;
  const phase = placeOf(desk, stream)?.phase;
  switch (happening) {
    case "wants a slot":
      return phase === "waiting";
    case "fails":
    case "is whole":
    case "has to prove itself":
      return phase === "trying";
    case "finds its host down":
    case "finds its host down for longer":
      return phase === "trying";
    case "breaks":
    case "is started over":
    case "is started over wrongly":
    case "is unwanted":
      return true;
  }
}

const old: RecoveriesEvent = { type: "recovery.ended", run: -7 };

function stimuliOf(stream: Stream): [string, ChartStimulus<typeof recoveriesMachine>][] {
  return happenings.map((happening) => [
    `${stream} ${happening}`,
    {
      events: (desk) => eventsOf(desk, stream, happening),
      when: (desk) => canHappen(desk, stream, happening),
    },
  ]);
}

const model = exploreChart(recoveriesMachine, {
  input: { door: new FakeDoor(), policy },
  stimuli: {
    ...(Object.fromEntries(names.flatMap(stimuliOf)) as Record<
      Stimulus,
      ChartStimulus<typeof recoveriesMachine>
    >),
    "the socket ends": { events: [{ type: "socket.ended" }] },
    "an old recovery reports": { events: [old], when: () => true },
  },
  key: ({ value, context: { places, hosts } }) => {
    const queue = places.filter((place) => place?.phase === "queued");
    const inTurn = queue.toSorted((one, other) => (one?.turn ?? 0) - (other?.turn ?? 0));
    return JSON.stringify([
      value,
      places.map((place) => place && [place.stream, place.phase, place.hasTried]),
      inTurn.map((place) => place?.stream),
      hosts.map(({ state, run, waitMs }) => [
        state,
        places.findIndex((place) => place?.run === run),
        waitMs >= 300_000,
      ]),
    ]);
  },
});

export const recoveriesWalk: Walk = { model, start: (tools) => new ManyRecoveries(tools) };

class ManyRecoveries {
  readonly actor;
  readonly #clock: Tools["clock"];
  /** Runs that live, and those that were granted a slot and have not reported since. */
  readonly #living = new Map<number, string>();
  readonly #granted = new Set<number>();
  #grants = 0;
  #lastGrantMs = -Infinity;
  #succeeded = 0;
  #expected = 0;

  constructor({ clock, inspect }: Tools) {
    const recovery = fromCallback<{ type: string }, RecoveryInput>(({ input, receive }) => {
      const { run, request } = input;
      this.#living.set(run, request.stream);
      receive(({ type }) => {
        if (type !== "slot.granted") return;
        this.#granted.add(run);
        this.#grants += 1;
      });
      return () => {
        this.#living.delete(run);
        this.#granted.delete(run);
      };
    });
    const actors = { recovery: recovery as unknown as RecoveryMachine };
    const machine = recoveriesMachine.provide({ actors });
    this.actor = createActor(machine, { input: { door: new FakeDoor(), policy }, clock, inspect });
    this.actor.on("recovery.succeeded", () => (this.#succeeded += 1));
    this.#clock = clock;
    this.actor.start();
  }

  get stimuli(): Record<Stimulus, () => void> {
    const own = names.flatMap((stream) =>
      happenings.map((happening) => [
        `${stream} ${happening}`,
        () => this.#happen(stream, happening),
      ]),
    );
    const all = {
      ...Object.fromEntries(own),
      "the socket ends": () => this.actor.send({ type: "socket.ended" }),
      "an old recovery reports": () => this.actor.send(old),
    };
    return all as Record<Stimulus, () => void>;
  }

  #happen(stream: Stream, happening: Happening): void {
    for (const event of eventsOf(this.actor.getSnapshot(), stream, happening)) {
      if ("run" in event && event.type !== "recovery.due") this.#granted.delete(event.run);
      if (event.type === "recovery.ended") this.#expected += 1;
      this.actor.send(event);
    }
  }

  /** Said without the chart's help. */
  readonly check = ({ name }: ChartStep): void => {
    const { context, children } = this.actor.getSnapshot();
    const places = context.places.flatMap((one, place) =>
      one === null ? [] : `recovery.${place}`,
    );
    expect(Object.keys(children).toSorted(), "an actor at each place").toEqual(places);
    const living = [...this.#living.values()];
    expect(new Set(living).size, "nobody is here twice").toBe(living.length);
    expect(context.places.at(-1), "no free place at the end").not.toBeNull();

    expect(this.#granted.size, "no more than may").toBeLessThanOrEqual(policy.concurrent);
    const asking = [...this.#granted].filter((run) => this.#living.get(run)?.startsWith("book"));
    const [gate] = context.hosts;
    if (gate?.state === "probing") expect(asking.length, "one asks").toBeGreaterThanOrEqual(1);
    if (this.#grants > 0) {
      const sinceMs = this.#clock.nowMs() - this.#lastGrantMs;
      expect(this.#grants, "one at a time").toBe(1);
      expect(sinceMs, `not too soon, ${name}`).toBeGreaterThanOrEqual(policy.spacingMs);
      this.#lastGrantMs = this.#clock.nowMs();
    }
    this.#grants = 0;
    expect(this.#succeeded, "told of each that is whole").toBe(this.#expected);
  };

  readonly end = (): void => {
    this.actor.stop();
    expect(this.#clock.armed, "no timer is left").toBe(0);
    expect(this.#living.size, "no recovery is left").toBe(0);
  };
}
