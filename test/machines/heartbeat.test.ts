import * as fc from "fast-check";
import { createActor } from "xstate";
import { describe, expect, it } from "vitest";
import {
  heartbeatMachine,
  type HeartbeatActor,
  type HeartbeatPolicy,
  type PeerChecked,
} from "../../machines/index.ts";
import type { Silence } from "../../machines/policy/beat.ts";
import { VirtualClock } from "../../src/testing/virtual-clock.ts";
import { FakeLink } from "./start-connection.ts";

const policy: HeartbeatPolicy = { intervalMs: 15_000, timeoutMs: 5_000 };

/** A link whose peer talks when the test says so. */
class FakePeer extends FakeLink {
  lastByteAtMs: number;
  /** After how long a probe is answered; undefined never. */
  answersAfterMs: number | undefined;
  /** Bytes wait in the kernel: they are read as soon as the loop turns. */
  hasUnreadData = false;
  /** How often anybody looked. */
  looks = 0;
  readonly #clock: VirtualClock;

  constructor(clock: VirtualClock) {
    super(clock);
    this.#clock = clock;
    this.lastByteAtMs = clock.nowMs();
  }

  talks(): void {
    this.lastByteAtMs = this.#clock.nowMs();
  }

  override silence(): Silence {
    this.looks += 1;
    const atMs = this.#clock.nowMs();
    return { silentMs: atMs - this.lastByteAtMs, atMs };
  }

  override checkPeerNextTurn(answer: (checked: PeerChecked) => void): void {
    this.#clock.nextTurn(() => {
      if (this.hasUnreadData) this.talks();
      this.checkPeer(answer);
    });
  }

  override probePeer(): void {
    super.probePeer();
    if (this.answersAfterMs !== undefined) {
      this.#clock.setTimeout(() => this.talks(), this.answersAfterMs);
    }
  }
}

interface Heartbeat {
  readonly actor: HeartbeatActor;
  readonly clock: VirtualClock;
  readonly peer: FakePeer;
  readonly state: () => string;
}

function startHeartbeat(
  options: {
    readonly policy?: HeartbeatPolicy | null;
    readonly clock?: VirtualClock;
    readonly knowsItsStart?: boolean;
  } = {},
): Heartbeat {
  const { clock = new VirtualClock() } = options;
  const peer = new FakePeer(clock);
  const input = {
    link: peer,
    policy: options.policy === undefined ? policy : options.policy,
    startedAtMs: options.knowsItsStart === false ? undefined : clock.nowMs(),
  };
  const actor = createActor(heartbeatMachine, { input, clock }).start();
  const state = () => actor.getSnapshot().value;
  return { actor, clock, peer, state };
}

describe("a peer that falls silent", () => {
  it("is probed after the interval and given up after the timeout, one loop turn later", () => {
    const { clock, peer, state, actor } = startHeartbeat();

    clock.advance(14_999);
    expect(peer.probes).toBe(0);
    clock.advance(1);
    expect(peer.probes).toBe(1);

    clock.advance(4_999);
    expect(state()).toBe("watching");
    clock.step();
    expect(state()).toBe("doubting");
    clock.step();
    expect(state()).toBe("expired");
    expect(actor.getSnapshot().output).toEqual({
      silentMs: 20_000,
      atMs: clock.nowMs(),
      wasAway: false,
    });
    expect(peer.probes).toBe(1);
    expect(clock.armed).toBe(0);
  });

  it("is noticed exactly interval and timeout after its last byte, whenever that came", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 10, max: 60_000 }),
        fc.integer({ min: 10, max: 60_000 }),
        fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 30 }),
        (longMs, shortMs, pauses) => {
          const intervalMs = Math.max(longMs, shortMs);
          const timeoutMs = Math.min(longMs, shortMs);
          const { clock, peer, state } = startHeartbeat({ policy: { intervalMs, timeoutMs } });
          for (const pause of pauses) {
            clock.advance(Math.floor(pause * (intervalMs + timeoutMs - 1)));
            peer.talks();
          }

          clock.advance(intervalMs + timeoutMs - 1);
          expect(state()).not.toBe("expired");
          clock.advance(1);
          expect(state()).toBe("expired");
        },
      ),
      { seed: 1, numRuns: 500 },
    );
  });

  it("is noticed in time and asked once, though timers may fire a little early", () => {
    // As Node's do: they count from the start of the loop's turn, in whole milliseconds.
    class EarlyClock extends VirtualClock {
      override setTimeout(callback: () => void, delayMs: number): number {
        return super.setTimeout(callback, delayMs > 100 ? delayMs - 3 : delayMs);
      }
    }
    const { clock, peer, state } = startHeartbeat({ clock: new EarlyClock() });

    clock.advance(20_000);

    expect(state()).toBe("expired");
    expect(peer.probes).toBe(1);
  });
});

