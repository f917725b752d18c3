import { describe, expect, it } from "vitest";
import { later, never } from "../../../machines/refusal.ts";
import {
  SubscriptionRegistry,
  type SubscriptionRequest,
} from "../../../src/subscriptions/registry.ts";

/** A registry that wants `topics`, on a new socket. */
function registryOf(...topics: readonly string[]): SubscriptionRegistry {
  const registry = new SubscriptionRegistry();
  registry.want(topics);
  registry.newSocket();
  return registry;
}

/** The next request; there must be one. */
function asks(registry: SubscriptionRegistry, maxTopics = 100): SubscriptionRequest {
  const request = registry.nextRequest(maxTopics, true);
  if (request === undefined) throw new Error("nothing is asked for");
  return request;
}

/** All that is asked for now. */
function asksAll(registry: SubscriptionRegistry, maxTopics = 100): SubscriptionRequest[] {
  const requests: SubscriptionRequest[] = [];
  for (
    let request = registry.nextRequest(maxTopics, true);
    request !== undefined;
    request = registry.nextRequest(maxTopics, true)
  )
    requests.push(request);
  return requests;
}

/** A registry in which `topics` are confirmed. */
function confirmed(...topics: readonly string[]): SubscriptionRegistry {
  const registry = registryOf(...topics);
  for (const { id } of asksAll(registry)) registry.acknowledge({ id });
  return registry;
}

/** State by topic. */
function states(registry: SubscriptionRegistry): Record<string, string> {
  return Object.fromEntries(registry.topics().map(({ topic, state }) => [topic, state]));
}

describe("a topic that is wanted", () => {
  it("is asked for, pends, and is confirmed by the answer", () => {
    const registry = registryOf("a");
    expect(states(registry)).toEqual({ a: "unsent" });

    const { id, kind, topics } = asks(registry);
    expect({ kind, topics }).toEqual({ kind: "subscribe", topics: ["a"] });
    expect(states(registry)).toEqual({ a: "pending" });
    expect(registry.isSettled).toBe(false);

    expect(registry.acknowledge({ id })).toEqual([]);
    expect(states(registry)).toEqual({ a: "confirmed" });
    expect(registry.isSettled).toBe(true);
  });

  it("is asked for once, however often it is wanted", () => {
    const registry = registryOf("a", "a");
    registry.want(["a"]);
    expect(asksAll(registry).map(({ topics }) => topics)).toEqual([["a"]]);
    registry.want(["a"]);
    expect(registry.hasWork).toBe(false);
  });

  it("is left when as many have taken it back, and not before", () => {
    const registry = confirmed("a", "a");
    registry.unwant(["a"]);
    expect(registry.has("a")).toBe(true);
    expect(registry.hasWork).toBe(false);

    registry.unwant(["a"]);
    expect(registry.has("a")).toBe(false);
    expect(asks(registry)).toMatchObject({ kind: "unsubscribe", topics: ["a"] });
  });

  it("shows how often it is wanted", () => {
    expect(registryOf("a", "a", "b").topics()).toEqual([
      { topic: "a", state: "unsent", references: 2 },
      { topic: "b", state: "unsent", references: 1 },
    ]);
  });

  it("may bear any name", () => {
    const registry = registryOf("__proto__", "constructor");
    const { id, topics } = asks(registry);
    expect(topics).toEqual(["__proto__", "constructor"]);
    registry.acknowledge({
      id,
      rejected: [{ topic: "constructor", reason: "no", refusal: never }],
    });
    expect(registry.settlement()).toEqual({
      confirmed: ["__proto__"],
      rejected: [{ topic: "constructor", reason: "no" }],
      refused: [],
      timedOut: [],
      quarantined: [],
    });
  });

  it("counts among the wanted once", () => {
    const registry = registryOf("a", "a", "b");
    expect(registry.wanted).toBe(2);
    registry.unwant(["a", "b"]);
    expect(registry.wanted).toBe(1);
  });
});

describe("what was never wanted", () => {
  it("cannot be taken back", () => {
    const registry = confirmed("a");
    registry.unwant(["b"]);
    expect(registry.hasWork).toBe(false);
    registry.want(["b"]);
    expect(registry.topics()).toContainEqual({ topic: "b", state: "unsent", references: 1 });
  });

  it("cannot be taken back twice", () => {
    const registry = confirmed("a");
    registry.unwant(["a"]);
    registry.unwant(["a"]);
    registry.want(["a"]);
    expect(registry.topics()).toEqual([{ topic: "a", state: "confirmed", references: 1 }]);
  });
});

