import { describe, expect, it } from "vitest";
import { OptionError } from "../../../src/index.ts";
import { defineVenue, type VenueDefinition, type VenueProfile } from "../../../src/venues/index.ts";
import { allVenues } from "../../../src/cli/venue-catalog.ts";
import { startSupervisor } from "../start-supervisor.ts";

const open = () => ({
  subscribe: (topics: readonly string[], id: number) => ({ op: "subscribe", topics, id }),
  decode: (data: Buffer) => JSON.parse(data.toString()) as unknown,
});
const least = { id: "least", url: "wss://venue.example/ws", open } as const;

/** What is said about a definition that differs from the least one. */
function complaintAbout(changes: object): string {
  const definition = { ...least, ...changes } as VenueDefinition<unknown>;
  try {
    defineVenue(definition);
  } catch (error) {
    if (error instanceof OptionError) return error.message;
    throw error;
  }
  throw new Error("nothing was wrong with it");
}

describe("a venue's definition", () => {
  it("needs a name, a URL and its words; all else is what most venues have in common", () => {
    const { topics, ...venue }: VenueProfile<unknown> = defineVenue(least);
    expect(venue).toEqual({
      ...least,
      sources: [],
      service: "default",
      services: ["default"],
      limits: { pacing: [], countsControlFrames: false, topicsPerConnection: Infinity },
      keepalive: { mode: "server-ping" },
      heartbeat: { intervalMs: 15_000, timeoutMs: 5_000 },
    });
    expect(topics.parse("anything")).toEqual({ topic: "anything" });
    expect(topics.parse({ channel: "book" })).toEqual({ topic: '{"channel":"book"}' });
  });

  it("is enough to run on", () => {
    const world = startSupervisor({ target: defineVenue(least), topics: ["a", { b: 1 }] });
    world.socket.opens();
    expect(world.socket.sentJson).toEqual([{ op: "subscribe", topics: ["a", '{"b":1}'], id: 1 }]);
  });

  it.each<[object, string]>([
    [
      { id: "Binance Spot" },
      'venue.id: expected a kebab-case name, such as binance-spot, received "Binance Spot"',
    ],
    [{ id: 5 }, "venue.id: expected a kebab-case name, such as binance-spot, received 5"],
    [
      { url: "https://x" },
      'venue.url: expected a ws: or wss: URL, or a function, received "https://x"',
    ],
    [{ url: "wss://" }, 'venue.url: expected a ws: or wss: URL, or a function, received "wss://"'],
    [{ service: "b", services: ["a", "c"] }, 'venue.service: expected "a" or "c", received "b"'],
    [{ limts: {} }, "limts"],
    [{ limits: { topicPerFrame: 5 } }, "topicPerFrame"],
    [{ limits: { topicsPerConnection: 0 } }, "venue.limits.topicsPerConnection: expected "],
    [{ limits: { topicsPerFrame: 1.5 } }, "venue.limits.topicsPerFrame: expected "],
    [{ limits: { charsPerConnection: 0 } }, "venue.limits.charsPerConnection: expected "],
    [{ limits: { firstSubscribeWithinMs: -1 } }, "venue.limits.firstSubscribeWithinMs: expected "],
    [{ limits: { pacing: [{ perMs: 1_000 }] } }, "venue.limits.pacing[0].frames: expected "],
    [
      {
        limits: {
          subscriptionPacing: [
            { frames: 1, perMs: 1_000 },
            { frames: 5, perMs: 0 },
          ],
        },
      },
      "venue.limits.subscriptionPacing[1].perMs: expected ",
    ],
    [{ maxAgeMs: 10 }, "venue.maxAgeMs: expected "],
    [
      { keepalive: { mode: "hope" } },
      "venue.keepalive.mode: expected server-ping or challenge or ",
    ],
    [{ keepalive: { mode: "client-ping" } }, "venue.keepalive.everyMs: expected "],
    [
      { keepalive: { mode: "client-message", everyMs: 5_000, frame: "ping" } },
      'venue.keepalive.frame: expected a function, received "ping"',
    ],
    [{ heartbeat: { intervalMs: 5_000 } }, "venue.heartbeat.timeoutMs: expected "],
    [
      { heartbeat: { intervalMs: 5_000, timeoutMs: 5_001 } },
      "venue.heartbeat.timeoutMs: expected at most heartbeat.intervalMs (5000), received 5001",
    ],
    [{ limits: null }, "venue.limits: expected an object, received null"],
    [
      { limits: { pacing: {} } },
      "venue.limits.pacing: expected a list of { frames, perMs }, received an object",
    ],
    [{ limits: { pacing: [null] } }, "venue.limits.pacing[0]: expected an object, received null"],
    [
      { limits: { connects: [{ frames: 5, perMs: 1 }] } },
      "venue.limits.connects[0].frames: expected one of attempts, perMs",
    ],
    [
      { limits: { groupOf: "channel" } },
      'venue.limits.groupOf: expected a function, received "channel"',
    ],
    [
      { limits: { countsControlFrames: 1 } },
      "venue.limits.countsControlFrames: expected true or false, received 1",
    ],
    [{ keepalive: null }, "venue.keepalive: expected an object, received null"],
    [{ heartbeat: null }, "venue.heartbeat: expected an object, received null"],
    [
      { heartbeat: { intervalMs: 5_000, timeoutMs: 5_000, probe: "ping" } },
      'venue.heartbeat.probe: expected a function, received "ping"',
    ],
    [{ verdict: {} }, "venue.verdict: expected a list of rules, received an object"],
    [
      { verdict: [{ name: "a", when: { closCode: 4_000 }, ruling: { action: "retry" } }] },
      "venue.verdict[0].when.closCode: expected a known option, such as closeCode",
    ],
    [
      { retryBudget: { attempts: 0, perMs: 1 } },
      "venue.retryBudget.attempts: expected an integer of at least 1, received 0",
    ],
    [
      { recoveryPolicy: { concurrent: 0 } },
      "venue.recoveryPolicy.concurrent: expected an integer from 1 to 64, received 0",
    ],
    [{ services: "public" }, 'venue.services: expected a list of names, received "public"'],
    [{ services: [] }, "venue.services: expected a list of names, received an array"],
    [
      { sources: [{ tag: "docs", what: "a page" }] },
      "venue.sources[0].readOn: expected an ISO date, such as 2026-11-22, received undefined",
    ],
    [{ topics: null }, "venue.topics: expected an object, received null"],
    [
      { open: () => ({ ...open(), control: 5 }) },
      "venue.open().control: expected a function, received 5",
    ],
    [{ opening: [] }, "venue.opening: expected a function, received an array"],
    [{ authenticate: "me" }, 'venue.authenticate: expected a function, received "me"'],
    [{ recovery: "resubscribe" }, 'venue.recovery: expected a function, received "resubscribe"'],
    [{ freshness: 5 }, "venue.freshness: expected a function, received 5"],
    [{ topics: { example: "a" } }, "venue.topics.parse: expected a function, received undefined"],
    [{ open: {} }, "venue.open: expected a function, received an object"],
    [{ open: undefined }, "venue.open: expected a function, received undefined"],
    [{ open: () => null }, "venue.open(): expected a conversation, received null"],
    [
      { open: () => ({ subscribe: open().subscribe }) },
      "venue.open().decode: expected a function, received undefined",
    ],
  ])("with %o in it is refused, and says why", (changes, message) => {
    expect(complaintAbout(changes)).toContain(message);
  });
});

describe("every venue of this package", () => {
  const venues = allVenues();

  it("has a name of its own, and a service among its services", () => {
    expect(new Set(venues.map(({ id }) => id)).size).toBe(venues.length);
    for (const { service, services } of venues) expect(services).toContain(service);
  });

  it("names its sources, each with the day on which it was read", () => {
    for (const { id, sources } of venues) {
      expect([id, sources.length > 0]).toEqual([id, true]);
      for (const { readOn } of sources)
        expect([id, readOn]).toEqual([id, expect.stringMatching(/^20\d\d-\d\d-\d\d$/)]);
    }
  });

  it("takes its own example for a topic of this endpoint", () => {
    for (const { id, service, topics } of venues) {
      const parsed = topics.parse(topics.example);
      expect([id, parsed]).toEqual([id, expect.objectContaining({ topic: topics.example })]);
      if ("service" in parsed) expect([id, parsed.service]).toEqual([id, service]);
    }
  });

  it("writes a topic's one text so that it is read as itself", () => {
    for (const { id, topics } of venues) {
      const once = topics.parse(topics.example);
      const again = "topic" in once ? topics.parse(once.topic) : once;
      expect([id, again]).toEqual([id, once]);
    }
  });
});
