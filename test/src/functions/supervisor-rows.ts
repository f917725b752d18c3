/** The functions among the options of a supervisor. */
import type { Position, SequencePoint } from "../../../src/index.ts";
import { bridgeRange } from "../../../src/venues/index.ts";
import {
  answered,
  everySecond,
  type Json,
  numbered,
  promisesSettle,
  startSupervisor,
  url,
} from "../start-supervisor.ts";
import { all, type Given, type Row } from "./given.ts";
import { live, orRefused } from "./life.ts";

const asking = (name: string) => (given: Given) =>
  live({ subscriptions: { ...answered, [name]: given } });

const listening = (type: "message" | "up") => (given: Given) =>
  live({}, ({ feed }) => void feed.on(type, given));

/** A stream whose snapshots are fetched: what is told of it, and what is delivered. */
function recovering(parts: object): Promise<string> {
  return orRefused(async () => {
    const recovery = { fetchSnapshot, bridge: bridgeRange, ...parts };
    const world = startSupervisor<Json>({ ...numbered, topics: ["a"], recovery });
    const kinds: string[] = [];
    world.feed.on("*", ({ type }) => {
      if (["invalid", "snapshot", "valid", "callback.failed"].includes(type)) kinds.push(type);
    });
    world.comesUp();
    world.receives({ s: "a", n: 11 });
    for (let second = 0; second < 300; second += 1) {
      await promisesSettle();
      world.clock.advance(1_000);
      if (second % 10 === 0) world.receives({ s: "a", n: 12 + second / 10 });
    }
    kinds.push(...world.alerts("recovery-failed").map(({ kind }) => `alert ${kind}`));
    world.feed.terminate();
    return [...new Set(kinds)].join(", ");
  });
}

const fetchSnapshot = (): Promise<{ data: string; position: Position }> =>
  Promise.resolve({ data: "book", position: 10 });

/** Messages of one key wait in one place: how many are delivered of three. */
function conflating(key: Given): Promise<string> {
  return orRefused(async () => {
    const world = startSupervisor<Json>(numbered);
    world.comesUp();
    const items = world.feed.messages({ overflow: "conflate", key });
    world.receives({ s: "a", n: 1 }, { s: "a", n: 2 }, { s: "a", n: 3 });
    void world.feed.close();
    world.socket.answersClose();
    let count = 0;
    for await (const item of items) if (item.kind === "message") count += 1;
    const failed = world.failedCallbacks().map((name) => `callback.failed ${name}`);
    return [`${count} of 3 messages`, ...new Set(failed)].join(", ");
  });
}

const schemaOf = (validate: Given) => ({ "~standard": { version: 1, vendor: "test", validate } });

