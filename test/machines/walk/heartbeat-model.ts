/** All that can happen to a heartbeat, as its chart hears it: what its watch tells, what checks find, how late. */
import type { SnapshotFrom } from "xstate";
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

/** Nobody answered, or we were away: the watch tells it so long after the look before. */
function tells(afterMs: number, silentMs: "all along" | "since the last look"): Events {
  return ({ context: { checkedAtMs, silentMs: before } }) => {
    const last =
      silentMs === "all along" ? { afterMs: intervalMs - before, silentMs: intervalMs } : undefined;
    const lastAtMs = checkedAtMs + (last?.afterMs ?? 0);
    const silence = (last?.silentMs ?? before) + afterMs;
    return [{ type: "peer.unheard", silentMs: silence, atMs: lastAtMs + afterMs, lastAtMs }];
  };
}

/** A check finds that the peer talked `soonMs` after the one before, or did not. */
function finds(peer: "life" | "silence", afterMs: number): Events {
  return ({ context: { checkedAtMs, silentMs } }) => [
    {
      type: "peer.checked",
      silentMs: peer === "life" ? afterMs - soonMs : silentMs + afterMs,
      atMs: checkedAtMs + afterMs,
    },
  ];
}

type Snapshot = SnapshotFrom<typeof heartbeatMachine>;

const isWatching = ({ value }: Snapshot): boolean => value === "watching";
const isDoubting = ({ value }: Snapshot): boolean => value === "doubting";

export const heartbeatModel = exploreChart(heartbeatMachine, {
  input: { link: createSupervisor(heartbeatUrl).input.link, policy, startedAtMs: 1 },
  stimuli: {
    // While the link watches.
    "the peer talks, hour after hour": { when: isWatching, events: [] },
    "the peer only answers, hour after hour": { when: isWatching, events: [] },
    "the peer does not answer": { when: isWatching, events: tells(timeoutMs, "all along") },
    "the peer does not answer, noticed late": {
      when: isWatching,
      events: tells(timeoutMs + lateMs, "all along"),
    },
    "we stand still for minutes": {
      when: isWatching,
      events: tells(minutesMs, "since the last look"),
    },
    "we ask, and stand still for minutes": {
      when: isWatching,
      events: tells(timeoutMs + minutesMs, "all along"),
    },
    // Asked again.
    "the peer answers, the timeout passes": { timer: "timeout", events: finds("life", timeoutMs) },
    "the timeout passes in silence": { timer: "timeout", events: finds("silence", timeoutMs) },
    "the timeout passes in silence, noticed late": {
      timer: "timeout",
      events: finds("silence", timeoutMs + lateMs),
    },
    "we stand still for minutes, then the timeout is over": {
      timer: "timeout",
      events: finds("silence", timeoutMs + minutesMs),
    },
    // The last doubt.
    "the loop turns, and data was waiting": {
      when: isDoubting,
      events: ({ context: { checkedAtMs } }) => [
        { type: "peer.checked", silentMs: 0, atMs: checkedAtMs + timeoutMs },
      ],
    },
    "the loop turns in silence": { when: isDoubting, events: finds("silence", timeoutMs) },
  },
  // A watch that begins with a peer that was heard some time ago is one of its own.
  key: ({ value, context: { repeats, silentMs } }) =>
    JSON.stringify({ value, repeats, isShort: value === "watching" && silentMs > 0 }),
});

/** Where no heartbeat is wanted nothing can happen. */
export const heartbeatOffModel = exploreChart(heartbeatMachine, {
  input: { link: createSupervisor(heartbeatUrl).input.link, policy: null },
  stimuli: {},
});
