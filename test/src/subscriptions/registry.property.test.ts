/**
 * The registry against a venue that answers as it likes: whatever happens in whatever order, no wanted
 * topic is lost, no unwanted one is asked for, and no frame holds more than it may.
 */
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { later, never, type Refusal } from "../../../machines/refusal.ts";
import {
  SubscriptionRegistry,
  type Hold,
  type SubscriptionRequest,
} from "../../../src/subscriptions/registry.ts";

const TOPICS = Array.from({ length: 6 }, (_, index) => `t${index}`);
const groupOf = (topic: string) => String(Number(topic.slice(1)) % 2);

const topics = fc.array(fc.constantFrom(...TOPICS), { minLength: 1, maxLength: 4 });
/** Which of the requests that are open, or have expired. */
const pick = fc.nat({ max: 20 });
/** What an answer says: yes, no, not now, or no for a reason that is not known. */
const said = fc.constantFrom(
  "yes" as const,
  "never" as const,
  "later" as const,
  "unknown" as const,
);
type Said = "yes" | "never" | "later" | "unknown";

const refusalOf: Readonly<Record<Said, Refusal | undefined>> = {
  yes: undefined,
  never,
  later: later(),
  unknown: undefined,
};

type Step =
  | { readonly do: "want" | "unwant" | "renew" | "askAgain"; readonly topics: string[] }
  | { readonly do: "send" }
  | { readonly do: "answer" | "answerTopics"; readonly pick: number; readonly said: Said }
  | { readonly do: "answerState" }
  | { readonly do: "expire"; readonly pick: number }
  | { readonly do: "newSocket"; readonly held: string[] };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant("want" as const), topics }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("unwant" as const), topics }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("renew" as const), topics }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("askAgain" as const), topics }) },
  { weight: 8, arbitrary: fc.constant({ do: "send" as const }) },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant("answer" as const), pick, said }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant("answerTopics" as const), pick, said }),
  },
  { weight: 2, arbitrary: fc.constant({ do: "answerState" as const }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("expire" as const), pick }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("newSocket" as const), held: topics }) },
);

/** The registry, what the user wants by our own count, and a venue that does what it is told, in order. */
class World {
  readonly registry = new SubscriptionRegistry({ groupOf });
  readonly references = new Map<string, number>();
  readonly #maxTopics: number;
  readonly #canUnsubscribe: boolean;
  /** What the venue serves, if it takes every frame. */
  served = new Set<string>();
  /** Every request of this socket. */
  requests: SubscriptionRequest[] = [];
  #renewed = new Set<string>();
  /** Refused for now at their last answer: asked for alone, and not before they are to be. */
  readonly #refused = new Set<string>();
  readonly #asksAlone = new Set<string>();
  #held = new Set<string>();
  #lastId = 0;

  constructor(maxTopics: number, canUnsubscribe: boolean) {
    this.#maxTopics = maxTopics;
    this.#canUnsubscribe = canUnsubscribe;
  }

  get wanted(): string[] {
    return TOPICS.filter((topic) => this.isWanted(topic));
  }

  isWanted(topic: string): boolean {
    return (this.references.get(topic) ?? 0) > 0;
  }

  run(step: Step): void {
    const { registry } = this;
    switch (step.do) {
      case "want":
        for (const topic of step.topics) this.#count(topic, 1);
        registry.want(step.topics);
        break;
      case "unwant":
        for (const topic of step.topics) if (this.isWanted(topic)) this.#count(topic, -1);
        registry.unwant(step.topics);
        break;
      case "renew":
        for (const topic of step.topics) this.#renewed.add(topic);
        registry.renew(step.topics);
        break;
      case "askAgain":
        this.askAgain(step.topics);
        break;
      case "send":
        this.send();
        break;
      case "answer":
      case "answerTopics": {
        const request = this.requests[step.pick % Math.max(this.requests.length, 1)];
        if (request === undefined) break;
        const error = step.said === "yes" ? undefined : "no";
        const refusal = refusalOf[step.said];
        if (step.do === "answer") registry.acknowledge({ id: request.id, error, refusal });
        else registry.acknowledge({ topics: request.topics.slice(0, 1), error, refusal });
        break;
      }
      case "answerState":
        registry.acknowledge({ state: [...this.served] });
        break;
      case "expire": {
        const request = this.requests[step.pick % Math.max(this.requests.length, 1)];
        if (request !== undefined) registry.expire(request.id);
        break;
      }
      case "newSocket":
        this.newSocket(step.held);
        break;
    }
    this.check();
  }

  newSocket(held: readonly string[] = []): void {
    this.served.clear();
    this.requests = [];
    this.#renewed.clear();
    this.#refused.clear();
    this.#asksAlone.clear();
    this.#held = new Set(held.filter((topic) => this.isWanted(topic)));
    const holdOf = (topic: string): Hold | undefined =>
      this.#held.has(topic) ? "suspect" : undefined;
    this.registry.newSocket(holdOf);
  }

