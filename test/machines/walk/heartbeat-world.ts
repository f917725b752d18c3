/**
 * The heartbeat of a real supervisor's open connection, as walks of its chart handle it: the peer talks
 * or does not, our own process is in time or late, the heartbeat's timers fire.
 */
import { expect } from "vitest";
import type { HeartbeatActor, heartbeatMachine, HeartbeatPolicy } from "../../../machines/index.ts";
import { createSupervisor, type Supervisor } from "../../../src/index.ts";
import {
  createMemoryTransport,
  type ChartClock,
  type ChartStep,
  type MemorySocket,
  type WalkOptions,
} from "../../../src/testing/index.ts";
import {
  heartbeatModel,
  heartbeatOffModel,
  heartbeatUrl,
  lateMs,
  minutesMs,
  policy,
  soonMs,
} from "./heartbeat-model.ts";

type Stimuli = keyof typeof heartbeatModel.stimuli;
type Walk<N extends string> = Pick<WalkOptions<typeof heartbeatMachine, N>, "model" | "start">;
type Tools = Parameters<Walk<Stimuli>["start"]>[0];

export const heartbeatWalk: Walk<Stimuli> = {
  model: heartbeatModel,
  start: (tools) => new HeartbeatWorld(tools, policy),
};

/** Nothing can happen, and nothing waits. */
export const heartbeatOffWalk: Walk<never> = {
  model: heartbeatOffModel,
  start: (tools) => {
    const { actor, end } = new HeartbeatWorld(tools, null);
    return { actor, end, stimuli: {} };
  },
};

class HeartbeatWorld {
  readonly actor: HeartbeatActor;
  readonly #clock: ChartClock;
  readonly #feed: Supervisor;
  readonly #socket: MemorySocket;
  readonly #failures: unknown[] = [];
  #probes = 0;
  /** Checks in a row that were late and found silence. */
  #excuses = 0;
  #wasLate = false;

  constructor({ clock, inspect }: Tools, heartbeat: HeartbeatPolicy | null) {
    const { transport, sockets } = createMemoryTransport({ clock });
    this.#clock = clock;
    this.#feed = createSupervisor(heartbeatUrl, { transport, clock, inspect, heartbeat, seed: 1 });
    this.#feed.on("callback.failed", (fact) => {
      this.#failures.push(fact);
    });
    this.#feed.start();
    const [socket] = sockets;
    socket?.opens();
    const actor = this.#feed.actor?.getSnapshot().children.heartbeat;
    if (socket === undefined || actor === undefined) throw new Error("no heartbeat has started");
    socket.isSilent = true; // a pong comes when a stimulus says so
    this.#socket = socket;
    this.actor = actor;
  }

  readonly stimuli = {
    "the peer talks, hour after hour": () => {
      const { pings } = this.#socket;
      for (let minute = 0; minute < 120; minute += 1) {
        this.#socket.receives("anything");
        this.#clock.advance(policy.intervalMs - 1);
      }
      expect(this.#socket.pings, "who talks is never asked").toBe(pings);
    },
    "the peer only answers, hour after hour": () => {
      for (let answer = 0; answer < 240; answer += 1) {
        this.#untilAsked();
        this.#clock.suspend(soonMs);
        this.#socket.receivesPong();
      }
    },
    "the peer does not answer": () => {
      this.#untilAsked();
      this.#clock.firePlain("lookAtPeer");
    },
    "the peer does not answer, noticed late": () => {
      this.#wasLate = true;
      this.#excuses += 1;
      this.#untilAsked();
      this.#clock.suspend(policy.timeoutMs + lateMs);
      this.#clock.firePlain("lookAtPeer");
    },
    "we stand still for minutes": () => {
      this.#clock.suspend(policy.intervalMs + minutesMs);
      this.#clock.firePlain("lookAtPeer");
    },
    "we ask, and stand still for minutes": () => {
      this.#untilAsked();
      this.#clock.suspend(policy.timeoutMs + minutesMs);
      this.#clock.firePlain("lookAtPeer");
    },
    "the peer answers, the timeout passes": () => {
      this.#clock.suspend(soonMs);
      this.#socket.receivesPong();
      this.#clock.fire("timeout");
    },
    "the timeout passes in silence": () => this.#clock.fire("timeout"),
    "the timeout passes in silence, noticed late": () => {
      this.#wasLate = true;
      this.#excuses += 1;
      this.#standStill("timeout", lateMs);
    },
    "we stand still for minutes, then the timeout is over": () => {
      this.#standStill("timeout", minutesMs);
    },
    "the loop turns, and data was waiting": () => {
      this.#socket.receives("anything");
      this.#clock.fire("nextTurn");
    },
    "the loop turns in silence": () => this.#clock.fire("nextTurn"),
  };

  /** Said without the chart's help. */
  readonly check = ({ name = "the start", taken }: ChartStep): void => {
    const { status, value } = this.actor.getSnapshot();
    const isAlive = status === "active";
    expect(value, `where it is after ${name}`).toBe(this.#expectedAfter(name));
    if (value === "watching") {
      this.#excuses = 0;
      this.#wasLate = false;
    }

    this.#probes += taken.filter((transition) =>
      transition.includes("-> heartbeat.probing"),
    ).length;
    expect(this.#socket.pings, "one probe each time it asks, and no other").toBe(this.#probes);
    expect(this.#socket.isTerminated, "the socket lives as long as its heartbeat").toBe(!isAlive);
    expect(this.#feed.state, "and the connection").toBe(isAlive ? "connected" : "reconnecting");
    if (!isAlive) this.#checkLoss(name);
    expect(this.#failures, "nothing throws").toEqual([]);
  };

  readonly end = (): void => {
    this.#feed.terminate();
    expect(this.#clock.armed, "no timer is left").toBe(0);
    expect(this.#failures, "nothing throws").toEqual([]);
  };

  #expectedAfter(name: string): string {
    if (name.includes("stand still for minutes")) return "expired";
    if (name.endsWith("noticed late")) return this.#excuses <= 3 ? "probing" : "doubting";
    switch (name) {
      case "the peer does not answer":
      case "the timeout passes in silence":
        return "doubting";
      case "the loop turns in silence":
        return "expired";
      default:
        return "watching";
    }
  }

  #checkLoss(name: string): void {
    const { lastLoss } = this.#feed.status();
    if (name.includes("stand still for minutes")) {
      expect(lastLoss?.class, "it was not the peer").toBe("suspended");
      return;
    }
    const boundMs = policy.intervalMs + policy.timeoutMs;
    expect(lastLoss?.class).toBe("silent");
    if (this.#wasLate) expect(lastLoss?.silentMs, "not early").toBeGreaterThan(boundMs);
    else expect(lastLoss?.silentMs, "noticed exactly when promised").toBe(boundMs);
  }

  /** The watch looks, and asks. */
  #untilAsked(): void {
    const { pings } = this.#socket;
    while (this.#socket.pings === pings) this.#clock.firePlain("lookAtPeer");
    this.#probes += 1;
  }

  /** The timer is due, and fires that much later. */
  #standStill(timer: string, forMs: number): void {
    const dueAtMs = this.#clock.timers.find(({ name }) => name.startsWith(timer))?.dueAtMs ?? 0;
    this.#clock.suspend(dueAtMs - this.#clock.nowMs() + forMs);
    this.#clock.fire(timer);
  }
}
