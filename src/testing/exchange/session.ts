/**
 * One client's connection as the exchange sees it: what it asked for, its deadlines, and what the
 * network does to it. All its deadlines are in one table, so the model arms one timer for all sessions.
 */
import type { Subject, Talk } from "./dialect.ts";
import { SlidingWindow, type ExchangeLimits, type RateWindow } from "./limits.ts";
import type { Feed } from "./market-event.ts";
import type { Mirror } from "./mirror.ts";

/**
 * - `ping` when the next ping goes out
 * - `pong` when the oldest unanswered one has been so for too long
 * - `age` when the connection is too old
 * - `flap` when an accepted connection is dropped again
 * - `speak` when a silence is over
 * - `release` when a stall is over
 */
export type SessionTimer = "ping" | "pong" | "age" | "flap" | "speak" | "release";

interface TalkTimer {
  readonly atMs: number;
  readonly ring: () => void;
}

export class Session {
  readonly id: number;
  /** Topics in the order of subscribing, each with what it is about. */
  readonly topics = new Map<string, Subject | undefined>();
  /** How the venue talks to it; undefined for one that came by a path the venue doesn't have. */
  talk: Talk | undefined;
  /** Serves it instead of the market itself; undefined for most. */
  mirror: Mirror | undefined;
  isOver = false;
  lastSaidAtMs: number;
  lastHeardAtMs: number;
  readonly #limits: ExchangeLimits;
  readonly #windows: readonly { readonly rule: RateWindow; readonly window: SlidingWindow }[];
  readonly #timers = new Map<SessionTimer, number>();
  readonly #talkTimers = new Map<string, TalkTimer>();
  readonly #unanswered: { readonly payload: string; readonly atMs: number }[] = [];
  readonly #heldUp: (() => void)[] = [];
  /** Topics by what they are about. */
  readonly #subscribed = new Map<string, Set<string>>();
  /** Topics that fell silent, and whether subscribing again changes that. */
  readonly #muted = new Map<string, "subscription" | "socket">();
  #isMuteForGood = false;
  #silentSinceMs = 0;
  /** The earliest deadline; undefined when it has to be looked up. */
  #dueAtMs: number | undefined;

