/** One world: a clock, an exchange, the way to it, the client's process, and its user. */
import {
  createMemoryExchange,
  VirtualClock,
  type MemoryExchange,
} from "../../../src/testing/index.ts";
import { Dice } from "./chance.ts";
import type { Character } from "./character.ts";
import { Log } from "./log.ts";
import { MischiefBox } from "./mischief.ts";
import { Network } from "./network.ts";
import { Numbering } from "./numbering.ts";
import type { Invariant, Violation } from "./oracle/invariants.ts";
import { loopTurns, Process, promisesSettle } from "./process.ts";
import type { Scene } from "./scene.ts";
import type { NumbersStep } from "./silences.ts";
import { MAX_PAYLOAD_BYTES, type Step } from "./steps.ts";
import { Troubles } from "./troubles.ts";
import { User } from "./user.ts";

/** A user whose connection is closed makes a new one after so many steps. */
const STEPS_CLOSED = 4;
/** A turn of the real loop, which tells of rejections that nobody handled, is dear: one in so many steps. */
const STEPS_PER_TURN = 10;

export class World {
  readonly clock = new VirtualClock();
  readonly scene: Scene;
  readonly network: Network;
  readonly exchange: MemoryExchange;
  readonly violations: Violation[] = [];
  user: User;
  readonly #mischief = new MischiefBox();
  readonly #troubles = new Troubles(this.clock);
  readonly #process: Process;
  #wallOffsetMs = 0;
  #users = 0;
  #steps = 0;
  #stepsClosed = 0;

