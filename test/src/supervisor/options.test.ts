import { describe, expect, it } from "vitest";
import { createSupervisor, OptionError, type Supervisor } from "../../../src/index.ts";
import type { Transport } from "../../../src/transport/transport.ts";
import { binanceSpot } from "../../../src/venues/index.ts";
import { answered, startSupervisor, url } from "../start-supervisor.ts";

/** What the caller is told; `dials` counts what reached the transport. */
interface Complaint {
  readonly option: string;
  readonly expected: string;
  readonly message: string;
  readonly dials: number;
}

/** Options as somebody without a type checker may write them. */
type Wrong = Record<string, unknown>;

/** Makes and starts a supervisor with `options`, which must be refused before anything is dialled. */
function complaintAbout(options: unknown, target: unknown = url): Complaint {
  let dials = 0;
  const transport: Transport = () => {
    dials += 1;
    throw new Error("nothing may be dialled");
  };
  const isPlain = typeof options === "object" && options !== null && !Array.isArray(options);
  try {
    createSupervisor(
      target as string,
      (isPlain ? { transport, ...options } : options) as Wrong,
    ).start();
  } catch (error) {
    if (!(error instanceof OptionError)) throw error;
    const { option, expected, message } = error;
    return { option, expected, message, dials };
  }
  throw new Error("nothing was wrong with it");
}

/** `[what, options, path, expected, received]`. */
type Row = readonly [what: string, options: unknown, path: string, wanted: RegExp, got: string];

const cycle: Wrong = {};
cycle["self"] = cycle;
const noop = () => undefined;

