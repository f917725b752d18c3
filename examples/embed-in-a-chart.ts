/**
 * The connection as an actor of a user's own chart: a trading service that quotes only while its feed
 * is ready, and asks a person for help when the connection has failed for good.
 *
 * The chart runs the lifecycle; `supervisor` stays the handle for subscribe, send and messages.
 * `failed` is a resting state, so `onDone` does not fire for it: the service reads the child's tags and
 * state in `onSnapshot` and tells itself what they mean. Executed by `test/package/examples.test.ts`.
 */
import { assign, raise, sendTo, setup } from "xstate";
import { connectionMachine, type ConnectionSnapshot } from "ws-supervisor/machines";
import type { Supervisor } from "ws-supervisor";

export interface ServiceContext {
  /** How often quoting had to stop because the feed was away. */
  readonly outages: number;
}

export type ServiceEvent =
  | { readonly type: "stop" }
  /** A person has mended what was refused. */
  | { readonly type: "try again" }
  | { readonly type: "feed.ready" | "feed.away" | "feed.failed" };

/** A service's chart around `supervisor`, made with `createSupervisor`. */
export function createServiceMachine(supervisor: Pick<Supervisor, "input">) {
  return setup({
    types: {} as { context: ServiceContext; events: ServiceEvent },
    actors: { connection: connectionMachine },
    actions: {
      countOutage: assign({ outages: ({ context }) => context.outages + 1 }),
      judgeFeed: raise((_, feed: ConnectionSnapshot): ServiceEvent => {
        if (feed.hasTag("ready")) return { type: "feed.ready" };
        return { type: feed.matches("failed") ? "feed.failed" : "feed.away" };
      }),
      connect: sendTo("connection", { type: "connect" }),
      close: sendTo("connection", { type: "close" }),
    },
  }).createMachine({
    id: "service",
    context: { outages: 0 },
    initial: "running",
    states: {
      running: {
        invoke: {
          src: "connection",
          id: "connection",
          input: supervisor.input,
          onSnapshot: { actions: { type: "judgeFeed", params: ({ event }) => event.snapshot } },
          onDone: "stopped",
        },
        initial: "waiting",
        states: {
          waiting: {
            description: "No feed, no quotes.",
            on: { "feed.ready": "quoting", "feed.failed": "needsHelp" },
          },
          quoting: {
            description: "The feed is ready.",
            on: {
              "feed.away": { target: "waiting", actions: "countOutage" },
              "feed.failed": { target: "needsHelp", actions: "countOutage" },
            },
          },
          needsHelp: {
            description: "The connection has failed for good.",
            on: { "try again": { actions: "connect" }, "feed.away": "waiting" },
          },
        },
        on: { stop: { actions: "close" } },
      },
      stopped: { type: "final" },
    },
  });
}