describe("a peer that talks", () => {
  it("is never probed, at whatever pace, and costs one look per interval and no step of the chart", () => {
    const { actor, clock, peer, state } = startHeartbeat();
    let steps = 0;
    actor.subscribe(() => (steps += 1));
    for (let message = 0; message < 60_000; message += 1) {
      clock.advance(10);
      peer.talks();
    }

    expect(state()).toBe("watching");
    expect(peer.probes).toBe(0);
    expect(steps).toBe(0);
    expect(peer.looks).toBeLessThanOrEqual(41);
  });

  it("may pause for just less than the interval", () => {
    const { clock, peer, state } = startHeartbeat();
    for (let message = 0; message < 20; message += 1) {
      clock.advance(14_999);
      peer.talks();
    }

    expect(state()).toBe("watching");
    expect(peer.probes).toBe(0);
  });

  it("only when probed is left alone until the next interval is over, and is no step of the chart", () => {
    const { actor, clock, peer, state } = startHeartbeat();
    let steps = 0;
    actor.subscribe(() => (steps += 1));
    peer.answersAfterMs = 100;

    clock.advance(15_000);
    expect(peer.probes).toBe(1);
    // Its last byte was at 15,100.
    clock.advance(15_099);
    expect(peer.probes).toBe(1);
    clock.advance(1);
    expect(peer.probes).toBe(2);
    clock.advance(3_600_000);
    expect(peer.probes).toBe(240);
    expect(state()).toBe("watching");
    expect(steps).toBe(0);
  });

  it.each([
    [0, "watching"],
    [4_999, "watching"],
    [5_001, "expired"],
  ])("%i ms after the probe leaves it %s", (answersAfterMs, expected) => {
    const { clock, peer, state } = startHeartbeat();
    peer.answersAfterMs = answersAfterMs;

    clock.advance(20_000);

    expect(state()).toBe(expected);
  });
});

describe("a loop that was late itself", () => {
  it("asks a peer that seems silent because nobody looked", () => {
    const { clock, peer, state } = startHeartbeat();
    peer.answersAfterMs = 100;
    clock.advance(10_000);

    clock.suspend(60_000);
    clock.advance(0);
    expect(peer.probes).toBe(1);
    clock.advance(5_000);

    expect(state()).toBe("watching");
  });

  it("asks again when the answer's deadline was missed by more than half of it", () => {
    const { clock, peer, state } = startHeartbeat();
    clock.advance(15_000);
    clock.suspend(7_501);
    clock.advance(0);
    expect(state()).toBe("probing");
    expect(peer.probes).toBe(2);

    clock.advance(4_999);
    peer.talks();
    clock.advance(1);
    expect(state()).toBe("watching");
  });

  it("gives up a peer that stays silent after being asked again", () => {
    const { clock, peer, state } = startHeartbeat();
    clock.advance(15_000);
    clock.suspend(60_000);
    clock.advance(4_999);
    expect(state()).toBe("probing");
    clock.advance(1);

    expect(state()).toBe("expired");
    expect(peer.probes).toBe(2);
  });

  it("reads what is waiting before it judges", () => {
    const { clock, peer, state } = startHeartbeat();
    clock.advance(15_000);
    peer.hasUnreadData = true;
    clock.suspend(7_500); // late, but not so late as to ask again

    clock.step();
    expect(state()).toBe("doubting");
    clock.step();
    expect(state()).toBe("watching");
    expect(peer.probes).toBe(1);
  });

  it("excuses a peer three times in a row and no more", () => {
    const { clock, peer, state } = startHeartbeat();
    clock.advance(15_000);
    for (let excuse = 1; excuse <= 3; excuse += 1) {
      clock.suspend(60_000);
      clock.step();
      expect(state()).toBe("probing");
      expect(peer.probes).toBe(1 + excuse);
    }

    clock.suspend(60_000);
    clock.step();
    expect(state()).toBe("doubting");
    clock.step();
    expect(state()).toBe("expired");
  });

  it("has three excuses again once the peer has answered", () => {
    const { clock, peer, state } = startHeartbeat();
    for (let round = 0; round < 5; round += 1) {
      clock.advance(15_000);
      clock.suspend(60_000);
      clock.step();
      expect(state()).toBe("probing");
      peer.talks();
      clock.advance(5_000);
      expect(state()).toBe("watching");
      peer.talks();
    }

    expect(state()).toBe("watching");
  });
});