describe("requests", () => {
  it("carry as many topics as one may, in the order in which they were wanted", () => {
    const registry = registryOf("a", "b", "c", "d", "e");
    expect(asksAll(registry, 2).map(({ topics }) => topics)).toEqual([
      ["a", "b"],
      ["c", "d"],
      ["e"],
    ]);
  });

  it("never mix the two kinds; the oldest wish goes first", () => {
    const registry = confirmed("a", "b");
    registry.unwant(["a"]);
    registry.want(["c"]);
    registry.unwant(["b"]);
    expect(asksAll(registry).map(({ kind, topics }) => ({ kind, topics }))).toEqual([
      { kind: "unsubscribe", topics: ["a", "b"] },
      { kind: "subscribe", topics: ["c"] },
    ]);
  });

  it("never use an id twice, not even on another socket", () => {
    const registry = registryOf("a", "b");
    const ids = asksAll(registry, 1).map(({ id }) => id);
    registry.newSocket();
    ids.push(...asksAll(registry, 1).map(({ id }) => id));
    expect(ids).toEqual([1, 2, 3, 4]);
  });

  it("leave out what was taken back before it was asked for", () => {
    const registry = registryOf("a", "b");
    registry.unwant(["a"]);
    expect(asksAll(registry).map(({ topics }) => topics)).toEqual([["b"]]);
    expect(registry.topics().map(({ topic }) => topic)).toEqual(["b"]);
  });

  it("leave out what was wanted again before its end was asked for", () => {
    const registry = confirmed("a");
    registry.unwant(["a"]);
    registry.want(["a"]);
    expect(registry.nextRequest(100, true)).toBeUndefined();
    expect(states(registry)).toEqual({ a: "confirmed" });
  });

  it("forget what a server cannot be asked to end", () => {
    const registry = confirmed("a");
    registry.unwant(["a"]);
    expect(registry.nextRequest(100, false)).toBeUndefined();
    expect(registry.isSettled).toBe(true);
    expect(registry.topics()).toEqual([]);
  });
});

describe("a topic that is taken back while its request pends", () => {
  it("leaves after the answer", () => {
    const registry = registryOf("a");
    const { id } = asks(registry);
    registry.unwant(["a"]);
    expect(registry.nextRequest(100, true)).toBeUndefined();

    registry.acknowledge({ id });
    const leaving = asks(registry);
    expect(leaving).toMatchObject({ kind: "unsubscribe", topics: ["a"] });
    registry.acknowledge({ id: leaving.id });
    expect(registry.isSettled).toBe(true);
    expect(registry.topics()).toEqual([]);
  });

  it("is simply forgotten when the answer is a rejection, which is nobody's news", () => {
    const registry = registryOf("a");
    const { id } = asks(registry);
    registry.unwant(["a"]);
    expect(registry.acknowledge({ id, error: "no" })).toEqual([]);
    expect(registry.isSettled).toBe(true);
  });

  it("leaves as well when there is no answer, and is not said to have timed out", () => {
    const registry = registryOf("a", "b");
    const { id } = asks(registry);
    registry.unwant(["a"]);
    expect(registry.expire(id)).toEqual(["b"]);
    expect(asks(registry)).toMatchObject({ kind: "unsubscribe", topics: ["a"] });
  });

  it("stays when it is wanted again before the answer", () => {
    const registry = registryOf("a");
    const { id } = asks(registry);
    registry.unwant(["a"]);
    registry.want(["a"]);
    registry.acknowledge({ id });
    expect(states(registry)).toEqual({ a: "confirmed" });
    expect(registry.isSettled).toBe(true);
  });
});

describe("a topic that is wanted again while it leaves", () => {
  it("is asked for anew once it has left", () => {
    const registry = confirmed("a");
    registry.unwant(["a"]);
    const leaving = asks(registry);
    registry.want(["a"]);
    expect(states(registry)).toEqual({ a: "leaving" });
    expect(registry.nextRequest(100, true)).toBeUndefined();

    registry.acknowledge({ id: leaving.id });
    expect(asks(registry)).toMatchObject({ kind: "subscribe", topics: ["a"] });
  });

  it("is asked for anew as well when its end was not answered, or refused", () => {
    for (const answer of ["none", "refused"]) {
      const registry = confirmed("a");
      registry.unwant(["a"]);
      const { id } = asks(registry);
      registry.want(["a"]);
      if (answer === "none") expect(registry.expire(id)).toEqual([]);
      else registry.acknowledge({ id, error: "no such subscription" });
      expect(asks(registry)).toMatchObject({ kind: "subscribe", topics: ["a"] });
    }
  });
});