export const supervisorRows = [
  {
    option: "Target",
    fine: "6 messages",
    promised: all("0 messages, loss config by url, alert failed, failed", {
      async: "6 messages",
      throws: "0 messages, loss resolver",
      rejects: "0 messages, loss resolver",
      hangs: "0 messages, loss handshake-timeout in resolve",
    }),
    right: () => url,
    live: (given) => live({ target: given }),
  },
  {
    option: "SupervisorOptions.protocols",
    fine: "6 messages",
    promised: all("0 messages, loss config by protocols, alert failed, failed", {
      async: "6 messages",
      throws: "0 messages, loss resolver",
      rejects: "0 messages, loss resolver",
      hangs: "0 messages, loss handshake-timeout in resolve",
    }),
    right: () => ["feed.v1"],
    live: (given) => live({ protocols: given }),
  },
  {
    option: "SupervisorOptions.headers",
    fine: "6 messages",
    promised: all("0 messages, loss config by headers, alert failed, failed", {
      async: "6 messages",
      throws: "0 messages, loss resolver",
      rejects: "0 messages, loss resolver",
      hangs: "0 messages, loss handshake-timeout in resolve",
    }),
    right: () => ({ authorization: "Bearer x" }),
    live: (given) => live({ headers: given }),
  },
  {
    option: "SupervisorOptions.authenticate",
    fine: "6 messages",
    promised: all("6 messages", {
      throws: "0 messages, loss auth, loss handshake-timeout in resolve, alert credentials-refused",
      rejects:
        "0 messages, loss auth, loss handshake-timeout in resolve, alert credentials-refused",
      hangs: "0 messages, loss handshake-timeout in authenticate",
    }),
    right: () => undefined,
    live: (given) => live({ authenticate: given }),
  },
  {
    option: "SupervisorOptions.decode",
    fine: "6 messages",
    promised: all("0 messages, message.invalid by decode()", {
      async: "OptionError decode",
      throws: "0 messages, message.invalid",
      map: "6 messages",
      null: "6 messages",
    }),
    right: numbered.decode,
    // Without a protocol that could stumble over what is decoded.
    live: (given) => live({ decode: given, sequence: undefined, subscriptions: undefined }),
  },
  {
    option: "SupervisorOptions.sequence",
    fine: "6 messages",
    promised: all("6 messages, message.unjudged by sequence()", {
      async: "OptionError sequence",
      throws: "0 messages, message.invalid",
      null: "6 messages",
      undefined: "6 messages",
    }),
    right: ({ s = "?", n = 0 }: Json): SequencePoint | undefined =>
      n > 0 ? { stream: s, first: n, last: n, scope: "stream" } : undefined,
    live: (given) => live({ sequence: given }),
  },
  {
    option: "SupervisorOptions.recovery",
    fine: "6 messages",
    promised: all("6 messages, callback.failed recovery", {
      async: "OptionError recovery",
      null: "6 messages",
      undefined: "6 messages",
    }),
    right: () => "none",
    live: (given) => live({ recovery: given }),
  },
  {
    option: "SnapshotRecovery.fetchSnapshot",
    fine: "invalid, snapshot, valid",
    promised: all("invalid, alert recovery-failed", { async: "invalid, snapshot, valid" }),
    right: fetchSnapshot,
    live: (given) => recovering({ fetchSnapshot: given }),
  },
  {
    option: "SnapshotRecovery.bridge",
    fine: "invalid, snapshot, valid",
    promised: all("invalid, callback.failed, alert recovery-failed", {
      async: "OptionError recovery.bridge",
    }),
    right: bridgeRange,
    live: (given) => recovering({ bridge: given }),
  },
  {
    option: "SupervisorOptions.freshness",
    fine: "6 messages",
    promised: all("6 messages, callback.failed freshness", {
      async: "OptionError freshness",
      null: "6 messages",
      undefined: "6 messages",
    }),
    right: () => ({ silenceMs: 60_000 }),
    live: (given) => live({ freshness: given }),
  },
  {
    option: "SupervisorOptions.schema",
    fine: "6 messages",
    promised: all("6 messages, callback.failed schema", {
      async: "OptionError schema",
      undefined: "6 messages",
    }),
    right: () => schemaOf((value: unknown) => ({ value })),
    // Topics come from a venue alone: the schema of no topic is asked for.
    live: (given) => live({ schema: given }),
  },
  {
    option: "StandardSchemaV1.validate",
    fine: "6 messages",
    promised: all("0 messages, message.invalid by validate()", {
      async: "6 messages, callback.failed schema",
      throws: "0 messages, message.invalid",
    }),
    right: (value: unknown) => ({ value }),
    live: (given) => live({ schema: () => schemaOf(given) }),
  },
  {
    option: "SupervisorOptions.backoff",
    fine: "6 messages",
    promised: all("6 messages, callback.failed backoff", { async: "OptionError backoff" }),
    right: () => 1_000,
    live: (given) => live({ backoff: given }),
  },
  {
    option: "SupervisorOptions.verdict",
    fine: "6 messages",
    promised: all("6 messages, callback.failed verdict", {
      async: "OptionError verdict",
      undefined: "6 messages",
    }),
    right: () => ({ action: "retry" }),
    live: (given) => live({ ...everySecond, verdict: given }),
  },
  {
    option: "HeartbeatOptions.probe",
    fine: "6 messages",
    promised: all("6 messages, callback.failed heartbeat.probe", {
      async: "OptionError heartbeat.probe",
    }),
    right: () => "ping",
    live: (given) => live({ heartbeat: { probe: given } }),
  },
  {
    option: "SubscriptionProtocol.subscribe",
    fine: "6 messages",
    promised: all(
      "6 messages, callback.failed subscriptions.subscribe, topic.refused, alert topic-refused",
      { async: "OptionError subscriptions.subscribe" },
    ),
    right: answered.subscribe,
    live: asking("subscribe"),
  },
  {
    option: "SubscriptionProtocol.unsubscribe",
    fine: "6 messages",
    promised: all("6 messages, callback.failed subscriptions.unsubscribe", {
      async: "OptionError subscriptions.unsubscribe",
    }),
    right: (topics: string[], id: number) => ({ op: "unsub", topics, id }),
    live: asking("unsubscribe"),
  },
  {
    option: "SubscriptionProtocol.acknowledge",
    fine: "6 messages",
    promised: all(
      "2 messages, callback.failed subscriptions.acknowledge, alert subscriptions-timed-out",
      {
        async: "OptionError subscriptions.acknowledge",
        throws: "0 messages, message.invalid, alert subscriptions-timed-out",
        null: "2 messages, alert subscriptions-timed-out",
        undefined: "2 messages, alert subscriptions-timed-out",
      },
    ),
    right: ({ ack }: Json) => (ack === undefined ? undefined : { id: ack }),
    live: asking("acknowledge"),
  },
  {
    option: "SupervisorOptions.inspect",
    fine: "6 messages",
    promised: all("6 messages", {
      throws: "6 messages, callback.failed inspect",
      rejects: "6 messages, callback.failed inspect",
    }),
    right: () => undefined,
    live: (given) => live({ inspect: given }),
  },
  {
    option: "Listener",
    fine: "6 messages",
    promised: all("6 messages", {
      throws: '6 messages, callback.failed listener of "message"',
      rejects: '6 messages, callback.failed listener of "message"',
    }),
    right: () => undefined,
    live: listening("message"),
  },
  {
    option: "Listener",
    fine: "6 messages",
    promised: all("6 messages", {
      throws: '6 messages, callback.failed listener of "up"',
      rejects: '6 messages, callback.failed listener of "up"',
    }),
    right: () => undefined,
    live: listening("up"),
  },
  {
    option: "MessagesOptions.key",
    fine: "1 of 3 messages",
    promised: all("3 of 3 messages, callback.failed messages().key", {
      async: "OptionError key",
      null: "3 of 3 messages",
      undefined: "3 of 3 messages",
    }),
    right: () => "a",
    live: conflating,
  },
] as const satisfies readonly Row[];
