/**
 * Every send, from the call to its fate, against the wire and a model of the outbox. Invariants 15
 * and 16.
 */
import type { OutboxPolicy, SendFate, Status, SupervisorState } from "../../../../src/index.ts";
import type { Scene } from "../scene.ts";

type Doom = "overflow" | "too-large" | "invalid" | "failed" | "closed";

/** On a ready connection, a send that nothing paces leaves within this time: that of a doubted socket. */
const WAIT_MS = 2_500;

interface Send {
  readonly id: number;
  readonly bytes: number;
  readonly calledAtMs: number;
  readonly ttlMs: number;
  /** Nothing waited before it when it was called. */
  readonly isFirst: boolean;
  /** Nothing was in its way when it was called. */
  readonly isIdle: boolean;
  /** Why it must be dropped; undefined where it may go its way. */
  doom: Doom | undefined;
  /** Others are about to be dropped for their age: whether there was room for it is not known. */
  mayOverflow: boolean;
  /** When it was first seen to wait on a connection that is up. */
  waitsSince: { readonly atMs: number; readonly stops: number } | undefined;
  writes: number;
  fate: SendFate | undefined;
}

export class Sends {
  readonly #scene: Scene;
  readonly #policy: OutboxPolicy;
  readonly #all = new Map<number, Send>();
  /** Accepted, and neither written nor settled; oldest first. */
  #waiting: Send[] = [];
  #lastWritten = 0;
  /** The last that was written on a connection that was not yet said to be up. */
  #beforeUp = 0;
  #nextId = 1;

  constructor(scene: Scene) {
    this.#scene = scene;
    this.#policy = scene.character.options.outbox;
  }

  /** Sends that have no fate yet. */
  get open(): number {
    return this.#all.size;
  }