const rows: readonly Row[] = [
  // Names.
  ["no object", 5, "options", /^an object$/, "5"],
  ["null", null, "options", /^an object$/, "null"],
  ["an array", [], "options", /^an object$/, "an array"],
  ["a misspelt name", { heartBeat: {} }, "heartBeat", /such as heartbeat$/, '"heartBeat"'],
  ["a half name", { max: 3 }, "max", /such as maxRetries$/, '"max"'],
  ["an unknown name", { zeal: 1 }, "zeal", /^one of topics, protocols, headers/, '"zeal"'],
  ["an unknown name within", { heartbeat: { every: 1 } }, "heartbeat.every", /^one of/, '"every"'],
  ["an unknown name of the outbox", { outbox: { size: 1 } }, "outbox.size", /^one of/, '"size"'],

  // What it is called.
  ["no name at all", { name: "" }, "name", /^1 to 100 printable/, '""'],
  ["a name of two lines", { name: "a\nb" }, "name", /^1 to 100 printable/, '"a\\nb"'],
  [
    "a name too long",
    { name: "a".repeat(101) },
    "name",
    /^1 to 100 printable/,
    `"${"a".repeat(57)}..."`,
  ],
  ["a number for a name", { name: 7 }, "name", /^1 to 100 printable/, "7"],

  // Durations.
  ["NaN", { connectTimeoutMs: NaN }, "connectTimeoutMs", /^milliseconds from 1 to/, "NaN"],
  ["no age", { maxAgeMs: 0 }, "maxAgeMs", /^milliseconds from 1 to/, "0"],
  ["a negative delay", { stableAfterMs: -1 }, "stableAfterMs", /^milliseconds from 0/, "-1"],
  [
    "a delay that no timer holds",
    { closeTimeoutMs: 2 ** 31 },
    "closeTimeoutMs",
    /to 2147483647$/,
    "2147483648",
  ],
  ["no limit", { connectTimeoutMs: Infinity }, "connectTimeoutMs", /^milliseconds/, "Infinity"],
  ["no time to connect", { connectTimeoutMs: 0 }, "connectTimeoutMs", /^milliseconds from 1/, "0"],
  ["text for a delay", { stableAfterMs: "5s" }, "stableAfterMs", /^milliseconds/, '"5s"'],
  ["null for a delay", { longOutageAfterMs: null }, "longOutageAfterMs", /^milliseconds/, "null"],
  [
    "a heartbeat of NaN",
    { heartbeat: { intervalMs: NaN } },
    "heartbeat.intervalMs",
    /^milliseconds/,
    "NaN",
  ],
  [
    "a heartbeat of no time",
    { heartbeat: { timeoutMs: 0 } },
    "heartbeat.timeoutMs",
    /^milliseconds from 1/,
    "0",
  ],
  [
    "no time to be suspended for",
    { heartbeat: { suspendedAfterMs: 0 } },
    "heartbeat.suspendedAfterMs",
    /^milliseconds from 1/,
    "0",
  ],
  ["a heartbeat that is none", { heartbeat: true }, "heartbeat", /^an object$/, "true"],
  [
    "a probe that is no function",
    { heartbeat: { probe: "ping" } },
    "heartbeat.probe",
    /^a function$/,
    '"ping"',
  ],

  // Backoff, retries, budget.
  ["an unknown backoff", { backoff: "slow" }, "backoff", /"default", "lone-client"/, '"slow"'],
  ["null for a backoff", { backoff: null }, "backoff", /^an object$/, "null"],
  [
    "an unknown jitter",
    { backoff: { jitter: "none", baseMs: 1, capMs: 2 } },
    "backoff.jitter",
    /^"full" or "equal" or "decorrelated"$/,
    '"none"',
  ],
  [
    "a cap below its base",
    { backoff: { jitter: "full", baseMs: 500, capMs: 499 } },
    "backoff.capMs",
    /^at least baseMs \(500\)$/,
    "499",
  ],
  [
    "a factor that shrinks",
    { backoff: { jitter: "full", baseMs: 1, capMs: 2, factor: 0.5 } },
    "backoff.factor",
    /^a number from 1 to 100$/,
    "0.5",
  ],
  ["retries of NaN", { maxRetries: NaN }, "maxRetries", /of at least 0 or Infinity$/, "NaN"],
  ["half a retry", { maxRetries: 1.5 }, "maxRetries", /^an integer/, "1.5"],
  ["retries below none", { maxRetries: -1 }, "maxRetries", /^an integer/, "-1"],
  [
    "an empty budget",
    { retryBudget: { attempts: 0, perMs: 1 } },
    "retryBudget.attempts",
    /^an integer of at least 1$/,
    "0",
  ],
  ["a seed that is none", { seed: "lucky" }, "seed", /^an integer/, '"lucky"'],

  // What is dialled.
  ["a header that is no text", { headers: { A: 5 } }, "headers.A", /^a string$/, '"number"'],
  [
    "a header with a line break",
    { headers: { A: "1\r\nB: 2" } },
    "headers.A",
    /^a string without control characters$/,
    '"one with some"',
  ],
  ["a header without a name", { headers: { "": "1" } }, "headers", /^valid header names$/, '""'],
  [
    "a header with a space in its name",
    { headers: { "My Header": "1" } },
    "headers",
    /^valid header names$/,
    '"My Header"',
  ],
  ["headers as pairs", { headers: [["A", "1"]] }, "headers", /^an object of/, "an array"],
  [
    "headers that would be left out",
    { headers: new Headers({ A: "1" }) },
    "headers",
    /^an object of/,
    "an object",
  ],
  [
    "a subprotocol with a space",
    { protocols: "a b" },
    "protocols",
    /^a subprotocol name/,
    '"one that is no HTTP token"',
  ],
  ["a subprotocol twice", { protocols: ["a", "a"] }, "protocols", /unique/, '"one of them twice"'],
  ["a subprotocol of no text", { protocols: [5] }, "protocols", /^a subprotocol name/, "5"],
  ["a login that is none", { authenticate: "token" }, "authenticate", /^a function$/, '"token"'],

  // Topics.
  ["an empty topic", { topics: [""] }, "topics[0]", /^a non-empty string/, '""'],
  ["a bigint in a topic", { topics: ["a", { id: 1n }] }, "topics[1]", /BigInt/, "an object"],
  ["a cycle in a topic", { topics: [cycle] }, "topics[0]", /circular/, "an object"],
  ["a set of topics", { topics: new Set(["a"]) }, "topics", /^a non-empty string/, "a Set"],

  // Functions and protocols.
  ["a decode that is none", { decode: "json" }, "decode", /^a function$/, '"json"'],
  ["a sequence that is none", { sequence: {} }, "sequence", /^a function$/, "an object"],
  [
    "subscriptions that are none",
    { subscriptions: 5 },
    "subscriptions",
    /subscribe function$/,
    "5",
  ],
  [
    "subscriptions without subscribe",
    { subscriptions: {} },
    "subscriptions",
    /subscribe function$/,
    "an object",
  ],
  [
    "an unsubscribe that is none",
    { subscriptions: { subscribe: noop, unsubscribe: 1 } },
    "subscriptions.unsubscribe",
    /^a function$/,
    "1",
  ],
  [
    "an acknowledge that is none",
    { subscriptions: { subscribe: noop, acknowledge: null } },
    "subscriptions.acknowledge",
    /^a function$/,
    "null",
  ],
  [
    "a protocol with no room in its frames",
    { subscriptions: { subscribe: noop, topicsPerFrame: 0 } },
    "subscriptions.topicsPerFrame",
    /^an integer of at least 1$/,
    "0",
  ],

  // Resubscribing, pacing.
  [
    "no topics in a frame",
    { subscriptions: answered, resubscribe: { topicsPerFrame: 0 } },
    "resubscribe.topicsPerFrame",
    /^an integer of at least 1$/,
    "0",
  ],
  [
    "several topics where one is the whole frame",
    { resubscribe: { topicsPerFrame: 2 } },
    "resubscribe.topicsPerFrame",
    /^1 where a topic is the frame itself$/,
    "2",
  ],
  [
    "one request that may take longer than all",
    { resubscribe: { timeoutMs: 1_000, requestTimeoutMs: 1_001 } },
    "resubscribe.requestTimeoutMs",
    /^at most resubscribe.timeoutMs \(1000\)$/,
    "1001",
  ],
  [
    "fewer retries than none",
    { resubscribe: { retries: -1 } },
    "resubscribe.retries",
    /^an integer of at least 0$/,
    "-1",
  ],
  ["null to resubscribe", { resubscribe: null }, "resubscribe", /^an object$/, "null"],
  [
    "a window without frames",
    { pacing: { perMs: 1_000 } },
    "pacing.frames",
    /^an integer from 1/,
    "NaN",
  ],
  [
    "a window without time",
    { pacing: [{ frames: 5, perMs: 1_000 }, { frames: 5 }] },
    "pacing[1].perMs",
    /^milliseconds from 1/,
    "NaN",
  ],
  [
    "a window of no frames",
    { resubscribe: { pacing: { frames: 0, perMs: 1 } } },
    "resubscribe.pacing.frames",
    /^an integer from 1/,
    "0",
  ],

  // The outbox.
  ["an outbox of NaN", { outbox: { messages: NaN } }, "outbox.messages", /^an integer/, "NaN"],
  ["bytes below none", { outbox: { bytes: -1 } }, "outbox.bytes", /^an integer/, "-1"],
  ["a life of no time", { outbox: { ttlMs: 0 } }, "outbox.ttlMs", /^milliseconds from 1/, "0"],
  [
    "an unknown overflow",
    { outbox: { overflow: "drop" } },
    "outbox.overflow",
    /^"reject" or "drop-oldest" or "drop-newest"$/,
    '"drop"',
  ],

  // Verdicts.
  ["a verdict that is none", { verdict: "retry" }, "verdict", /^a list of rules/, '"retry"'],
  ["a rule that is none", { verdict: [5] }, "verdict[0]", /^an object$/, "5"],
  [
    "a rule without a name",
    { verdict: [{ when: {}, ruling: { action: "retry" } }] },
    "verdict[0].name",
    /^a non-empty string$/,
    "undefined",
  ],
  [
    "two rules of one name",
    { verdict: [rule(), rule({ when: { status: 404 } })] },
    "verdict[1].name",
    /^a name of its own$/,
    '"mine"',
  ],
  [
    "a rule for a class that is none",
    { verdict: [rule({ when: { class: "droped" } })] },
    "verdict[0].when.class",
    /^the name of a class of loss, or a list of them$/,
    '"droped"',
  ],
  [
    "a rule for a status in text",
    { verdict: [rule({ when: { status: [401, "403"] } })] },
    "verdict[0].when.status",
    /^an HTTP status/,
    '"403"',
  ],
  [
    "a rule for no close code at all",
    { verdict: [rule({ when: { closeCode: [] } })] },
    "verdict[0].when.closeCode",
    /^a close code/,
    "an array",
  ],
  [
    "close codes the wrong way round",
    { verdict: [rule({ when: { closeCodes: [4_999, 4_000] } })] },
    "verdict[0].when.closeCodes",
    /^two close codes, \[from, to\]$/,
    "an array",
  ],
  [
    "one end of a range",
    { verdict: [rule({ when: { closeCodes: 4_000 } })] },
    "verdict[0].when.closeCodes",
    /^two close codes/,
    "4000",
  ],
  [
    "a pattern for a detail",
    { verdict: [rule({ when: { detailIncludes: /x/ } })] },
    "verdict[0].when.detailIncludes",
    /^a non-empty string$/,
    "an object",
  ],
  [
    "a rule for what no loss has",
    { verdict: [rule({ when: { reason: "x" } })] },
    "verdict[0].when.reason",
    /^one of class, status/,
    '"reason"',
  ],
  [
    "a ruling that is none",
    { verdict: [rule({ ruling: { action: "restart" } })] },
    "verdict[0].ruling.action",
    /^"retry" or "slow" or "now" or "renew" or "refuse"$/,
    '"restart"',
  ],
  [
    "a floor of NaN",
    { verdict: [rule({ ruling: { action: "retry", floorMs: NaN } })] },
    "verdict[0].ruling.floorMs",
    /^milliseconds/,
    "NaN",
  ],
  [
    "an alert that is no yes or no",
    { verdict: [rule({ ruling: { action: "retry", alerts: "loud" } })] },
    "verdict[0].ruling.alerts",
    /^true or false$/,
    '"loud"',
  ],
  [
    "a renewal that does not say what then",
    { verdict: [rule({ ruling: { action: "renew", otherwise: { action: "refuse" } } })] },
    "verdict[0].ruling.fixed",
    /^an object$/,
    "undefined",
  ],
  [
    "a renewal after a renewal",
    {
      verdict: [
        rule({
          ruling: { action: "renew", otherwise: { action: "renew" }, fixed: { action: "refuse" } },
        }),
      ],
    },
    "verdict[0].ruling.otherwise.action",
    /^"retry" or "slow" or "now" or "refuse"$/,
    '"renew"',
  ],
  [
    "a repetition without a number",
    { verdict: [rule({ repeated: { withinMs: 1_000, ruling: { action: "refuse" } } })] },
    "verdict[0].repeated.times",
    /^an integer of at least 1$/,
    "NaN",
  ],
  [
    "a repetition without a time",
    { verdict: [rule({ repeated: { times: 3, ruling: { action: "refuse" } } })] },
    "verdict[0].repeated.withinMs",
    /^milliseconds from 1/,
    "NaN",
  ],

  // The world.
  ["a clock that is none", { clock: null }, "clock", /^a clock$/, "null"],
  [
    "a clock without a method",
    { clock: { nowMs: () => 0, setTimeout: noop, clearTimeout: noop } },
    "clock.nextTurn",
    /^a function$/,
    "undefined",
  ],
  ["a transport that is none", { transport: {} }, "transport", /^a function$/, "an object"],
  [
    "`ws` with a transport",
    { ws: { maxPayload: 1_024 } },
    "ws",
    /^undefined where `transport` is given$/,
    "an object",
  ],
  [
    "`ws` options that are none",
    { transport: undefined, ws: { maxPayload: -1 } },
    "ws.maxPayload",
    /^an integer from 1/,
    "-1",
  ],
  ["a signal that is none", { signal: {} }, "signal", /^an AbortSignal$/, "an object"],
  [
    "an inspector that is none",
    { inspect: "all" },
    "inspect",
    /^a function or an observer$/,
    '"all"',
  ],
  [
    "an observer without eyes",
    { inspect: {} },
    "inspect",
    /^a function or an observer$/,
    "an object",
  ],
];