describe("a rejection", () => {
  it("of one topic does not take the others along", () => {
    const registry = registryOf("a", "b", "c");
    const { id } = asks(registry);
    const outcomes = registry.acknowledge({
      id,
      rejected: [{ topic: "b", reason: "unknown symbol", refusal: never }],
    });
    expect(outcomes).toEqual([
      { topic: "b", request: "subscribe", reason: "unknown symbol", refusal: never, times: 0 },
    ]);
    expect(states(registry)).toEqual({ a: "confirmed", b: "rejected", c: "confirmed" });
  });

  it("of a whole request does not take other requests along", () => {
    const registry = registryOf("a", "b", "c");
    const [first, second] = asksAll(registry, 2);
    const answer = { id: first?.id ?? 0, error: "bad frame", refusal: never };
    expect(registry.acknowledge(answer)).toMatchObject([
      { topic: "a", reason: "bad frame" },
      { topic: "b", reason: "bad frame" },
    ]);
    registry.acknowledge({ id: second?.id ?? 0 });
    expect(registry.settlement()).toEqual({
      confirmed: ["c"],
      rejected: [
        { topic: "a", reason: "bad frame" },
        { topic: "b", reason: "bad frame" },
      ],
      refused: [],
      timedOut: [],
      quarantined: [],
    });
  });

  it("holds for this socket: the next one is asked again", () => {
    const registry = registryOf("a");
    registry.acknowledge({ id: asks(registry).id, error: "no" });
    expect(registry.hasWork).toBe(false);

    registry.newSocket();
    expect(states(registry)).toEqual({ a: "unsent" });
    registry.acknowledge({ id: asks(registry).id });
    expect(registry.settlement()).toMatchObject({ confirmed: ["a"], rejected: [], timedOut: [] });
  });

  it("of a topic that is then taken back leaves nothing to ask for", () => {
    const registry = registryOf("a");
    registry.acknowledge({ id: asks(registry).id, error: "no" });
    registry.unwant(["a"]);
    expect(registry.isSettled).toBe(true);
    expect(registry.topics()).toEqual([]);
  });

  it("of a topic that nobody asked for is ignored", () => {
    const registry = registryOf("a");
    const { id } = asks(registry);
    registry.acknowledge({ id, rejected: [{ topic: "z", reason: "no" }] });
    expect(states(registry)).toEqual({ a: "confirmed" });
  });
});

describe("an answer by topic instead of by id", () => {
  it("confirms the topics that it names, whatever request they were in", () => {
    const registry = registryOf("a", "b", "c");
    asksAll(registry, 2);
    registry.acknowledge({ topics: ["b", "c"] });
    expect(states(registry)).toEqual({ a: "pending", b: "confirmed", c: "confirmed" });
    expect(registry.isSettled).toBe(false);
    registry.acknowledge({ topics: ["a"] });
    expect(registry.isSettled).toBe(true);
  });

  it("rejects them with its reason", () => {
    const registry = registryOf("a", "b");
    asks(registry);
    expect(registry.acknowledge({ topics: ["a"], error: "no", refusal: never })).toMatchObject([
      { topic: "a", reason: "no" },
    ]);
    expect(states(registry)).toEqual({ a: "rejected", b: "pending" });
  });

  it("ends what was leaving", () => {
    const registry = confirmed("a");
    registry.unwant(["a"]);
    asks(registry);
    registry.acknowledge({ topics: ["a"] });
    expect(registry.isSettled).toBe(true);
    expect(registry.topics()).toEqual([]);
  });

  it("says nothing about what was not asked for, or is confirmed already", () => {
    const registry = confirmed("a");
    registry.want(["b"]);
    expect(registry.acknowledge({ topics: ["a", "b", "z"], error: "no" })).toEqual([]);
    expect(states(registry)).toEqual({ a: "confirmed", b: "unsent" });
  });
});