  /** The user is about to send; gives the number that stands in the frame. */
  called(
    bytes: number,
    ttlMs: number | null | undefined,
    state: SupervisorState,
    isIdle: boolean,
  ): number {
    const lifeMs = ttlMs === undefined ? this.#policy.ttlMs : ttlMs;
    const send: Send = {
      id: this.#nextId++,
      bytes,
      calledAtMs: this.#now,
      ttlMs: lifeMs ?? Infinity,
      isFirst: this.#waiting.length === 0,
      isIdle,
      doom: undefined,
      mayOverflow: this.#waiting.some((other) => this.#isOverdue(other)),
      waitsSince: undefined,
      writes: 0,
      fate: undefined,
    };
    this.#all.set(send.id, send);
    if (state === "failed") send.doom = "failed";
    else if (state === "closed" || state === "closing") send.doom = "closed";
    else if (send.isFirst || this.#makeRoom(send)) this.#waiting.push(send);
    return send.id;
  }

  /** `send()` has returned. What needs no room has gone by now. */
  returned(id: number): void {
    const send = this.#all.get(id);
    if (send?.isFirst !== true || !this.#waiting.includes(send)) return;
    send.doom = this.#tooMuch(send);
    if (send.doom !== undefined) this.#waiting = this.#waiting.filter((other) => other !== send);
  }

  /** A socket has refused its frame, and will say so. */
  refused(id: number): void {
    const send = this.#all.get(id);
    if (send === undefined || !this.#waiting.includes(send)) {
      this.#scene.violate("16 fates", `send ${id} was tried, and does not wait`);
      return;
    }
    send.doom = "invalid";
    this.#waiting = this.#waiting.filter((other) => other !== send);
  }

  /** Its frame is handed to a socket. */
  written(id: number, isReady: boolean): void {
    const { violate, toleranceMs } = this.#scene;
    const send = this.#all.get(id);
    if (send === undefined) {
      violate("16 fates", `send ${id} is written after its fate`);
      return;
    }
    send.writes += 1;
    if (send.writes > 1) violate("16 fates", `send ${id} is written twice`);
    if (!this.#waiting.includes(send))
      violate("16 fates", `send ${id} is written, and was dropped`);
    if (id < this.#lastWritten) violate("16 fates", `send ${id} overtaken by ${this.#lastWritten}`);
    if (!isReady) this.#beforeUp = id;
    if (this.#now - send.calledAtMs > send.ttlMs + toleranceMs) {
      violate("16 fates", `send ${id} is written after its time to live`);
    }
    this.#lastWritten = id;
    this.#waiting = this.#waiting.filter((other) => other !== send);
  }

  settled(id: number, fate: SendFate): void {
    const { violate } = this.#scene;
    const send = this.#all.get(id);
    if (send === undefined) {
      violate("16 fates", `send ${id} has two fates`);
      return;
    }
    this.#all.delete(id);
    this.#waiting = this.#waiting.filter((other) => other !== send);
    const problem = this.#contradiction(send, fate);
    if (problem !== undefined) {
      violate("16 fates", `send ${id} is ${JSON.stringify(fate)}, and ${problem}`);
    }
  }

  /** The chart says so when all else of its step is done, and only then. */
  up(): void {
    this.#beforeUp = 0;
  }

  /** Failed or closed: nothing waits any more. */
  cleared(): void {
    this.#waiting = [];
  }

  /** After each step, when all that could settle has settled. */
  check({ messages, bytes, inFlight }: Status["outbox"], mayWait: boolean): void {
    const { violate } = this.#scene;
    this.#checkWaits(mayWait);
    const handed = [...this.#all.values()].filter(({ writes }) => writes > 0).length;
    if (inFlight !== handed) {
      violate("silence", `sockets have ${handed} sends, and the status says ${inFlight}`);
    }
    if (messages > this.#policy.messages || bytes > this.#policy.bytes) {
      violate("15 bounds", `${messages} messages of ${bytes} bytes wait`);
    }
    if (this.#beforeUp > 0)
      violate("16 fates", `send ${this.#beforeUp} is written while not ready`);
    const waitingBytes = this.#waiting.reduce((sum, send) => sum + send.bytes, 0);
    if (messages !== this.#waiting.length || bytes !== waitingBytes) {
      const right = `${this.#waiting.length} of ${waitingBytes} bytes`;
      violate("16 fates", `${messages} sends of ${bytes} bytes wait, not ${right}`);
    }
    for (const { id, doom } of this.#all.values()) {
      if (doom !== undefined) violate("16 fates", `send ${id} should have been dropped: ${doom}`);
    }
  }

  /** Closed: each has its fate. */
  finish(): void {
    if (this.#all.size > 0) {
      this.#scene.violate("2 nothing left", `${this.#all.size} sends have no fate`);
    }
  }

  /** The law of silence for sends: none waits for nothing. */
  #checkWaits(mayWait: boolean): void {
    const { process, violate, toleranceMs } = this.#scene;
    const atMs = this.#now;
    for (const send of this.#waiting) {
      if (mayWait || send.waitsSince?.stops !== process.stops) {
        send.waitsSince = mayWait ? undefined : { atMs, stops: process.stops };
      } else if (atMs - send.waitsSince.atMs > WAIT_MS + 2 * toleranceMs) {
        const ms = atMs - send.waitsSince.atMs;
        violate("silence", `send ${send.id} waits for ${ms} ms on a ready connection`);
      }
    }
  }

  #contradiction(send: Send, fate: SendFate): string | undefined {
    const { doom, writes, ttlMs, calledAtMs } = send;
    if (fate.fate !== "dropped") {
      if (doom !== undefined) return `it had to be dropped: ${doom}`;
      return writes === 1 ? undefined : "it was never handed to a socket";
    }
    if (writes > 0) return "it was handed to a socket";
    if (doom !== undefined && doom !== fate.reason) return `the reason is ${doom}`;
    const { toleranceMs } = this.#scene;
    switch (fate.reason) {
      case "invalid":
        return doom === "invalid" ? undefined : "no socket has refused it";
      case "too-large":
      case "overflow":
        if (send.isFirst && send.isIdle) return "the socket was idle";
        return doom === fate.reason || send.mayOverflow ? undefined : "there was room";
      case "expired":
        return this.#now - calledAtMs >= ttlMs - toleranceMs ? undefined : "it had time";
      case "failed":
      case "closed":
        return undefined;
    }
  }

  /** The model of the outbox: what has to go when something comes. */
  #makeRoom(send: Send): boolean {
    const { messages, bytes: most, overflow } = this.#policy;
    send.doom = this.#tooMuch(send);
    if (send.doom !== undefined) return false;
    const sum = () => this.#waiting.reduce((total, one) => total + one.bytes, 0);
    while (this.#waiting.length + 1 > messages || sum() + send.bytes > most) {
      const victim =
        overflow === "reject"
          ? undefined
          : overflow === "drop-oldest"
            ? this.#waiting.shift()
            : this.#waiting.pop();
      if (victim === undefined) {
        send.doom = "overflow";
        return false;
      }
      victim.doom = "overflow";
    }
    return true;
  }

  /** Why it could not wait, even alone. */
  #tooMuch({ bytes }: Send): Doom | undefined {
    if (bytes > this.#policy.bytes) return "too-large";
    return this.#policy.messages < 1 ? "overflow" : undefined;
  }

  #isOverdue({ calledAtMs, ttlMs }: Send): boolean {
    return this.#now - calledAtMs >= ttlMs - this.#scene.toleranceMs;
  }

  get #now(): number {
    return this.#scene.process.nowMs();
  }
}
