/** All that can happen to a connection, as its chart hears it. */
import { connectionMachine, type Loss } from "../../../machines/index.ts";
import { createSupervisor } from "../../../src/index.ts";
import { exploreChart, type ChartStimulus } from "../../../src/testing/index.ts";
import { answered, type Json } from "../../src/start-supervisor.ts";

/** Few retries, and credentials that can be renewed: every road of the chart is a short one. */
export const connectionOptions = {
  quarantine: null, // the walk kills sockets at every step; no topic is to blame
  topics: ["a", "b"],
  decode: (data: Buffer) => JSON.parse(data.toString()) as Json,
  subscriptions: answered,
  maxRetries: 3,
  maxAgeMs: 86_400_000,
};

/** What the venue announces: far enough away for every other timer to come first. */
export const notice = { withinMs: 7_200_000, detail: "maintenance in two hours" } as const;

/** How long no data came. */
export const muteForMs = 90_000;

export const connectionUrl = () => "wss://venue.example/feed";

function ends(loss: Loss): ChartStimulus<typeof connectionMachine> {
  return { events: [{ type: "socket.ended", loss, atMs: 0 }] };
}

const anywhere = { when: () => true };

export const connectionModel = exploreChart(connectionMachine, {
  input: createSupervisor(connectionUrl, connectionOptions).input,
  stimuli: {
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
      when: ({ value }) =>
        value === "connecting" || value === "closing" || typeof value === "object",
    },
    connect: { events: [{ type: "connect" }], ...anywhere },
    reconnect: { events: [{ type: "reconnect" }], ...anywhere },
    close: { events: [{ type: "close" }], ...anywhere },
    terminate: { events: [{ type: "terminate" }], ...anywhere },
    // The chart hears nothing of these.
    "a message is sent": { events: [], ...anywhere },
    "a socket that is over still talks": { events: [], ...anywhere },
  },
  // The link dials at once, and says so.
  answer: ({ value, context }) =>
    value === "connecting" && context.dialledAtMs === null
      ? { type: "socket.dialled", atMs: 0 }
      : undefined,
  key: ({ value, context: { failures, isUp, dialReason, hasRenewed, rotation } }) =>
    JSON.stringify({ value, failures, isUp, dialReason, hasRenewed, plan: rotation?.detail }),
});