describe("a refusal for now", () => {
  /** Each refused once, on the first request. */
  function refused(...topics: readonly string[]): SubscriptionRegistry {
    const registry = registryOf(...topics);
    registry.acknowledge({ id: asks(registry).id, error: "busy", refusal: later() });
    return registry;
  }

  it("is told with how often it was, and leaves the topic to be asked for again", () => {
    const registry = registryOf("a");
    for (const times of [1, 2]) {
      const outcomes = registry.acknowledge({ id: asks(registry).id, error: "busy" });
      const reason = "busy";
      expect(outcomes).toEqual([
        { topic: "a", request: "subscribe", reason, refusal: undefined, times },
      ]);
      expect(states(registry)).toEqual({ a: "refused" });
      expect(registry.isSettled).toBe(true);
      expect(registry.askAgain(["a", "b"])).toEqual(["a"]);
    }
  });

  it("has each asked for alone, after all that was not asked for before", () => {
    const registry = refused("a", "b");
    registry.askAgain(["a", "b"]);
    registry.want(["c", "d"]);
    expect(asksAll(registry).map(({ topics }) => topics)).toEqual([["c", "d"], ["a"], ["b"]]);
  });

  it("counts anew once the topic was confirmed", () => {
    const registry = refused("a");
    registry.askAgain(["a"]);
    registry.acknowledge({ id: asks(registry).id });
    expect(states(registry)).toEqual({ a: "confirmed" });
    registry.renew(["a"]);
    registry.acknowledge({ id: asks(registry).id });
    const [outcome] = registry.acknowledge({ id: asks(registry).id, error: "busy" });
    expect(outcome?.times).toBe(1);
  });

  it("is over when the peer confirms the topic unasked, by its name or in its state", () => {
    for (const answer of [{ topics: ["a"] }, { state: ["a"] }]) {
      for (const isAbout of [false, true]) {
        const registry = refused("a");
        if (isAbout) registry.askAgain(["a"]);
        registry.acknowledge(answer);
        expect(states(registry)).toEqual({ a: "confirmed" });
        expect(registry.hasWork).toBe(false);
      }
    }
  });

  it("is not counted twice when it is said twice", () => {
    const registry = refused("a");
    expect(registry.acknowledge({ topics: ["a"], error: "busy" })).toEqual([]);
  });

  it("is asked again by a new socket with all others", () => {
    const registry = refused("a", "b");
    registry.newSocket();
    expect(asksAll(registry).map(({ topics }) => topics)).toEqual([["a", "b"]]);
  });

  it("is forgotten with the wish", () => {
    const registry = refused("a");
    registry.unwant(["a"]);
    registry.want(["a"]);
    expect(asksAll(registry)).toHaveLength(1);
  });
});

describe("the refusal of an end", () => {
  it("for now leaves the topic as it is, until it is to be ended again, alone", () => {
    const registry = confirmed("a", "b");
    registry.unwant(["a", "b"]);
    const refusal = later();
    const outcomes = registry.acknowledge({ id: asks(registry).id, error: "busy", refusal });
    expect(outcomes).toMatchObject([
      { topic: "a", request: "unsubscribe", times: 1 },
      { topic: "b", request: "unsubscribe", times: 1 },
    ]);
    expect(registry.isSettled).toBe(true);
    expect(registry.topics()).toEqual([]);
    expect(registry.askAgain(["a", "b"])).toEqual(["a", "b"]);
    const requests = asksAll(registry);
    expect(requests).toMatchObject([
      { kind: "unsubscribe", topics: ["a"] },
      { kind: "unsubscribe", topics: ["b"] },
    ]);
  });

  it("for now is no matter once the topic is wanted again", () => {
    const registry = confirmed("a");
    registry.unwant(["a"]);
    registry.acknowledge({ id: asks(registry).id, error: "busy", refusal: later() });
    registry.want(["a"]);
    expect(states(registry)).toEqual({ a: "confirmed" });
    expect(registry.askAgain(["a"])).toEqual([]);
    registry.unwant(["a"]);
    expect(asks(registry)).toMatchObject({ kind: "unsubscribe" });
  });

  it("for now keeps a topic that is to be asked for anew until it is ended", () => {
    const registry = confirmed("a");
    registry.renew(["a"]);
    registry.acknowledge({ id: asks(registry).id, error: "busy", refusal: later() });
    expect(states(registry)).toEqual({ a: "confirmed" });
    expect(registry.hasWork).toBe(false);
    registry.askAgain(["a"]);
    const ending = asks(registry);
    expect(ending).toMatchObject({ kind: "unsubscribe", topics: ["a"] });
    registry.acknowledge({ id: ending.id });
    expect(asks(registry)).toMatchObject({ kind: "subscribe", topics: ["a"] });
  });

  it("for good, or for a reason that is not known, is told, and counts as the end", () => {
    for (const refusal of [never, undefined]) {
      const registry = confirmed("a");
      registry.renew(["a"]);
      const outcomes = registry.acknowledge({ id: asks(registry).id, error: "none such", refusal });
      const reason = "none such";
      expect(outcomes).toEqual([{ topic: "a", request: "unsubscribe", reason, refusal, times: 0 }]);
      expect(asks(registry)).toMatchObject({ kind: "subscribe", topics: ["a"] });
    }
  });
});

