import { describe, expect, it } from "vitest";
import { later, never, type SubscriptionProtocol } from "../../../src/index.ts";
import { checkAnswer } from "../../../src/subscriptions/check-answer.ts";
import { answered, numbered, startSupervisor, type Json } from "../start-supervisor.ts";

const complaintAbout = (answer: unknown): string => {
  try {
    return `none: ${JSON.stringify(checkAnswer(answer, "acknowledge()"))}`;
  } catch (error) {
    return (error as Error).message;
  }
};

describe("an answer", () => {
  it.each([
    [{ id: 3 }, { id: 3 }],
    [{ id: 3, error: null, refusal: null, rejected: null }, { id: 3 }],
    [
      { id: 3, error: "busy", refusal: later(5) },
      { id: 3, error: "busy", refusal: later(5) },
    ],
    [
      { id: 3, rejected: [{ topic: "a", reason: "none such", refusal: never }] },
      { id: 3, rejected: [{ topic: "a", reason: "none such", refusal: never }] },
    ],
    [
      { topics: ["a"], error: "no" },
      { topics: ["a"], error: "no" },
    ],
    [{ state: ["a", "b"] }, { state: ["a", "b"] }],
    [{ unmatched: true, id: 3 }, { unmatched: true }],
  ])("may be %j", (given, answer) => {
    expect(checkAnswer(given, "acknowledge()")).toEqual(answer);
  });

  it.each([
    [true, "acknowledge(): expected undefined, or an object with `id`, `topics`, `state`"],
    [{}, "acknowledge(): expected undefined, or an object with `id`, `topics`, `state`"],
    [{ unmatched: false }, "acknowledge(): expected undefined"],
    [new Map([["id", 3]]), "acknowledge(): expected undefined"],
    [{ id: "3" }, 'acknowledge().id: expected the number of a request, received "3"'],
    [{ id: undefined }, "acknowledge().id: expected the number of a request, received undefined"],
    [{ id: 3, error: { code: 5 } }, "acknowledge().error: expected a string, received an object"],
    [{ id: 3, refusal: "never" }, "acknowledge().refusal: expected `never` or `later()`, received"],
    [{ id: 3, rejected: "a" }, "acknowledge().rejected: expected a list"],
    [{ id: 3, rejected: ["a"] }, "acknowledge().rejected: expected { topic, reason } in it"],
    [{ id: 3, rejected: [{ topic: "a" }] }, "acknowledge().rejected.reason: expected a string"],
    [{ topics: "a" }, "acknowledge().topics: expected a list of topics as text"],
    [{ state: [5] }, "acknowledge().state: expected a list of topics as text"],
  ])("is refused where it cannot be read: %j", (answer, complaint) => {
    expect(complaintAbout(answer)).toContain(complaint);
  });

  it("that is none costs no message: it is delivered, and a fact names the function", () => {
    const acknowledge = ({ ack }: Json) => (ack === undefined ? false : { id: ack });
    const subscriptions = { ...answered, acknowledge } as SubscriptionProtocol<Json>;
    const world = startSupervisor<Json>({ ...numbered, subscriptions, topics: ["a"] });
    const seen: unknown[] = [];
    world.feed.on("message", ({ data }) => seen.push(data.n));
    world.comesUp();
    world.receives({ s: "a", n: 1 }, { s: "a", n: 2 });
    expect(world.feed.status().isReady).toBe(true);
    expect(seen).toEqual([1, 2]);
    expect(world.failedCallbacks()).toEqual([
      "subscriptions.acknowledge",
      "subscriptions.acknowledge",
    ]);
  });
});