/** A good rule, but for `wrong`. */
function rule(wrong: Wrong = {}): Wrong {
  return { name: "mine", when: {}, ruling: { action: "retry" }, ...wrong };
}

describe("an option that cannot work", () => {
  it.each(rows)(
    "%s: is named, with what was expected and what came",
    (_, options, path, wanted, got) => {
      const { option, expected, message, dials } = complaintAbout(options);
      expect(option).toBe(path);
      expect(expected).toMatch(wanted);
      expect(message).toBe(`${path}: expected ${expected}, received ${got}`);
      expect(dials).toBe(0);
    },
  );

  it("may be `undefined` instead: the default", () => {
    const names = rows.flatMap(([, options]) =>
      typeof options === "object" && options !== null ? Object.keys(options) : [],
    );
    const known = names.filter((name) => !["heartBeat", "max", "zeal", "transport"].includes(name));
    const options = Object.fromEntries(known.map((name) => [name, undefined]));
    expect(() => createSupervisor(url, options)).not.toThrow();
  });

  it("may be at the very edge of what works", () => {
    const options = {
      connectTimeoutMs: 1,
      closeTimeoutMs: 0,
      stableAfterMs: 2 ** 31 - 1,
      maxRetries: 0,
      backoff: { jitter: "full", baseMs: 500, capMs: 500 },
      retryBudget: { attempts: 1, perMs: 1 },
      resubscribe: { timeoutMs: 1_000, requestTimeoutMs: 1_000, topicsPerFrame: 1 },
      pacing: null,
      heartbeat: null,
      outbox: { messages: 0, bytes: 0, ttlMs: null },
      verdict: [
        rule({
          when: { class: ["dropped", "silent"], status: 404, closeCodes: [4_000, 4_000] },
          repeated: { times: 1, withinMs: 1, ruling: { action: "refuse" } },
        }),
      ],
    } as const;
    expect(() => createSupervisor(url, options as never)).not.toThrow();
  });
});