describe("an answer that matches nothing", () => {
  it("is ignored, be it unknown, a repeat or of an earlier socket", () => {
    const registry = registryOf("a");
    const { id } = asks(registry);
    registry.newSocket();
    expect(registry.acknowledge({ id, error: "too late" })).toEqual([]);
    expect(registry.acknowledge({ id: 999 })).toEqual([]);
    expect(registry.acknowledge({ unmatched: true })).toEqual([]);
    expect(states(registry)).toEqual({ a: "unsent" });

    const again = asks(registry);
    registry.acknowledge({ id: again.id });
    expect(registry.acknowledge({ id: again.id, error: "changed my mind" })).toEqual([]);
    expect(states(registry)).toEqual({ a: "confirmed" });
  });
});

describe("a request that is not answered in time", () => {
  it("times its topics out, and no others", () => {
    const registry = registryOf("a", "b", "c");
    const [first, second] = asksAll(registry, 2);
    expect(registry.expire(first?.id ?? 0)).toEqual(["a", "b"]);
    expect(states(registry)).toEqual({ a: "timed-out", b: "timed-out", c: "pending" });
    registry.acknowledge({ id: second?.id ?? 0 });
    expect(registry.isSettled).toBe(true);
    expect(registry.settlement().timedOut).toEqual(["a", "b"]);
  });

  it("times out once", () => {
    const registry = registryOf("a");
    const { id } = asks(registry);
    registry.expire(id);
    expect(registry.expire(id)).toEqual([]);
  });

  it("still counts when its answer comes late", () => {
    const registry = registryOf("a", "b");
    const { id } = asks(registry);
    registry.expire(id);
    const rejected = [{ topic: "b", reason: "no", refusal: never }];
    const late = registry.acknowledge({ id, rejected });
    expect(late).toMatchObject([{ topic: "b", reason: "no" }]);
    expect(states(registry)).toEqual({ a: "confirmed", b: "rejected" });
  });

  it("still counts when a late answer names its topics", () => {
    const registry = registryOf("a");
    registry.expire(asks(registry).id);
    registry.acknowledge({ topics: ["a"] });
    expect(states(registry)).toEqual({ a: "confirmed" });
  });

  it("has its end asked for when it is taken back: it may be running", () => {
    const registry = registryOf("a");
    registry.expire(asks(registry).id);
    registry.unwant(["a"]);
    expect(asks(registry)).toMatchObject({ kind: "unsubscribe", topics: ["a"] });
  });

  it("cannot confirm with a late answer what is leaving meanwhile", () => {
    const registry = registryOf("a");
    const { id } = asks(registry);
    registry.expire(id);
    registry.unwant(["a"]);
    const leaving = asks(registry);
    registry.acknowledge({ id });
    expect(registry.isSettled).toBe(false);
    registry.acknowledge({ id: leaving.id });
    expect(registry.topics()).toEqual([]);
  });
});

describe("a request that nobody answers by agreement", () => {
  it("is confirmed when it was written", () => {
    const registry = registryOf("a");
    registry.confirm(asks(registry).id);
    expect(states(registry)).toEqual({ a: "confirmed" });
    expect(registry.isSettled).toBe(true);
  });
});

