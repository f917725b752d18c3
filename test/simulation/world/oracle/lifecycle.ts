/**
 * The lifecycle as its listeners hear it, against what the wire and the user know: states, losses,
 * dials, `up` and `down`. Invariants 1, 2, 3, 7, 11 and 17.
 */
import type { Loss } from "../../../../machines/index.ts";
import type { Fact, Status, SupervisorState } from "../../../../src/index.ts";
import type { Command } from "../steps.ts";
import type { Scene } from "../scene.ts";
import { CommandBucket } from "./commands.ts";
import { Waits } from "./waits.ts";

const NEXT: Readonly<Record<SupervisorState, readonly SupervisorState[]>> = {
  idle: ["connecting", "closed"],
  connecting: ["connected", "reconnecting", "failed", "closed"],
  connected: ["connecting", "reconnecting", "failed", "closing", "closed"],
  reconnecting: ["connecting", "closed"],
  failed: ["connecting", "reconnecting", "closed"],
  closing: ["closed"],
  closed: [],
};

const LATER: ReadonlySet<SupervisorState> = new Set(["connected", "closing", "closed"]);

type LossFact = Fact<"down"> | Fact<"attempt.failed">;

interface Dial {
  readonly attempt: number | undefined;
  readonly reason: string | undefined;
  readonly atMs: number;
  readonly isCommanded: boolean;
}

export class Lifecycle {
  readonly waits: Waits;
  readonly #scene: Scene;
  #state: SupervisorState = "idle";
  #stateSinceMs: number;
  #isUp = false;
  #readySinceMs: number | undefined;
  #dials = 0;
  #dialsSinceUp = 0;
  #dialledAtMs: number | undefined;
  /** A dial that has not been lost yet. */
  #isDialOpen = false;
  /** When the next dial is due by itself, and how long its wait was said to be. */
  #due: { readonly atMs: number; readonly waitMs: number; orMs?: number } | undefined;
  #commandedAtMs: number | undefined;
  readonly #bucket: CommandBucket;
  /** The wait under way is a command's. */
  #isDelayed = false;
  /** The last loss was a planned one, or one that a command asked for. */
  #isPlanned = false;
  #isRequested = false;
  /** A command was given that dials at once. */
  #isDialAsked = false;
  /** What the wire said of the end of the socket, until a fact says it too. */
  #wireLoss: Loss | undefined;
  #openedAtMs: number | undefined;
  #closeAskedAtMs: number | undefined;
  #failures = 0;
  #troubles = 0;
  #dialsOfOutage = 0;
  /** Dials whose URL function threw. */
  readonly #urlFailures = new Set<number>();
  /** The fact `closed` was told: it is the last. */
  #isOver = false;
  /** A listener is calling: what it causes is told when it is done. */
  isCalling = false;
  /** Dials that came before what led to them was told. */
  readonly #early: Dial[] = [];

  constructor(scene: Scene) {
    this.#scene = scene;
    this.#stateSinceMs = scene.process.nowMs();
    this.waits = new Waits(scene);
    this.#bucket = new CommandBucket(scene);
  }

  get state(): SupervisorState {
    return this.#state;
  }

  get isUp(): boolean {
    return this.#isUp && this.#state === "connected";
  }

  get isClosed(): boolean {
    return this.#state === "closed";
  }

  /** When the current connection was ready; undefined while it is not. */
  get readySinceMs(): number | undefined {
    return this.#isUp ? this.#readySinceMs : undefined;
  }

  get connectedAtMs(): number {
    return this.#stateSinceMs;
  }

  // What the user did.

  commanded(command: Command): void {
    if (command === "connect" || command === "reconnect") {
      this.#commandedAtMs = this.#now;
      const isOn = this.#state === "connecting" || this.#state === "connected";
      const isOff = this.#state === "reconnecting" || this.#state === "failed";
      const mayDial = this.#bucket.mayDial(this.#now) && this.waits.untilCallMs(this.#now) === 0;
      this.#isDialAsked ||= mayDial && (isOff || (isOn && command === "reconnect"));
    } else this.#closeAskedAtMs ??= this.#now;
  }

  /** A dial begins. `attempt` and `reason` are what its URL function was told, where it has one. */
  dialled(attempt: number | undefined, reason: string | undefined): void {
    this.#wireLoss = undefined;
    this.#openedAtMs = undefined;
    const atMs = this.#now;
    const isCommanded = this.#commandedAtMs === atMs && !this.#isPlanned;
    const dial = { attempt, reason, atMs, isCommanded };
    if (this.isCalling) this.#early.push(dial);
    else this.#judgeDial(dial);
  }