  /** One frame, and what must be true of each. False when there was none. */
  send(): boolean {
    const request = this.registry.nextRequest(this.#maxTopics, this.#canUnsubscribe);
    if (request === undefined) return false;
    const { id, kind, topics } = request;
    expect(id).toBeGreaterThan(this.#lastId);
    this.#lastId = id;
    expect(topics.length).toBeGreaterThan(0);
    expect(topics.length).toBeLessThanOrEqual(this.#maxTopics);
    expect(new Set(topics).size).toBe(topics.length);
    expect(new Set(topics.map(groupOf)).size).toBe(1);
    for (const topic of topics) {
      if (kind === "subscribe") {
        expect(this.isWanted(topic)).toBe(true);
        expect(this.#held.has(topic)).toBe(false);
        expect(this.#refused.has(topic)).toBe(false);
        if (this.#asksAlone.delete(topic)) expect(topics).toHaveLength(1);
        this.served.add(topic);
      } else {
        expect(this.#canUnsubscribe).toBe(true);
        if (this.isWanted(topic)) expect(this.#renewed.has(topic)).toBe(true);
        this.served.delete(topic);
      }
    }
    this.requests.push(request);
    return true;
  }

  askAgain(topics: readonly string[]): void {
    for (const topic of topics) {
      this.#held.delete(topic);
      if (this.#refused.delete(topic)) this.#asksAlone.add(topic);
    }
    this.registry.askAgain(topics);
  }

  /** Everything is sent and answered, and what timed out or was held is asked for, until all rests. */
  settles(): void {
    for (let round = 0; round < 100; round += 1) {
      while (this.send());
      for (const { id } of this.requests) this.registry.acknowledge({ id });
      this.requests = [];
      this.askAgain(TOPICS);
      this.check();
      if (this.registry.isSettled) return;
    }
    throw new Error("it never settles");
  }

  check(): void {
    const { registry } = this;
    const told = registry.topics();
    expect(told.map(({ topic }) => topic).toSorted()).toEqual(this.wanted.toSorted());
    for (const { topic, references } of told) expect(references).toBe(this.references.get(topic));
    expect(registry.wanted).toBe(told.length);
    expect(registry.wantedChars).toBe(told.reduce((sum, { topic }) => sum + topic.length, 0));
    for (const topic of TOPICS) {
      const state = told.find((one) => one.topic === topic)?.state;
      if (state === "refused") this.#refused.add(topic);
      else this.#refused.delete(topic);
      if (state !== "unsent") this.#asksAlone.delete(topic);
    }
    const { confirmed, rejected, refused, timedOut, quarantined } = registry.settlement();
    const no = [...rejected, ...refused].map(({ topic }) => topic);
    const placed = [...confirmed, ...no, ...timedOut];
    expect([...placed, ...quarantined].toSorted()).toEqual(this.wanted.toSorted());
  }

  #count(topic: string, by: number): void {
    const references = (this.references.get(topic) ?? 0) + by;
    this.references.set(topic, references);
    if (references === 0) this.#held.delete(topic); // wanted again it is free
  }
}

const world = fc.tuple(fc.integer({ min: 1, max: 5 }), fc.boolean());
const steps = fc.array(step, { maxLength: 120 });

describe("whatever happens in whatever order", () => {
  it("frames hold one kind, one group, no topic too many and none that should not be in them", () => {
    fc.assert(
      fc.property(world, steps, ([maxTopics, canUnsubscribe], steps) => {
        const world = new World(maxTopics, canUnsubscribe);
        for (const step of steps) world.run(step);
      }),
      { numRuns: 500 },
    );
  });

  it("in the end every wanted topic is confirmed, or was refused", () => {
    fc.assert(
      fc.property(world, steps, ([maxTopics, canUnsubscribe], steps) => {
        const world = new World(maxTopics, canUnsubscribe);
        for (const step of steps) world.run(step);
        world.settles();
        for (const { state } of world.registry.topics()) {
          expect(["confirmed", "rejected"]).toContain(state);
        }
      }),
      { numRuns: 500 },
    );
  });

  it("a refusal for now is never the last word: in the end all but what is refused for good is confirmed", () => {
    fc.assert(
      fc.property(world, steps, ([maxTopics, canUnsubscribe], steps) => {
        const world = new World(maxTopics, canUnsubscribe);
        for (const step of steps) {
          world.run("said" in step && step.said === "never" ? { ...step, said: "later" } : step);
        }
        world.settles();
        expect(world.registry.settlement().confirmed.toSorted()).toEqual(world.wanted.toSorted());
      }),
      { numRuns: 500 },
    );
  });

  it("a venue that refuses nothing serves in the end what is wanted, and nothing else", () => {
    fc.assert(
      fc.property(world, steps, ([maxTopics, canUnsubscribe], steps) => {
        const world = new World(maxTopics, canUnsubscribe);
        for (const step of steps) {
          world.run("said" in step ? { ...step, said: "yes" } : step);
        }
        world.settles();
        const { confirmed } = world.registry.settlement();
        expect(confirmed.toSorted()).toEqual(world.wanted.toSorted());
        if (canUnsubscribe) expect([...world.served].toSorted()).toEqual(world.wanted.toSorted());
        else expect([...world.served]).toEqual(expect.arrayContaining(world.wanted));
      }),
      { numRuns: 500 },
    );
  });

  it("a new socket is asked for each wanted topic once, and for no other", () => {
    fc.assert(
      fc.property(world, steps, ([maxTopics, canUnsubscribe], steps) => {
        const world = new World(maxTopics, canUnsubscribe);
        for (const step of steps) world.run(step);
        world.newSocket();
        while (world.send());
        const asked = world.requests.flatMap(({ topics }) => topics);
        expect(asked.toSorted()).toEqual(world.wanted.toSorted());
      }),
      { numRuns: 300 },
    );
  });
});