describe("a new socket", () => {
  it("is asked for exactly what is wanted, whatever each was before", () => {
    const registry = registryOf("confirmed", "rejected", "timed-out", "pending", "unsent", "left");
    const requests = asksAll(registry, 1);
    const idOf = (topic: string) => requests.find(({ topics }) => topics[0] === topic)?.id ?? 0;
    registry.acknowledge({ id: idOf("confirmed") });
    registry.acknowledge({ id: idOf("rejected"), error: "no" });
    registry.expire(idOf("timed-out"));
    registry.acknowledge({ id: idOf("left") });
    registry.unwant(["left"]);

    registry.newSocket();
    expect(asksAll(registry).map(({ topics }) => topics)).toEqual([
      ["confirmed", "rejected", "timed-out", "pending", "unsent"],
    ]);
  });

  it("is never asked for what was taken back while there was none", () => {
    const registry = confirmed("a", "b");
    registry.newSocket(); // the old one is gone
    registry.unwant(["a"]);
    registry.newSocket(); // and here is another
    expect(asksAll(registry)).toMatchObject([{ kind: "subscribe", topics: ["b"] }]);
  });

  it("is asked for what came to be wanted while there was none", () => {
    const registry = confirmed("a");
    registry.newSocket();
    registry.want(["b"]);
    registry.newSocket();
    expect(asksAll(registry)).toMatchObject([{ topics: ["a", "b"] }]);
  });

  it("is not asked to end what was leaving the old one", () => {
    const registry = confirmed("a");
    registry.unwant(["a"]);
    asks(registry);
    registry.newSocket();
    expect(registry.nextRequest(100, true)).toBeUndefined();
    expect(registry.isSettled).toBe(true);
  });
});

describe("an answer that is the whole state", () => {
  it("confirms what waits and is in it, ends what leaves and is not, and leaves the rest alone", () => {
    const registry = confirmed("kept", "leaving", "stays a while");
    registry.unwant(["leaving", "stays a while"]);
    registry.want(["new", "newer"]);
    asksAll(registry, 1);
    expect(registry.acknowledge({ state: ["kept", "stays a while", "new", "unheard of"] })).toEqual(
      [],
    );
    expect(states(registry)).toEqual({ kept: "confirmed", new: "confirmed", newer: "pending" });
    expect(registry.isSettled).toBe(false);
    registry.acknowledge({ state: ["kept", "new", "newer"] });
    expect(states(registry)).toEqual({ kept: "confirmed", new: "confirmed", newer: "confirmed" });
    expect(registry.isSettled).toBe(true);
  });

  it("does not let go of what leaves while it is still in it", () => {
    const registry = confirmed("a", "b");
    registry.unwant(["a", "b"]);
    asks(registry);
    registry.acknowledge({ state: ["b"] });
    expect(registry.isSettled).toBe(false);
    registry.acknowledge({ state: [] });
    expect(registry.isSettled).toBe(true);
  });

  it("still counts for a topic that had timed out", () => {
    const registry = registryOf("a");
    registry.expire(asks(registry).id);
    registry.acknowledge({ state: ["a"] });
    expect(states(registry)).toEqual({ a: "confirmed" });
  });

  it("does not take along a confirmed topic that it lacks: its own answer may be on its way", () => {
    const registry = confirmed("a");
    registry.acknowledge({ state: [] });
    expect(states(registry)).toEqual({ a: "confirmed" });
  });
});

describe("topics of different groups", () => {
  const byFirstLetter = (topic: string) => topic.charAt(0);

  /** A registry whose groups are first letters. */
  function grouped(...topics: readonly string[]): SubscriptionRegistry {
    const registry = new SubscriptionRegistry({ groupOf: byFirstLetter });
    registry.want(topics);
    return registry;
  }

  it("never share a frame, and take turns", () => {
    const registry = grouped("a1", "b1", "a2", "a3", "b2", "c1");
    expect(asksAll(registry, 2).map(({ topics }) => topics)).toEqual([
      ["a1", "a2"],
      ["b1", "b2"],
      ["c1"],
      ["a3"],
    ]);
  });

  it("are ended in frames of their own as well", () => {
    const registry = grouped("a1", "b1", "a2");
    for (const { id } of asksAll(registry)) registry.acknowledge({ id });
    registry.unwant(["a1", "b1", "a2"]);
    expect(asksAll(registry)).toMatchObject([
      { kind: "unsubscribe", topics: ["a1", "a2"] },
      { kind: "unsubscribe", topics: ["b1"] },
    ]);
  });

  it("are each asked about once however they interleave: planning does not walk over those that wait", () => {
    let asked = 0;
    const registry = new SubscriptionRegistry({
      groupOf: (topic) => {
        asked += 1;
        return String(Number(topic.slice(1)) % 500);
      },
    });
    registry.want(Array.from({ length: 5_000 }, (_, index) => `t${index}`));
    expect(asksAll(registry, 4)).toHaveLength(500 * 3);
    expect(asked).toBe(5_000);
  });
});