describe("a target that cannot work", () => {
  const wanted = "a ws:, wss:, http:, https: or ws+unix: URL without a fragment";

  it.each([
    ["no URL", "venue.example/feed", '"venue.example/..."'],
    ["an empty one", "", '""'],
    ["another scheme", "ftp://venue.example/", '"ftp:"'],
    ["a host taken for a scheme", "localhost:8080", '"localhost:"'],
    ["a fragment", "wss://venue.example/#top", '"a URL with a fragment"'],
    ["a number", 8080, "8080"],
    ["null", null, "null"],
    ["an object that is no venue", { url }, "an object"],
  ])("%s: is said before anything is dialled", (_, target, received) => {
    const { option, message, dials } = complaintAbout({}, target);
    expect(option).toBe("url");
    expect(message).toBe(`url: expected ${wanted}, received ${received}`);
    expect(dials).toBe(0);
  });

  it.each(["ws://a/", "wss://a/", "http://a/", "https://a/", "ws+unix:/run/a.sock", new URL(url)])(
    "is none of %s",
    (target) => {
      expect(() => createSupervisor(target as string)).not.toThrow();
    },
  );

  it.each([
    ["1,024 topics", 1_024, undefined],
    ["one topic more than the venue takes", 1_025, /^topics: expected at most 1024 topics/],
  ])("is judged by what the venue takes: %s", (_, count, complaint) => {
    const topics = Array.from({ length: count }, (__, index) => `s${index}usdt@trade`);
    if (complaint === undefined) {
      expect(() => createSupervisor(binanceSpot(), { topics })).not.toThrow();
    } else {
      expect(complaintAbout({ topics }, binanceSpot()).message).toMatch(complaint);
    }
  });
});