  constructor(character: Character, isLogged: boolean) {
    const { seed, market, limits, latencyMs, loop, wire, features } = character;
    const log = new Log(isLogged, () => this.clock.nowMs());
    const process = new Process(this.clock, loop, new Dice(seed, "loop"));
    this.#process = process;
    this.exchange = createMemoryExchange({
      clock: this.clock,
      seed,
      market,
      limits,
      latencyMs,
      maxPayloadBytes: MAX_PAYLOAD_BYTES,
      onEvent: (event) => {
        if (log.isOn && event.type !== "fault.struck") log.add(`exchange ${JSON.stringify(event)}`);
      },
    });
    const numbering = features.silences.has("numbers")
      ? new Numbering({ world: this.clock, latencyMs, lastEmitted: this.#lastEmitted })
      : undefined;
    this.network = new Network({
      world: this.clock,
      process,
      exchange: this.exchange.transport,
      quirks: wire,
      troubles: this.#troubles,
      numbering,
      killers: {
        topics: (features.killers?.topics ?? []).flatMap((index) => character.topics[index] ?? []),
        afterMs: features.killers?.afterMs ?? 0,
      },
    });
    this.scene = {
      character,
      process,
      log,
      toleranceMs: loop.latenessMs + 2,
      violate: (invariant: Invariant, detail: string) => {
        this.violations.push({ invariant, detail });
        log.add(`VIOLATION ${invariant}: ${detail}`);
      },
    };
    this.user = this.#arrive();
  }

  /** What the wall clock shows. */
  wallMs(): number {
    return this.clock.nowMs() + this.#wallOffsetMs;
  }

  /** One step, and all that it causes at once. Then nothing may be wrong. */
  async perform(step: Step): Promise<void> {
    this.scene.log.add(JSON.stringify(step));
    if (this.user.isClosed && ++this.#stepsClosed > STEPS_CLOSED) {
      await this.dismiss();
      this.user = this.#arrive();
    }
    await this.#do(step);
    await this.#process.run();
    this.#steps += 1;
    await (this.#steps % STEPS_PER_TURN === 0 ? loopTurns() : promisesSettle());
    this.check();
  }

  check(): void {
    this.user.check(this.network.sockets.size);
  }

  /** Time passes, instant by instant. */
  async pass(ms: number): Promise<void> {
    const untilMs = this.clock.nowMs() + ms;
    for (;;) {
      const clientMs = this.#process.isStopped ? Infinity : this.#process.dueAtMs;
      const nextMs = Math.min(this.clock.nextDueAtMs ?? Infinity, clientMs);
      if (nextMs > untilMs || this.violations.length > 0) break;
      this.clock.advanceTo(nextMs);
      await this.#process.run();
      if (this.#process.isSpinning) break;
    }
    this.clock.advanceTo(untilMs);
    await this.#process.run();
  }

  /** The user reads what is left, and goes. */
  async dismiss(): Promise<void> {
    this.user.drain();
    await this.#process.run();
    this.user.finish();
    this.user.oracle.feed.prove(this.exchange.ledger);
  }

  /** No more faults: what is dead stays dead, but everything new is well. */
  heal(): void {
    this.#mischief.clear();
    this.#troubles.heal();
    this.user.calm();
    this.network.heal();
    const { features, options } = this.scene.character;
    const { killers } = this.network;
    const isBorne =
      features.killers?.isIncurable === true &&
      features.quarantine !== null &&
      options.maxRetries === Infinity &&
      this.user.oracle.intents.wanted.some((topic) => !killers.includes(topic));
    if (!isBorne) this.network.disarm();
  }

  #arrive(): User {
    this.#stepsClosed = 0;
    const { scene, network, clock } = this;
    const number = this.#users++;
    return new User({
      scene,
      world: clock,
      network,
      mischief: this.#mischief,
      troubles: this.#troubles,
      lastEmitted: this.#lastEmitted,
      losesNext: () => this.exchange.inject({ kind: "skip" }),
      number,
    });
  }

  /** A stream's numbers lie from here on. */
  #lie(step: NumbersStep, socket: number): void {
    const { numbering } = this.network;
    const topic = this.#topic(step.topic);
    numbering?.order(topic, step, socket);
    if (numbering?.isUnreliable(topic) === true) this.user.oracle.feed.distrust(topic);
  }

  readonly #lastEmitted = (stream: string): number =>
    this.exchange.ledger.streams.get(stream)?.runs.at(-1)?.last ?? 0;

  #topic(index: number): string {
    return this.scene.character.topics[index] ?? "";
  }

  async #do(step: Step): Promise<void> {
    const { user, network } = this;
    const socket = network.newest;
    switch (step.do) {
      case "nothing":
        return;
      case "pass":
        return this.pass(step.ms);
      case "to-timer": {
        const waitMs = this.#process.dueAtMs - this.clock.nowMs() - step.shortOfMs;
        // Time enough for whatever is armed but a long rest.
        return this.pass(Math.min(Math.max(waitMs, 0), 20_000));
      }
      case "stop":
      case "sleep":
        this.#process.stop();
        network.stop();
        await this.pass(step.ms);
        this.#process.resume(step.do === "sleep" ? step.ms : 0);
        network.resume();
        return;
      case "wall":
        this.#wallOffsetMs += step.ms;
        return;
      case "fault":
        this.exchange.inject(step.fault);
        return;
      case "clerk":
        network.clerk.order(step.how, step.times, step.ms);
        return;
      case "mute":
        socket?.mute(step.way);
        return;
      case "cut":
        if (socket?.isOpen === true) socket.cut({ class: step.how, phase: "open" });
        return;
      case "dials":
        network.failDials(step.loss, step.times, step.ms);
        return;
      case "hold-sends":
        socket?.holdSends();
        return;
      case "take-sends":
        socket?.takeSends();
        return;
      case "connect":
      case "reconnect":
      case "close":
      case "terminate":
        user.command(step.do);
        return;
      case "abort":
        user.abort();
        return;
      case "ready":
        user.ready();
        return;
      case "subscribe":
        user.subscribe(step.topics);
        return;
      case "unsubscribe":
        user.unsubscribe(step.topics);
        return;
      case "send":
        user.send(step.bytes, step.ttlMs);
        return;
      case "iterate":
        user.iterate(step);
        return;
      case "read":
        user.read(step.consumer, step.items);
        return;
      case "leave":
        user.leave(step.consumer, step.how);
        return;
      case "react":
        user.react(step);
        return;
      case "mischief":
        this.#mischief.arm(step, step.times);
        return;
      case "http-out":
        this.#troubles.takeHttpOut(step.ms);
        return;
      case "mute-data":
        socket?.muteData(step.until);
        return;
      case "checksum":
        this.#troubles.breakChecksum(this.#topic(step.topic), step.ms);
        return;
      case "refuse":
        this.#troubles.refuse(step.where, step.ms, step.afterMs);
        return;
      case "refuse-frames":
        socket?.refuseFrames(step.frames, step.how);
        return;
      case "stop-taking":
        if (socket?.isOpen === true) socket.stopTaking(step.endsAfterMs);
        return;
      case "numbers":
        this.#lie(step, socket?.id ?? 0);
        return;
    }
  }
}