describe("a topic that is renewed", () => {
  it("is ended, and asked for anew when its end is answered; the others live on", () => {
    const registry = confirmed("a", "b");
    registry.renew(["a"]);
    expect(states(registry)).toEqual({ a: "confirmed", b: "confirmed" });
    const leaving = asks(registry);
    expect(leaving).toMatchObject({ kind: "unsubscribe", topics: ["a"] });
    expect(states(registry)).toEqual({ a: "leaving", b: "confirmed" });
    expect(registry.nextRequest(100, true)).toBeUndefined();

    registry.acknowledge({ id: leaving.id });
    const again = asks(registry);
    expect(again).toMatchObject({ kind: "subscribe", topics: ["a"] });
    expect(states(registry)).toEqual({ a: "pending", b: "confirmed" });
    registry.acknowledge({ id: again.id });
    expect(states(registry)).toEqual({ a: "confirmed", b: "confirmed" });
    expect(registry.isSettled).toBe(true);
  });

  it.each(["refused", "not answered"])("is asked for anew also when its end is %s", (how) => {
    const registry = confirmed("a");
    registry.renew(["a"]);
    const { id } = asks(registry);
    if (how === "refused") registry.acknowledge({ id, error: "no such subscription" });
    else registry.expire(id);
    expect(asks(registry)).toMatchObject({ kind: "subscribe", topics: ["a"] });
  });

  it("is asked for anew at once where nothing can be ended", () => {
    const registry = confirmed("a");
    registry.renew(["a"]);
    expect(registry.nextRequest(100, false)).toMatchObject({ kind: "subscribe", topics: ["a"] });
    expect(registry.hasWork).toBe(false);
  });

  it("is renewed once while that is under way", () => {
    const registry = confirmed("a");
    registry.renew(["a"]);
    registry.renew(["a", "a"]);
    const { id } = asks(registry);
    registry.renew(["a"]);
    registry.want(["a"]);
    expect(registry.hasWork).toBe(false);
    registry.acknowledge({ id });
    registry.renew(["a"]);
    const again = asks(registry);
    registry.renew(["a"]);
    registry.acknowledge({ id: again.id });
    expect(registry.hasWork).toBe(false);
  });

  it("keeps its references", () => {
    const registry = confirmed("a", "a");
    registry.renew(["a"]);
    registry.acknowledge({ id: asks(registry).id });
    registry.acknowledge({ id: asks(registry).id });
    expect(registry.topics()).toEqual([{ topic: "a", state: "confirmed", references: 2 }]);
  });

  it.each(["before its end is asked for", "while it leaves"])(
    "and taken back %s just leaves",
    (when) => {
      const registry = confirmed("a");
      registry.renew(["a"]);
      if (when === "before its end is asked for") registry.unwant(["a"]);
      const { id, kind } = asks(registry);
      expect(kind).toBe("unsubscribe");
      registry.unwant(["a"]);
      registry.acknowledge({ id });
      expect(registry.isSettled).toBe(true);
      expect(registry.topics()).toEqual([]);
    },
  );

  it("may be one that was not answered: the peer may serve it", () => {
    const registry = registryOf("a");
    registry.expire(asks(registry).id);
    registry.renew(["a"]);
    expect(asks(registry)).toMatchObject({ kind: "unsubscribe", topics: ["a"] });
  });

  it("is left alone when a late answer refuses it", () => {
    const registry = registryOf("a");
    const { id } = asks(registry);
    registry.expire(id);
    registry.renew(["a"]);
    registry.acknowledge({ id, error: "no", refusal: never });
    expect(registry.hasWork).toBe(false);
    expect(states(registry)).toEqual({ a: "rejected" });
  });

  it("is left as it is when it was refused, or is not wanted", () => {
    const registry = registryOf("a");
    registry.acknowledge({ id: asks(registry).id, error: "no" });
    registry.renew(["a", "z"]);
    expect(registry.hasWork).toBe(false);
  });

  it("is forgotten by a new socket, which asks for all anyway", () => {
    const registry = confirmed("a");
    registry.renew(["a"]);
    registry.newSocket();
    registry.acknowledge({ id: asks(registry).id });
    expect(registry.hasWork).toBe(false);
  });
});