  #judgeDial({ attempt, reason, atMs, isCommanded }: Dial): void {
    const { violate, toleranceMs } = this.#scene;
    const isFirst = this.#dials === 0;
    if (this.#state === "closed" || this.#state === "closing") {
      violate("3 no dial after the end", `dialled in ${this.#state}`);
    }
    if (this.#isDialOpen) violate("17 alternation", "dialled before the last loss was told");
    if (!isFirst && !isCommanded) {
      if (this.#due === undefined) violate("3 no dial after the end", "dialled for no reason");
      else if (atMs < this.#due.atMs - toleranceMs) {
        violate("5 floor and cap", `dialled ${this.#due.atMs - atMs} ms before it was due`);
      }
    }
    if (this.#state === "failed") this.waits.startedAfresh();
    const isDue = this.#due !== undefined && atMs >= this.#due.atMs - toleranceMs;
    const isOwn = this.#isDelayed || this.#isRequested || !isDue;
    if (this.#isDelayed || (isCommanded && !isFirst)) this.#bucket.dialled(atMs, isOwn);
    const renews = isFirst ? false : this.#isPlanned ? undefined : this.waits.renews;
    this.waits.dialled(atMs, isFirst || isCommanded || this.#isDelayed, this.#isPlanned);
    this.#isDelayed = false;
    this.#isRequested = false;
    this.#dials += 1;
    this.#dialsSinceUp += 1;
    this.#dialsOfOutage += 1;
    this.#isDialOpen = true;
    this.#isDialAsked = false;
    this.#dialledAtMs = atMs;
    this.#due = undefined;
    if (attempt !== undefined && attempt !== this.#dialsSinceUp) {
      violate("17 alternation", `attempt ${attempt} is number ${this.#dialsSinceUp}`);
    }
    if (reason !== undefined && renews !== undefined && renews !== (reason === "renewal")) {
      violate("20 renewal", renews ? `asked for ${reason} after a refusal` : "renewed for nothing");
    }
    if ((reason === "first") !== isFirst && reason !== undefined) {
      violate("20 renewal", `dial ${this.#dials} is called ${reason}`);
    }
    if ((reason === "rotation") !== this.#isPlanned && reason !== undefined) {
      violate("planned", `dial ${this.#dials} is called ${reason}`);
    }
    this.#isPlanned = false;
  }

  /** The socket opened, or the wire told of its end. */
  opened(): void {
    this.#openedAtMs = this.#now;
  }

  ended(loss: Loss): void {
    this.#wireLoss = loss;
  }

  /** The URL function gave none for that dial. */
  urlFailed(dial: number): void {
    this.#urlFailures.add(dial);
  }

  // What the supervisor says.

  heard(fact: Fact): void {
    if (this.#isOver && fact.type !== "callback.failed") {
      this.#scene.violate("11 epochs", `${fact.type} after closed`);
    }
    // Whatever was dialled until then was dialled before it.
    const isLater = fact.type === "state" && LATER.has(fact.state);
    if (isLater) while (this.#early.length > 0) this.#judgeEarly();
    switch (fact.type) {
      case "state":
        this.#entered(fact);
        return;
      case "down":
        if (!this.#isUp) this.#scene.violate("17 alternation", "down twice");
        this.#isUp = false;
        this.#dialsOfOutage = 0;
        this.#lost(fact);
        return;
      case "attempt.failed":
        if (this.#isUp) this.#scene.violate("17 alternation", "attempt.failed while up");
        this.#lost(fact);
        this.waits.reported(fact.failures, false);
        return;
      case "command.delayed":
        this.#delayed(fact);
        return;
      case "up":
        if (this.#isUp) this.#scene.violate("17 alternation", "up twice");
        this.#isUp = true;
        this.#readySinceMs = fact.atMs;
        if (fact.attempt !== this.#dialsSinceUp) {
          this.#scene.violate("17 alternation", `up at attempt ${fact.attempt}`);
        }
        this.#dialsSinceUp = 0;
        this.waits.up(fact.atMs);
        return;
      case "recovered":
        if (this.#troubles === 0) this.#scene.violate("17 alternation", "recovered from nothing");
        if (fact.report.attempts !== this.#dialsOfOutage) {
          const { attempts } = fact.report;
          this.#scene.violate("17 alternation", `${this.#dialsOfOutage} dials, said ${attempts}`);
        }
        this.#troubles = 0;
        return;
      case "failed":
        this.#failures += 1;
        return;
      case "closed":
        this.#isOver = true;
        return;
      default:
    }
  }

  /** After each step: nothing is overdue. */
  check(status: Status, armed: number, sockets: number, mostTimers: number): void {
    const { violate, toleranceMs, character, process } = this.#scene;
    const { options } = character;
    if (status.state !== this.#state) violate("17 alternation", `${status.state} was not told`);
    if (status.isReady !== this.isUp) violate("17 alternation", `isReady is ${status.isReady}`);
    while (this.#early.length > 0) this.#judgeEarly();
    this.waits.reported(status.failures, true);

    const isOver = this.#state === "closing" || this.#state === "closed";
    if (this.#isDialAsked && !isOver) violate("7 deadlines", "a command did not dial");

    const isResting = this.#state === "failed" || this.#state === "closed";
    if (sockets > 1) violate("1 one socket", `${sockets} sockets`);
    if (sockets > 0 && (isResting || this.#state === "reconnecting" || this.#state === "idle")) {
      violate("1 one socket", `${sockets} sockets in ${this.#state}`);
    }
    if (isResting && armed > 0) violate("2 nothing left", `${armed} timers in ${this.#state}`);
    if (armed > mostTimers) violate("7 deadlines", `${armed} timers, at most ${mostTimers}`);
    if (this.#wireLoss !== undefined && this.#isDialOpen && this.#state !== "closed") {
      violate("17 alternation", `the end of the socket (${this.#wireLoss.class}) was not told`);
    }
    if (this.#state === "failed" && this.#failures === 0) violate("17 alternation", "never failed");

    const sinceMs = (atMs: number | undefined): number => process.nowMs() - (atMs ?? Infinity);
    const overdueMs = {
      connecting: sinceMs(this.#dialledAtMs) - options.connectTimeoutMs,
      connected: this.#isUp ? 0 : sinceMs(this.#stateSinceMs) - options.resubscribe.timeoutMs,
      reconnecting: this.#due === undefined ? 0 : process.nowMs() - this.#due.atMs,
      closing: sinceMs(this.#closeAskedAtMs) - options.closeTimeoutMs,
      idle: 0,
      failed: 0,
      closed: 0,
    }[this.#state];
    if (overdueMs > toleranceMs) violate("7 deadlines", `${this.#state} is ${overdueMs} ms late`);
    if (this.#state === "reconnecting") {
      const said = status.retryInMs;
      if (this.#due === undefined || (said !== this.#due.waitMs && said !== this.#due.orMs)) {
        violate("17 alternation", `waits ${said} where ${this.#due?.waitMs} was announced`);
      }
    } else if (status.retryInMs !== null) {
      violate("17 alternation", `a wait of ${status.retryInMs} in ${this.#state}`);
    }
  }

  #entered({ state, previous, atMs }: Fact<"state">): void {
    const { violate } = this.#scene;
    if (previous !== this.#state)
      violate("17 alternation", `${state} after an unknown ${previous}`);
    if (!NEXT[previous].includes(state)) violate("23 sanity", `${state} after ${previous}`);
    if (state === "connecting") this.#judgeEarly();
    if (state === "reconnecting" && previous === "failed") this.waits.startedAfresh();
    this.#state = state;
    this.#stateSinceMs = atMs;
    if (state === "failed" || state === "closed" || state === "closing") this.#due = undefined;
    if (state === "connected" && this.#openedAtMs === undefined) {
      violate("11 epochs", "connected without an open socket");
    }
    if (state === "closed" || state === "closing") {
      this.#isUp = false;
      this.waits.ends();
      if (this.#closeAskedAtMs === undefined) violate("17 alternation", `${state} unasked`);
    }
  }

  #lost({ type, loss, retryInMs, atMs }: LossFact): void {
    const { violate, character } = this.#scene;
    if (!this.#isDialOpen) this.#judgeEarly();
    if (!this.#isDialOpen) violate("17 alternation", `${type} (${loss.class}) without a dial`);
    if (this.#wireLoss !== undefined && this.#wireLoss.class !== loss.class) {
      violate("17 alternation", `${loss.class}, where the wire said ${this.#wireLoss.class}`);
    }
    if (loss.class === "resolver" && !this.#urlFailures.has(this.#dials)) {
      violate("17 alternation", `dial ${this.#dials} is charged for what another met`);
    }
    this.#isDialOpen = false;
    this.#isPlanned = loss.class === "planned" || loss.class === "mute";
    this.#isRequested = loss.class === "requested";
    this.#wireLoss = undefined;
    this.#troubles += 1;
    const deadlineMs = (this.#dialledAtMs ?? 0) + character.options.connectTimeoutMs;
    const judgedAtMs = loss.class === "handshake-timeout" ? deadlineMs : atMs;
    this.#isDelayed = false;
    this.waits.lost(loss, retryInMs, judgedAtMs);
    this.#due = retryInMs === null ? undefined : { atMs: atMs + retryInMs, waitMs: retryInMs };
  }

  /** It dials then, or with the attempt that is due before. */
  #delayed(fact: Fact<"command.delayed">): void {
    this.#bucket.delayed(fact, this.waits.untilCallMs(fact.atMs));
    this.#isDialAsked = false;
    const atMs = fact.atMs + fact.retryInMs;
    const isSooner = this.#due === undefined || atMs < this.#due.atMs - 1;
    // Two waits that end at one instant are one: which of them is shown does not matter.
    if (this.#due !== undefined && Math.abs(atMs - this.#due.atMs) <= 1) {
      this.#due.orMs = fact.retryInMs;
    }
    // One that has dropped a socket has told its wait with the loss already.
    const isTold = this.#due?.waitMs === fact.retryInMs && this.#isRequested;
    if (!isSooner && !isTold) return;
    this.#isDelayed = true;
    this.#due = { atMs, waitMs: fact.retryInMs };
    this.waits.delayed(fact.retryInMs);
  }

  /** What led to it has been told by now. */
  #judgeEarly(): void {
    const early = this.#early.shift();
    if (early !== undefined) this.#judgeDial(early);
  }

  get #now(): number {
    return this.#scene.process.nowMs();
  }
}