describe("a process that stood still for minutes", () => {
  it.each(["watching", "asking", "probing"])(
    "while %s gives the connection up unasked",
    (where) => {
      const { actor, clock, peer, state } = startHeartbeat();
      if (where !== "watching") clock.advance(15_000);
      if (where === "probing") {
        clock.suspend(60_000);
        clock.step();
        expect(state()).toBe("probing");
      }
      peer.talks(); // what was heard before the stop says nothing about now
      const asked = peer.probes;

      clock.suspend(135_001);
      clock.advance(0);

      expect(state()).toBe("expired");
      expect(peer.probes).toBe(asked);
      expect(actor.getSnapshot().output).toEqual({
        silentMs: 135_001,
        atMs: clock.nowMs(),
        wasAway: true,
      });
      expect(clock.armed).toBe(0);
    },
  );

  it.each([
    [135_000, 1, "watching"], // interval and limit: perhaps the stop itself was no longer than the limit
    [135_001, 0, "expired"],
  ])("for %i ms from the opening on asks %i times, and is %s", (stoppedMs, asked, expected) => {
    const { clock, peer, state } = startHeartbeat();
    clock.suspend(stoppedMs);
    clock.advance(0);
    expect(peer.probes).toBe(asked);
    expect(state()).toBe(expected);
  });

  it("may say after how long", () => {
    const { clock, state } = startHeartbeat({ policy: { ...policy, suspendedAfterMs: 5_000 } });
    clock.suspend(20_001);
    clock.advance(0);
    expect(state()).toBe("expired");
  });

  it("is not seen before the first look where nobody said when it began", () => {
    const { clock, peer, state } = startHeartbeat({ knowsItsStart: false });
    clock.suspend(600_000);
    clock.advance(0);
    expect(state()).toBe("watching");
    expect(peer.probes).toBe(1);
    clock.suspend(600_000);
    clock.advance(0);
    expect(state()).toBe("expired");
  });
});

describe("a heartbeat", () => {
  it("that is not wanted does nothing, for ever", () => {
    const { clock, peer, state } = startHeartbeat({ policy: null });

    expect(state()).toBe("off");
    expect(clock.armed).toBe(0);
    clock.advance(86_400_000);
    expect(state()).toBe("off");
    expect(peer.probes).toBe(0);
  });

  it("that is stopped while it waits for the peer leaves no timer", () => {
    const { actor, clock, state } = startHeartbeat();
    clock.advance(15_000);
    clock.suspend(60_000);
    clock.step();
    expect(state()).toBe("probing");
    expect(clock.armed).toBe(1);

    actor.stop();

    expect(clock.armed).toBe(0);
  });

  it("that is stopped while the link watches leaves no timer once the socket is dropped", () => {
    const { actor, clock, peer } = startHeartbeat();
    expect(clock.armed).toBe(1);

    actor.stop();
    peer.dropSocket();

    expect(clock.armed).toBe(0);
  });
});
