/** All that can happen to a heartbeat, as its chart hears it: what its checks find, and how late. */
import { heartbeatMachine, type HeartbeatPolicy } from "../../../machines/index.ts";
import { createSupervisor } from "../../../src/index.ts";
import { exploreChart, type ChartStimulus } from "../../../src/testing/index.ts";

export const heartbeatUrl = "wss://venue.example/feed";
export const policy: HeartbeatPolicy = { intervalMs: 15_000, timeoutMs: 5_000 };

const { intervalMs, timeoutMs } = policy;

/** Later than a timer may be before the heartbeat suspects its own process. */
export const lateMs = timeoutMs * 0.5 + 1;
/** Longer than a peer keeps a connection whose process stands still. */
export const minutesMs = intervalMs + 120_000 + 1;
/** How soon after a check the peer talks where it does. */
export const soonMs = 1;

type Events = ChartStimulus<typeof heartbeatMachine>["events"];

/** A check finds that the peer talked `soonMs` after the one before. */
function finds(peer: "life" | "silence", wait: "interval" | "timeout", moreMs = 0): Events {
  return ({ context: { checkedAtMs, silentMs } }) => {
    const waitMs = wait === "timeout" ? timeoutMs : Math.max(intervalMs - silentMs, 0);
    const afterMs = waitMs + moreMs;
    return [
      {
        type: "peer.checked",
        silentMs: peer === "life" ? afterMs - soonMs : silentMs + afterMs,
        atMs: checkedAtMs + afterMs,
      },
    ];
  };
}

export const heartbeatModel = exploreChart(heartbeatMachine, {
  input: { link: createSupervisor(heartbeatUrl).input.link, policy, startedAtMs: 1 },
  stimuli: {
    "the peer talks, the interval passes": {
      timer: "restOfInterval",
      events: finds("life", "interval"),
    },
    "the interval passes in silence": {
      timer: "restOfInterval",
      events: finds("silence", "interval"),
    },
    "we stand still for minutes, then the interval is over": {
      timer: "restOfInterval",
      events: finds("silence", "interval", minutesMs),
    },
    "the peer answers, the timeout passes": { timer: "timeout", events: finds("life", "timeout") },
    "the timeout passes in silence": { timer: "timeout", events: finds("silence", "timeout") },
    "the timeout passes in silence, noticed late": {
      timer: "timeout",
      events: finds("silence", "timeout", lateMs),
    },
    "we stand still for minutes, then the timeout is over": {
      timer: "timeout",
      events: finds("silence", "timeout", minutesMs),
    },
    "the loop turns, and data was waiting": {
      when: ({ value }) => value === "doubting",
      events: ({ context: { checkedAtMs } }) => [
        { type: "peer.checked", silentMs: 0, atMs: checkedAtMs + timeoutMs },
      ],
    },
    "the loop turns in silence": {
      when: ({ value }) => value === "doubting",
      events: finds("silence", "timeout"),
    },
  },
  // A wait that was cut short, because the peer had talked in the one before, is a wait of its own.
  key: ({ value, context: { repeats, silentMs } }) =>
    JSON.stringify({ value, repeats, isShort: value === "quiet" && silentMs > 0 }),
});

/** Where no heartbeat is wanted nothing can happen. */
export const heartbeatOffModel = exploreChart(heartbeatMachine, {
  input: { link: createSupervisor(heartbeatUrl).input.link, policy: null },
  stimuli: {},
});
