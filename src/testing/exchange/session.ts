/**
 * One client's connection as the exchange sees it: what it asked for, its deadlines, and what the
 * network does to it. All its deadlines are in one table, so the model arms one timer for all sessions.
 */
import { InboundWindow, type ExchangeLimits } from "./limits.ts";
import type { Entrance, Subscriptions } from "./protocol.ts";

/**
 * - `ping` when the next ping goes out
 * - `pong` when the oldest unanswered one has been so for too long
 * - `age` when the connection is too old
 * - `flap` when an accepted connection is dropped again
 * - `speak` when a silence is over
 * - `release` when a stall is over
 */
export type SessionTimer = "ping" | "pong" | "age" | "flap" | "speak" | "release";

export class Session implements Subscriptions {
  readonly id: number;
  readonly streams: Set<string>;
  isCombined: boolean;
  /** Came by a path the protocol doesn't know (a replay takes any): listens to all, speaks otherwise. */
  readonly isForeign: boolean;
  readonly #limits: ExchangeLimits;
  readonly #inbound: InboundWindow;
  readonly #timers = new Map<SessionTimer, number>();
  readonly #unanswered: { readonly payload: string; readonly atMs: number }[] = [];
  readonly #heldUp: (() => void)[] = [];

  constructor(id: number, entrance: Entrance | undefined, limits: ExchangeLimits, nowMs: number) {
    this.id = id;
    this.streams = new Set(entrance?.streams);
    this.isCombined = entrance?.isCombined ?? true;
    this.isForeign = entrance === undefined;
    this.#limits = limits;
    this.#inbound = new InboundWindow(limits.inboundPerSecond);
    this.#timers.set("ping", nowMs + limits.pingIntervalMs);
    this.#timers.set("age", nowMs + limits.maxAgeMs);
  }

  get isSilent(): boolean {
    return this.#timers.has("speak");
  }

  /** When {@link takeDue} is next due; Infinity for never. While silent only the silence's end is. */
  get dueAtMs(): number {
    const silentUntilMs = this.#timers.get("speak");
    if (silentUntilMs !== undefined) return silentUntilMs;
    let dueAtMs = Infinity;
    for (const atMs of this.#timers.values()) if (atMs < dueAtMs) dueAtMs = atMs;
    return dueAtMs;
  }

  /** The timer that is due, disarmed. */
  takeDue(nowMs: number): SessionTimer | undefined {
    for (const [timer, atMs] of this.#timers) {
      if (atMs > nowMs || (this.isSilent && timer !== "speak")) continue;
      this.#timers.delete(timer);
      return timer;
    }
    return undefined;
  }

  /** Counts one frame from the client. False when it is one too many. */
  admitsFrame(nowMs: number): boolean {
    return this.#inbound.admits(nowMs);
  }

  /** Makes the payload of a ping and waits for its pong. */
  beginPing(nowMs: number): string {
    const payload = String(Math.floor(nowMs));
    this.#unanswered.push({ payload, atMs: nowMs });
    this.#timers.set("ping", nowMs + this.#limits.pingIntervalMs);
    this.#awaitPong();
    return payload;
  }

  /** A pong answers the ping whose payload it copies, and those before; any other is unsolicited. */
  answerPing(payload: string): void {
    const index = this.#unanswered.findIndex((ping) => ping.payload === payload);
    this.#unanswered.splice(0, index + 1);
    this.#awaitPong();
  }

  dropAt(atMs: number): void {
    this.#timers.set("flap", atMs);
  }

  fallSilent(untilMs: number): void {
    this.#timers.set("speak", untilMs);
  }

  /** After a silence: what was asked before it is forgotten. */
  speakAgain(nowMs: number): void {
    this.#unanswered.length = 0;
    this.#awaitPong();
    this.#timers.set("ping", nowMs + this.#limits.pingIntervalMs);
  }

  stall(untilMs: number): void {
    this.#timers.set("release", Math.max(untilMs, this.#timers.get("release") ?? 0));
  }

  /** Puts something on the wire to the client, behind what is held up there. */
  write(effect: () => void): void {
    if (this.#timers.has("release")) this.#heldUp.push(effect);
    else effect();
  }

  /** After a stall: everything comes, in order. */
  release(): void {
    for (const effect of this.#heldUp.splice(0)) effect();
  }

  #awaitPong(): void {
    const [oldest] = this.#unanswered;
    if (oldest === undefined) this.#timers.delete("pong");
    // One past the limit, so that a pong at the limit is in time.
    else this.#timers.set("pong", oldest.atMs + this.#limits.pongTimeoutMs + 1);
  }
}
