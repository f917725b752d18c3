/** The recovery of one stream, walked for each strategy and each kind of past, under a desk that grants slots. */
import { createActor, type ActorRef } from "xstate";
import { expect } from "vitest";
import { recoveryMachine } from "../../../machines/index.ts";
import type { RecoveryReport } from "../../../machines/recovery.machine.ts";
import {
  defaultRecoveryPacing,
  type RecoveryDoor,
  type RecoveryRequest,
  type SnapshotFact,
} from "../../../machines/recovery.door.ts";
import { exploreChart, type ChartStep, type WalkOptions } from "../../../src/testing/index.ts";

const policy = { ...defaultRecoveryPacing, retries: 1 };
const strategies = ["snapshot", "resubscribe", "reconnect"] as const;
/** It broke for the first time, again, once too often; or it has to prove that it is whole. */
const pasts = [
  { recurrences: 0, as: "broken" },
  { recurrences: 1, as: "relapsed" },
  { recurrences: 6, as: "relapsed" },
  { recurrences: 6, as: "proving" },
] as const;

const answers = {
  "the snapshot joins": { type: "snapshot.joined" },
  "the snapshot is too old": { type: "snapshot.outdated" },
  "the snapshot is refused for good": { type: "snapshot.refused", detail: "never" },
  "the fetch fails": { type: "snapshot.failed", detail: "HTTP 404", isHosts: false },
  "the host fails": { type: "snapshot.failed", detail: "HTTP 503", isHosts: true },
} as const satisfies Record<string, SnapshotFact>;
const words = {
  "a slot is granted": { type: "slot.granted" },
  "its host fails elsewhere": { type: "host.failed", detail: "HTTP 503" },
  "the venue starts it over": { type: "stream.restarted" },
  "the venue starts it over, and is wrong": { type: "stream.refuted" },
  "it breaks again": { type: "stream.broken" },
} as const;

type Stimulus = keyof typeof answers | keyof typeof words;
type Walk = Pick<WalkOptions<typeof recoveryMachine, Stimulus>, "model" | "start">;
type Tools = Parameters<Walk["start"]>[0];

/** Where each can happen; in every state where none is said. */
const where: Partial<Record<Stimulus, readonly string[]>> = {
  "a slot is granted": ["queued"],
  "its host fails elsewhere": ["queued"],
  "the venue starts it over, and is wrong": ["resubscribing", "reconnecting"],
  "it breaks again": ["proving", "refused"],
};

class FakeDoor implements RecoveryDoor {
  readonly calls: string[] = [];
  answer: ((fact: SnapshotFact) => void) | undefined;

  attach(): void {}

  resubscribe(stream: string): void {
    this.calls.push(`resubscribe ${stream}`);
  }

  requestReconnect(stream: string): void {
    this.calls.push(`reconnect ${stream}`);
  }

  holdDeltas(stream: string): void {
    this.calls.push(`hold ${stream}`);
  }

  fetchSnapshot(stream: string, answer: (fact: SnapshotFact) => void): () => void {
    this.calls.push(`fetch ${stream}`);
    this.answer = answer;
    return () => {
      this.answer = undefined;
    };
  }

  toJSON(): undefined {
    return undefined;
  }
}

class FakeDesk {
  readonly reports: RecoveryReport[] = [];

  /** As XState sends to an actor. */
  get ref(): ActorRef<never, RecoveryReport> {
    const take = (report: RecoveryReport): number => this.reports.push(report);
    return { send: take, _send: take, sessionId: "desk" } as unknown as ActorRef<
      never,
      RecoveryReport
    >;
  }
}

function inputOf(request: RecoveryRequest, door: RecoveryDoor, desk: FakeDesk) {
  return { door, desk: desk.ref, policy, request, run: 0 };
}

function modelOf(request: RecoveryRequest): Walk["model"] {
  const stimuli = { ...answers, ...words };
  return exploreChart(recoveryMachine, {
    input: inputOf(request, new FakeDoor(), new FakeDesk()),
    stimuli: Object.fromEntries(
      Object.entries(stimuli).map(([name, event]) => {
        const states = name in answers ? ["fetching"] : where[name as Stimulus];
        const when = ({ value }: { readonly value: unknown }): boolean =>
          states === undefined ? value !== "proving" : states.includes(String(value));
        return [name, { events: [event], when }];
      }),
    ) as never,
    // Far enough to tell the fast tries from the slow ones.
    key: ({ value, context: { failures, recurrences, isOutdated } }) =>
      JSON.stringify([value, Math.min(failures, 3), Math.min(recurrences, 7), isOutdated]),
  });
}

export const recoveryWalks: readonly Walk[] = strategies.flatMap((strategy) =>
  pasts.map((past) => {
    const host = strategy === "snapshot" ? "host" : undefined;
    const request: RecoveryRequest = {
      stream: "s",
      strategy,
      host,
      failures: 0,
      provedMs: 0,
      ...past,
    };
    return { model: modelOf(request), start: (tools: Tools) => new OneRecovery(request, tools) };
  }),
);

class OneRecovery {
  readonly actor;
  readonly #door = new FakeDoor();
  readonly #desk = new FakeDesk();
  readonly #clock: Tools["clock"];
  #tries = 0;

  constructor(request: RecoveryRequest, { clock, inspect }: Tools) {
    const input = inputOf(request, this.#door, this.#desk);
    this.actor = createActor(recoveryMachine, { input, clock, inspect });
    this.#clock = clock;
    this.actor.start();
  }

  readonly stimuli = Object.fromEntries([
    ...Object.entries(answers).map(([name, fact]) => [name, () => this.#door.answer?.(fact)]),
    ...Object.entries(words).map(([name, event]) => [name, () => this.actor.send(event)]),
  ]) as Record<Stimulus, () => void>;

  /** Said without the chart's help. */
  readonly check = ({ name }: ChartStep): void => {
    const { value, status, context } = this.actor.getSnapshot();
    const { calls, answer } = this.#door;
    const { reports } = this.#desk;
    const tries = calls.filter((call) => !call.startsWith("hold")).length;
    expect(tries - this.#tries, "one try for each slot").toBe(Number(name === "a slot is granted"));
    this.#tries = tries;
    expect(answer !== undefined, "a fetch is under way").toBe(value === "fetching");
    expect(status === "done", "over when it is whole, and not before").toBe(value === "recovered");
    const last = reports.at(-1)?.type;
    if (value === "queued" && name !== "its host fails elsewhere") {
      expect(last, "it wants a slot").toBe("recovery.due");
    }
    if (value === "recovered") expect(last, "the end is told").toBe("recovery.ended");
    if (value === "proving") expect(last, "the slot is given back").toBe("recovery.proving");
    if (value === "retrying") expect(last, "the slot is given back").toBe("recovery.missed");

    const wait = this.#clock.timers.find(({ actor }) => actor === this.actor);
    if (value === "retrying") {
      const isReconnect = context.request.strategy === "reconnect";
      const mostMs = context.recurrences <= 5 ? 60_000 : isReconnect ? 6 * 3_600_000 : 180_000;
      expect(wait?.delayMs, "it always waits for its next try").toBeLessThanOrEqual(mostMs);
    } else if (value === "proving") expect(wait?.delayMs, "a while").toBe(180_000);
    else if (status === "done" || value === "queued" || value === "refused") {
      expect(wait, "no timer").toBeUndefined();
    } else expect(wait?.delayMs).toBe(10_000);
  };

  readonly end = (): void => {
    this.actor.stop();
    expect(this.#clock.armed, "no timer is left").toBe(0);
    expect(this.#door.answer, "no fetch is left").toBeUndefined();
  };
}
