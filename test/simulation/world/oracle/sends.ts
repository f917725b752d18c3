/**
 * Every send, from the call to its fate, against the wire and a model of the outbox. Invariants 15
 * and 16.
 */
import type { OutboxPolicy, SendFate, SupervisorState } from "../../../../src/index.ts";
import type { Scene } from "../scene.ts";

interface Send {
  readonly id: number;
  readonly bytes: number;
  readonly calledAtMs: number;
  readonly ttlMs: number;
  /** Why it must be dropped; undefined where it may go its way. */
  doom: "overflow" | "failed" | "closed" | undefined;
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
  called(bytes: number, ttlMs: number | null | undefined, state: SupervisorState): number {
    const lifeMs = ttlMs === undefined ? this.#policy.ttlMs : ttlMs;
    const send: Send = {
      id: this.#nextId++,
      bytes,
      calledAtMs: this.#now,
      ttlMs: lifeMs ?? Infinity,
      doom: undefined,
      writes: 0,
      fate: undefined,
    };
    this.#all.set(send.id, send);
    if (state === "failed") send.doom = "failed";
    else if (state === "closed" || state === "closing") send.doom = "closed";
    else if (this.#makeRoom(bytes)) this.#waiting.push(send);
    else send.doom = "overflow";
    return send.id;
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
  check(messages: number, bytes: number): void {
    const { violate } = this.#scene;
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

  #contradiction({ doom, writes, ttlMs, calledAtMs }: Send, fate: SendFate): string | undefined {
    if (fate.fate !== "dropped") {
      if (doom !== undefined) return `it had to be dropped: ${doom}`;
      return writes === 1 ? undefined : "it was never handed to a socket";
    }
    if (writes > 0) return "it was handed to a socket";
    if (doom !== undefined && doom !== fate.reason) return `the reason is ${doom}`;
    const { toleranceMs } = this.#scene;
    switch (fate.reason) {
      case "overflow":
        return doom === "overflow" ? undefined : "there was room";
      case "expired":
        return this.#now - calledAtMs >= ttlMs - toleranceMs ? undefined : "it had time";
      case "failed":
      case "closed":
        return undefined;
    }
  }

  /** The model of the outbox: what has to go when something comes. */
  #makeRoom(bytes: number): boolean {
    const { messages, bytes: most, overflow } = this.#policy;
    if (bytes > most) return false;
    const sum = () => this.#waiting.reduce((total, send) => total + send.bytes, 0);
    while (this.#waiting.length + 1 > messages || sum() + bytes > most) {
      if (overflow === "reject") return false;
      const victim = overflow === "drop-oldest" ? this.#waiting.shift() : this.#waiting.pop();
      if (victim === undefined) return false;
      victim.doom = "overflow";
    }
    return true;
  }

  get #now(): number {
    return this.#scene.process.nowMs();
  }
}