describe("a secret", () => {
  const secret = "hunter2";

  it.each([
    ["a URL's userinfo", {}, `wss//me:${secret}@venue.example/feed`],
    ["a URL's userinfo with a slash in it", {}, `wss//me:${secret}/x@venue.example/feed`],
    ["a URL's query", {}, `venue.example/feed?token=${secret}`],
    ["a URL's path", {}, `venue.example/ws/${secret}`],
    ["the query of a good URL with a fragment", {}, `wss://venue.example/?token=${secret}#x`],
    ["the query of a URL of another scheme", {}, `ftp://me:${secret}@venue.example/`],
    ["a header's value", { headers: { Authorization: `Bearer ${secret}\n` } }, url],
    ["a header's list of values", { headers: { Authorization: [secret] } }, url],
    ["a subprotocol that is a token", { protocols: ["bearer", `${secret} `] }, url],
    ["a subprotocol given twice", { protocols: [secret, secret] }, url],
  ])("in %s is not in the error", (_, options, target) => {
    const { message, expected, option } = complaintAbout(options, target);
    expect(`${message} ${expected} ${option}`).not.toContain(secret);
  });
});

describe("an argument that cannot work", () => {
  const calls: readonly (readonly [string, (feed: Supervisor) => unknown, string])[] = [
    [
      "subscribe to nothing",
      (feed) => feed.subscribe(""),
      'topic: expected a non-empty string or a JSON-serialisable object, received ""',
    ],
    [
      "unsubscribe from a number",
      (feed) => feed.unsubscribe(5 as never),
      "topic: expected a non-empty string or a JSON-serialisable object, received 5",
    ],
    [
      "send an object",
      (feed) => feed.send({ a: 1 } as never),
      "data: expected a string or a Uint8Array, received an object",
    ],
    [
      "send nothing",
      (feed) => feed.send(undefined as never),
      "data: expected a string or a Uint8Array, received undefined",
    ],
    [
      "send with a life of NaN",
      (feed) => feed.send("a", { ttlMs: NaN }),
      "ttlMs: expected milliseconds from 1 to 2147483647, received NaN",
    ],
    [
      "close with a code of ours",
      (feed) => feed.close(1001),
      "code: expected 1000 or an integer from 3000 to 4999, received 1001",
    ],
    [
      "close with a code that is none",
      (feed) => feed.close(5000),
      "code: expected 1000 or an integer from 3000 to 4999, received 5000",
    ],
    [
      "close with half a code",
      (feed) => feed.close(4000.5),
      "code: expected 1000 or an integer from 3000 to 4999, received 4000.5",
    ],
    [
      "close with a reason of 124 bytes",
      (feed) => feed.close(1000, "€".repeat(41) + "x"),
      /^reason: expected a string of at most 123 bytes, received "€+x"$/.source,
    ],
    [
      "listen with no function",
      (feed) => feed.on("up", undefined as never),
      "listener: expected a function, received undefined",
    ],
    [
      "iterate with an unknown option",
      (feed) => feed.messages({ highwatermark: 5 } as never),
      'messages.highwatermark: expected a known option, such as highWaterMark, received "highwatermark"',
    ],
    [
      "iterate with null",
      (feed) => feed.messages(null as never),
      "messages: expected an object, received null",
    ],
    [
      "iterate without room",
      (feed) => feed.messages({ highWaterMark: 0 }),
      "highWaterMark: expected an integer of at least 1, received 0",
    ],
    [
      "iterate with an unknown overflow",
      (feed) => feed.messages({ overflow: "block" as never }),
      'overflow: expected "drop-oldest" or "drop-newest" or "conflate" or "pause", received "block"',
    ],
    [
      "iterate with a key that is none",
      (feed) => feed.messages({ key: "stream" as never }),
      'key: expected a function, received "stream"',
    ],
    [
      "iterate with a budget of no time",
      (feed) => feed.messages({ pauseBudgetMs: 0 }),
      "pauseBudgetMs: expected milliseconds from 1 to 2147483647, received 0",
    ],
    [
      "iterate with a signal that is none",
      (feed) => feed.messages({ signal: true as never }),
      "signal: expected an AbortSignal, received true",
    ],
    [
      "wait with a signal that is none",
      (feed) => feed.ready({ signal: {} as never }),
      "signal: expected an AbortSignal, received an object",
    ],
  ];

  it.each(calls)("%s: is said at once, and changes nothing", (_, call, message) => {
    const world = startSupervisor();
    world.comesUp();
    const before = world.facts.length;

    expect(() => call(world.feed)).toThrow(OptionError);
    expect(() => call(world.feed)).toThrow(
      message.startsWith("^") ? new RegExp(message, "u") : message,
    );
    expect(world.facts).toHaveLength(before);
    expect(world.socket.sent).toEqual([]);
    expect(world.socket.closedWith).toBeUndefined();
    expect(world.feed.status()).toMatchObject({ state: "connected", queues: [], listeners: 1 });
  });

  it.each([
    [1000, ""],
    [3000, ""],
    [4999, "x".repeat(123)],
  ])("is none of close(%i, a reason that fits)", (code, reason) => {
    const world = startSupervisor();
    world.comesUp();
    void world.feed.close(code, reason);
    expect(world.socket.closedWith).toEqual({ code, reason });
  });
});
