/** All that can happen to a connection, as its chart hears it. */
import {
  connectionMachine,
  type ConnectionInput,
  type ConnectionSnapshot,
  type Loss,
} from "../../../machines/index.ts";
import { createSupervisor } from "../../../src/index.ts";
import {
  exploreChart,
  VirtualClock,
  type ChartStimulus,
  type ExploreOptions,
} from "../../../src/testing/index.ts";
import { answered, type Json } from "../../src/start-supervisor.ts";

/** Few retries, and credentials that can be renewed: every road of the chart is a short one. */
export const connectionOptions = {
  quarantine: null, // the walk kills sockets at every step; no topic is to blame
  topics: ["a", "b"],
  decode: (data: Buffer) => JSON.parse(data.toString()) as Json,
  subscriptions: answered,
  maxRetries: 3,
  maxAgeMs: 86_400_000,
  // The model knows no time: a retry comes as late as the token of a command that has to wait.
  backoff: () => 2 ** 31 - 1,
};

/** So many commands and no more, ever: whether their bucket is empty is no matter of time then. */
export function withCommands(input: ConnectionInput, attempts: number): ConnectionInput {
  const commandBudget = { attempts, perMs: 1e15 };
  return { ...input, policy: { ...input.policy, commandBudget } };
}

/** What the venue announces: far enough away for every other timer to come first. */
export const notice = { withinMs: 7_200_000, detail: "maintenance in two hours" } as const;

/** How long no data came. */
export const muteForMs = 90_000;

export const connectionUrl = () => "wss://venue.example/feed";

function ends(loss: Loss): ChartStimulus<typeof connectionMachine> {
  return { events: [{ type: "socket.ended", loss, atMs: 0 }] };
}

const anywhere = { when: () => true };

/** A command may have to wait for the pace of credentials, which is a matter of time. */
function isTimeless({ context: { renewal } }: ConnectionSnapshot): boolean {
  return !renewal.isDue || renewal.calledAtMs === null;
}

const stimuli = {
  "the dial progresses": { events: [{ type: "socket.progressed", phase: "tls" }] },
  "the socket opens": { events: [{ type: "socket.opened", atMs: 0 }] },
  "the peer confirms": {
    events: [{ type: "subscriptions.settled" }],
    when: (snapshot) => snapshot.matches("connected"),
  },
  "the socket drops": ends({ class: "dropped", phase: "open" }),
  "the server wants other credentials": {
    ...ends({ class: "http-refusal", phase: "upgrade", status: 401 }),
    when: (snapshot) => snapshot.matches("connecting"),
  },
  "the peer forbids it": ends({ class: "closed-by-peer", phase: "open", closeCode: 3003 }),
  "the peer falls silent": {
    events: [
      {
        type: "xstate.done.actor.heartbeat",
        actorId: "heartbeat",
        output: { silentMs: 20_000, atMs: 0 },
      },
    ],
  },
  "the venue will go away": {
    events: [{ type: "socket.expiring", ...notice, atMs: 0 }],
    when: (snapshot) => snapshot.matches("connecting") || snapshot.matches("connected"),
  },
  "the connection is mute": {
    events: [{ type: "socket.mute", silentMs: muteForMs, atMs: 0 }],
    when: (snapshot) => snapshot.matches("connecting") || snapshot.matches("connected"),
  },
  "a first stream breaks": {
    events: [{ type: "desk.wanted" }],
    // Only what a socket receives shows that a stream is broken.
    when: ({ value }) => value === "connecting" || value === "closing" || typeof value === "object",
  },
  connect: {
    events: [{ type: "connect" }],
    when: isTimeless,
  },
  reconnect: {
    events: [{ type: "reconnect" }],
    when: isTimeless,
  },
  close: { events: [{ type: "close" }], ...anywhere },
  terminate: { events: [{ type: "terminate" }], ...anywhere },
  // The chart hears nothing of these.
  "a message is sent": { events: [], ...anywhere },
  "a socket that is over still talks": { events: [], ...anywhere },
} satisfies Record<string, ChartStimulus<typeof connectionMachine>>;

const { input } = createSupervisor(connectionUrl, {
  ...connectionOptions,
  clock: new VirtualClock(),
});

const common = {
  // The link dials at once, and says so.
  answer: ({ value, context }) =>
    value === "connecting" && context.dialledAtMs === null
      ? { type: "socket.dialled", atMs: 0 }
      : undefined,
  key: ({ value, context }) => {
    const { failures, isUp, dialReason, renewal, commands, rotation } = context;
    const { budget, isWaiting, isDelayTold } = commands;
    return JSON.stringify({
      value,
      failures,
      isUp,

      dialReason,
      renewal: [renewal.isDue, renewal.calls > 0, renewal.calledAtMs === null],
      commands: [budget.tokens >= 1, isWaiting, isDelayTold],
      plan: rotation?.detail,
    });
  },
} satisfies Partial<ExploreOptions<typeof connectionMachine, string>>;

export const connectionModel = exploreChart(connectionMachine, {
  ...common,
  input: withCommands(input, 1e9),
  stimuli,
});

const never = { when: () => false };

/** Commands in an outage that never gets long: then no time passes in which a token could come. */
export const commandsModel = exploreChart(connectionMachine, {
  ...common,
  input: withCommands(input, 1),
  stimuli: {
    ...stimuli,
    "the dial progresses": { ...stimuli["the dial progresses"], ...never },
    "the venue will go away": { ...stimuli["the venue will go away"], ...never },
    "the connection is mute": { ...stimuli["the connection is mute"], ...never },
    "a first stream breaks": { ...stimuli["a first stream breaks"], ...never },
    "a message is sent": { ...stimuli["a message is sent"], ...never },
    "a socket that is over still talks": {
      ...stimuli["a socket that is over still talks"],
      ...never,
    },
    "the outage gets long": { timer: "outage.prolonged", events: [], ...never },
  },
});