describe("a topic that is held back", () => {
  it("is all there is until nobody wants it, or what is left is quarantined", () => {
    const registry = registryOf("a", "b", "bad");
    registry.newSocket((topic) => (topic === "bad" ? "quarantined" : "suspect"));
    expect(registry.isSettled).toBe(false);
    registry.unwant(["a"]);
    expect(registry.isSettled).toBe(false);
    registry.unwant(["b"]);
    expect(registry.isSettled).toBe(true);
  });

  /** A registry on a new socket that holds "s" as a suspect and "q" in quarantine. */
  function holding(...topics: readonly string[]): SubscriptionRegistry {
    const registry = new SubscriptionRegistry();
    registry.want(topics);
    registry.newSocket((topic) =>
      topic === "q" ? "quarantined" : topic.startsWith("s") ? "suspect" : undefined,
    );
    return registry;
  }

  it("is not asked for, and does not keep the others from being settled", () => {
    const registry = holding("a", "s", "q");
    expect(states(registry)).toEqual({ a: "unsent", s: "unsent", q: "quarantined" });
    const { id, topics } = asks(registry);
    expect(topics).toEqual(["a"]);
    registry.acknowledge({ id });
    registry.want(["s", "q"]);
    expect(registry.isSettled).toBe(true);
    expect(registry.settlement()).toEqual({
      confirmed: ["a"],
      rejected: [],
      refused: [],
      timedOut: ["s"],
      quarantined: ["q"],
    });
  });

  it("is asked for when it is time, apart from all others", () => {
    const registry = holding("s1", "s2", "q");
    registry.askAgain(["s1", "s2"]);
    registry.want(["b"]);
    expect(asksAll(registry).map(({ topics }) => topics)).toEqual([["s1", "s2"], ["b"]]);
    registry.askAgain(["q"]);
    expect(states(registry)).toMatchObject({ s1: "pending", q: "unsent" });
    expect(asks(registry).topics).toEqual(["q"]);
  });

  it("is not held by the next socket that has nothing against it", () => {
    const registry = holding("s", "q");
    registry.newSocket();
    expect(asks(registry).topics).toEqual(["s", "q"]);
  });

  it("and is all there was, keeps nothing from being settled once it is taken back", () => {
    const registry = holding("s1", "s2", "q");
    registry.unwant(["s1"]);
    expect(registry.isSettled).toBe(false); // "s2" is still wanted, and not asked for
    registry.unwant(["s2"]);
    expect(registry.isSettled).toBe(true);
  });

  it("is free when it is taken back and wanted again", () => {
    const registry = holding("s", "q");
    registry.unwant(["s", "q"]);
    registry.want(["s", "q"]);
    expect(asks(registry).topics).toEqual(["s", "q"]);
  });
});

describe("who listens", () => {
  it("hears what becomes of each topic, and when a request is answered, partly or at once", () => {
    const heard: string[] = [];
    const registry = new SubscriptionRegistry({
      listener: {
        unwanted: () => undefined,
        changed: (topic, state) => heard.push(`${topic} ${state ?? "forgotten"}`),
        answered: (id) => heard.push(`answered ${id}`),
        reset: () => heard.push("reset"),
      },
    });
    /** What was heard since. */
    const since = () => heard.splice(0);

    registry.want(["a", "b"]);
    expect(since()).toEqual([]);
    asks(registry);
    expect(since()).toEqual(["a pending", "b pending"]);
    registry.acknowledge({ topics: ["a"] });
    expect(since()).toEqual(["a confirmed"]);
    registry.acknowledge({ topics: ["b"], error: "no", refusal: never });
    expect(since()).toEqual(["answered 1", "b rejected"]);
    registry.unwant(["a", "b"]);
    expect(since()).toEqual(["b forgotten"]);
    registry.acknowledge({ id: asks(registry).id });
    expect(since()).toEqual(["a leaving", "answered 2", "a forgotten"]);
    registry.newSocket();
    expect(since()).toEqual(["reset"]);
  });

  it("is told of topics that a new socket forgets", () => {
    const forgotten: string[] = [];
    const registry = new SubscriptionRegistry({
      listener: {
        unwanted: () => undefined,
        changed: (topic, state) => {
          if (state === undefined) forgotten.push(topic);
        },
        answered: () => undefined,
        reset: () => undefined,
      },
    });
    registry.want(["a"]);
    registry.acknowledge({ id: asks(registry).id });
    registry.unwant(["a"]);
    registry.newSocket();
    expect(forgotten).toEqual(["a"]);
  });
});

describe("the number of wanted topics", () => {
  it("and of their characters follow what is wanted", () => {
    const registry = registryOf("abc", "de", "abc");
    expect([registry.wanted, registry.wantedChars]).toEqual([2, 5]);
    registry.unwant(["abc", "de", "zzz"]);
    expect([registry.wanted, registry.wantedChars]).toEqual([1, 3]);
    registry.newSocket();
    expect([registry.wanted, registry.wantedChars]).toEqual([1, 3]);
  });
});