  constructor(id: number, limits: ExchangeLimits, nowMs: number) {
    this.id = id;
    this.lastSaidAtMs = nowMs;
    this.lastHeardAtMs = nowMs;
    this.#limits = limits;
    this.#windows = limits.inbound.map((rule) => ({
      rule,
      window: new SlidingWindow(rule.frames, rule.perMs),
    }));
    this.#timers.set("ping", nowMs + limits.pingIntervalMs);
    this.#timers.set("age", nowMs + limits.maxAgeMs);
  }

  /** Came by a path the dialect doesn't know (a replay takes any): listens to all, is never answered. */
  get isForeign(): boolean {
    return this.talk === undefined;
  }

  get isSilent(): boolean {
    return this.#timers.has("speak");
  }

  /** Wants market data at all: a replay serves it whatever it asked for. */
  get listens(): boolean {
    return this.topics.size > 0 || this.isForeign;
  }

  /** When {@link takeDue} is next due; Infinity for never. While silent only the silence's end is. */
  get dueAtMs(): number {
    this.#dueAtMs ??= this.#earliest();
    return this.#dueAtMs;
  }

  /** What is due, disarmed: a timer of the session, or what a timer of its talk rings. */
  takeDue(nowMs: number): SessionTimer | (() => void) | undefined {
    for (const [timer, atMs] of this.#timers) {
      if (atMs > nowMs || (this.isSilent && timer !== "speak")) continue;
      this.#disarm(timer);
      return timer;
    }
    if (this.isSilent) return undefined;
    for (const [name, { atMs, ring }] of this.#talkTimers) {
      if (atMs > nowMs) continue;
      this.ringNever(name);
      return ring;
    }
    return undefined;
  }

  /** A timer of its talk. */
  ringAt(name: string, atMs: number, ring: () => void): void {
    this.#talkTimers.set(name, { atMs, ring });
    this.#dueAtMs = undefined;
  }

  ringNever(name: string): void {
    this.#talkTimers.delete(name);
    this.#dueAtMs = undefined;
  }

  /** Counts one frame from the client. The window it is too much for; undefined for none. */
  exceeds(isControl: boolean, nowMs: number): RateWindow | undefined {
    const counting = this.#windows.filter(({ rule }) => !isControl || rule.countsControlFrames);
    const [exceeded] = counting.filter(({ window }) => !window.admits(nowMs));
    return exceeded?.rule;
  }

  hold(topic: string, subject: Subject | undefined): void {
    this.#unlink(topic);
    if (this.#isMuteForGood) this.#muted.set(topic, "socket");
    if (this.#muted.get(topic) === "subscription") this.#muted.delete(topic);
    this.topics.set(topic, this.isMute(topic) ? undefined : subject);
    if (subject !== undefined && !this.isMute(topic)) {
      const key = keyOf(subject.feed, subject.instrument);
      const topics = this.#subscribed.get(key) ?? new Set();
      this.#subscribed.set(key, topics.add(topic));
    }
  }

  release(topic: string): boolean {
    this.#unlink(topic);
    return this.topics.delete(topic);
  }

  /** It stays held, about nothing any more. */
  mute(topic: string, until: "subscription" | "socket"): void {
    if (!this.topics.has(topic)) return;
    this.#unlink(topic);
    this.#muted.set(topic, until);
  }

  /** All that there are; until the socket's end, those too that are yet to come. */
  muteAll(until: "subscription" | "socket"): void {
    for (const topic of this.topics.keys()) this.mute(topic, until);
    if (until === "socket") this.#isMuteForGood = true;
  }

  isMute(topic: string): boolean {
    return this.#muted.has(topic);
  }

  /** Which of its topics are about this. */
  topicsOn(feed: Feed, instrument: string): readonly string[] {
    const topics = this.#subscribed.get(keyOf(feed, instrument));
    return topics === undefined ? NO_TOPICS : [...topics];
  }

  /** Makes the payload of a ping and waits for its pong. */
  beginPing(nowMs: number): string {
    const payload = String(Math.floor(nowMs));
    this.#unanswered.push({ payload, atMs: nowMs });
    this.#arm("ping", nowMs + this.#limits.pingIntervalMs);
    this.#awaitPong();
    return payload;
  }

  /** A pong answers the ping whose payload it copies, and those before; any other is unsolicited. */
  answerPing(payload: string): void {
    const index = this.#unanswered.findIndex((ping) => ping.payload === payload);
    const isAsGood = index === -1 && this.#limits.takesUnsolicitedPongs === true;
    this.#unanswered.splice(0, isAsGood ? this.#unanswered.length : index + 1);
    this.#awaitPong();
  }

  dropAt(atMs: number): void {
    this.#arm("flap", atMs);
  }

  fallSilent(untilMs: number, nowMs: number): void {
    if (!this.isSilent) this.#silentSinceMs = nowMs;
    this.#arm("speak", untilMs);
  }

  /** After a silence: what was asked before it is forgotten, and its talk goes on as if it had not been. */
  speakAgain(nowMs: number): void {
    this.#unanswered.length = 0;
    this.#awaitPong();
    this.#arm("ping", nowMs + this.#limits.pingIntervalMs);
    const silentMs = nowMs - this.#silentSinceMs;
    for (const [name, { atMs, ring }] of this.#talkTimers) {
      this.#talkTimers.set(name, { atMs: atMs + silentMs, ring });
    }
    this.lastSaidAtMs += silentMs;
    this.lastHeardAtMs += silentMs;
  }

  stall(untilMs: number): void {
    this.#arm("release", Math.max(untilMs, this.#timers.get("release") ?? 0));
  }

  /** Puts something on the wire to the client, behind what is held up there. */
  write(effect: () => void): void {
    if (this.#timers.has("release")) this.#heldUp.push(effect);
    else effect();
  }

  /** After a stall: everything comes, in order. */
  letThrough(): void {
    for (const effect of this.#heldUp.splice(0)) effect();
  }

  #unlink(topic: string): void {
    const subject = this.topics.get(topic);
    if (subject === undefined) return;
    this.topics.set(topic, undefined);
    const key = keyOf(subject.feed, subject.instrument);
    const topics = this.#subscribed.get(key);
    topics?.delete(topic);
    if (topics?.size === 0) this.#subscribed.delete(key);
  }

  #awaitPong(): void {
    const [oldest] = this.#unanswered;
    if (oldest === undefined) this.#disarm("pong");
    // One past the limit, so that a pong at the limit is in time.
    else this.#arm("pong", oldest.atMs + this.#limits.pongTimeoutMs + 1);
  }

  #arm(timer: SessionTimer, atMs: number): void {
    this.#timers.set(timer, atMs);
    this.#dueAtMs = undefined;
  }

  #disarm(timer: SessionTimer): void {
    this.#timers.delete(timer);
    this.#dueAtMs = undefined;
  }

  #earliest(): number {
    const silentUntilMs = this.#timers.get("speak");
    if (silentUntilMs !== undefined) return silentUntilMs;
    let earliestMs = Math.min(...this.#timers.values());
    for (const { atMs } of this.#talkTimers.values()) earliestMs = Math.min(earliestMs, atMs);
    return earliestMs;
  }
}

const NO_TOPICS: readonly string[] = [];

function keyOf(feed: Feed, instrument: string): string {
  return `${feed} ${instrument}`;
}
