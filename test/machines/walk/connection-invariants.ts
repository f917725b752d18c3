/**
 * What must hold of a connection after every step, whatever happened: said without the chart's help,
 * for a model that is generated from a chart repeats its mistakes.
 */
import { expect } from "vitest";
import type { ConnectionSnapshot } from "../../../machines/index.ts";
import type { Fact, FactType } from "../../../src/index.ts";
import type { ChartStep } from "../../../src/testing/index.ts";
import { connectionOptions, notice } from "./connection-model.ts";
import { requestsOn, type ConnectionWorld } from "./connection-world.ts";

const { maxRetries, maxAgeMs } = connectionOptions;

/** What is nobody's failure. */
const UNCOUNTED: readonly string[] = ["requested", "planned", "mute"];

export class ConnectionInvariants {
  readonly #world: ConnectionWorld;
  /** How often each transition was taken. */
  readonly #taken = new Map<string, number>();
  /** Facts told when past losses were last forgiven. */
  #forgivenAt = 0;
  /** Messages on any wire as of the step before. */
  #written = 0;

  constructor(world: ConnectionWorld) {
    this.#world = world;
  }

  check({ taken }: ChartStep): void {
    for (const name of taken) this.#taken.set(name, (this.#taken.get(name) ?? 0) + 1);
    const snapshot = this.#world.actor.getSnapshot();
    this.#sockets(snapshot);
    this.#desk(snapshot);
    this.#replays(snapshot);
    this.#timers(snapshot);
    this.#wait(snapshot);
    this.#plan(snapshot);
    this.#outageAlarm(snapshot);
    this.#retries(snapshot);
    this.#dials();
    this.#sends(snapshot);
    this.#states(snapshot);
    this.#facts(snapshot);
    this.#nothingThrew();
  }

  /** When the owner is done with it, nothing is left. */
  checkEnd(): void {
    const { open, clock, facts, sends } = this.#world;
    same(open.length, 0, "no socket is left");
    same(clock.armed, 0, "no timer is left");
    same(this.#heard("closed").length, 1, "it is closed once");
    same(facts.at(-1)?.type, "closed", "nothing follows that");
    same(this.#fates(), sends, "every message has met its fate");
    this.#nothingThrew();
  }

  #sockets(snapshot: ConnectionSnapshot): void {
    const { open, socket, feed } = this.#world;
    const hasSocket = ["connecting", "connected", "closing"].includes(feed.state);
    same(open.length, Number(hasSocket), "one socket exactly while the state says so");
    same("socket" in snapshot.children, hasSocket, "and its actor with it");
    if (hasSocket) same(open[0] === socket, true, "and it is the newest");
    const isShakingHands = hasSocket && socket.closedWith !== undefined;
    same(isShakingHands, feed.state === "closing", "it shakes hands in closing");
  }

  #desk({ status, children }: ConnectionSnapshot): void {
    if (status !== "active") return;
    same(
      "recoveries" in children,
      this.#world.isDeskWanted,
      "a desk from when it is wanted until it fails",
    );
  }

  #replays(snapshot: ConnectionSnapshot): void {
    const { sockets, opened, facts } = this.#world;
    const replays = sockets.map((socket) => requestsOn(socket).length).join();
    const expected = sockets.map((socket) => Number(opened.has(socket))).join();
    same(replays, expected, "one replay on each socket that opened, none on others");
    if (!snapshot.hasTag("ready")) return;
    const connected = facts.findLastIndex(({ type }) => type === "state");
    const settled = facts.findLastIndex(({ type }) => type === "subscriptions.settled");
    expect(settled, "how the replay went is told before ready").toBeGreaterThan(connected);
  }

  #timers(snapshot: ConnectionSnapshot): void {
    const { clock, actor, feed } = this.#world;
    const owners = [actor, snapshot.children.heartbeat];
    const strangers = clock.timers.filter((timer) => !owners.some((own) => own === timer.actor));
    same(strangers.length, 0, "timers are the connection's and its heartbeat's");
    const isAsking = snapshot.matches("connected") && feed.status().topics.pending > 0;
    const isWatching = snapshot.children.heartbeat?.getSnapshot().value === "watching";
    const others = clock.armed - clock.timers.length;
    const expected = Number(isAsking) + Number(isWatching);
    same(others, expected, "and those of a watch and of a replay's answer");
    const isResting = feed.state === "failed" || feed.state === "closed";
    if (isResting) same(clock.armed, 0, "at rest nothing waits");
  }

  /** The wait that was announced is the one that is waited out. */
  #wait(snapshot: ConnectionSnapshot): void {
    const { clock, facts, feed } = this.#world;
    const backoff = clock.timers.find(({ name }) => name.startsWith("backoff"));
    const { retryInMs, nextAttemptAtMs } = feed.status();
    same(retryInMs, backoff?.delayMs ?? null, "status() tells the armed wait");
    same(nextAttemptAtMs, backoff?.dueAtMs ?? null, "and when it ends");
    const announced = facts.findLast((fact) => isLoss(fact) || fact.type === "command.delayed");
    const isDelay = announced?.type === "command.delayed";
    if (snapshot.matches("reconnecting")) {
      if (isDelay) same(announced.atMs + announced.retryInMs, nextAttemptAtMs, "as announced");
      else same(announced?.retryInMs, retryInMs, "as announced");
    }
    if (snapshot.matches("failed")) same(announced?.retryInMs, null, "none is announced");
  }

  /** An open socket is to be replaced before the venue cuts it, at a moment that is allowed. */
  #plan(snapshot: ConnectionSnapshot): void {
    const { clock } = this.#world;
    const { rotation } = snapshot.context;
    const timers = clock.timers.filter(({ name }) => name === "rotation.due");
    const isOpen = snapshot.matches("connected");
    same(timers.length, Number(isOpen), "a planned reconnect while open, and nowhere else");
    same(timers[0]?.delayMs, rotation?.inMs, "in the time that the plan says");
    same(timers[0]?.dueAtMs, rotation?.dueAtMs, "and at its moment");
    if (rotation === null) return;
    const { inMs, detail } = rotation;
    const [leastMs, mostMs] = windowOf(detail);
    if (inMs < leastMs || inMs > mostMs) expect.fail(`${inMs} ms is no moment for ${detail}`);
  }

  /** In an outage the alarm is set until it has rung; nowhere else. */
  #outageAlarm(snapshot: ConnectionSnapshot): void {
    const { clock, facts, feed } = this.#world;
    const isOutage =
      snapshot.matches("connecting") ||
      snapshot.matches("reconnecting") ||
      snapshot.matches({ connected: "resubscribing" });
    const began = facts.findLastIndex(({ type }) => type === "up" || type === "failed");
    const rung = facts.slice(began + 1).filter((fact) => isAlert(fact, "long-outage")).length;
    const isSet = clock.timers.some(({ name }) => name === "outage.prolonged");
    const expected = isOutage ? 1 - rung : 0;
    same(Number(isSet), expected, `the outage's alarm in ${feed.state}`);
  }

  /** Losses are forgiven when stable, and when the owner starts over after `failed`. */
  #retries(snapshot: ConnectionSnapshot): void {
    const { facts, feed } = this.#world;
    const startedOver = facts.findLastIndex(
      (fact) => fact.type === "state" && fact.previous === "failed" && fact.state !== "closed",
    );
    this.#forgivenAt = Math.max(this.#forgivenAt, startedOver);
    if (snapshot.matches({ connected: "stable" })) this.#forgivenAt = facts.length;
    const losses = facts
      .slice(this.#forgivenAt)
      .filter(isLoss)
      .filter(({ loss }) => !UNCOUNTED.includes(loss.class));
    same(feed.status().failures, losses.length, "every loss counts until forgiven");
    const isRefusal = losses.at(-1)?.rule === "close-forbidden";
    if (feed.state === "failed" && !isRefusal) {
      same(losses.length, maxRetries + 1, "given up after the last retry");
    } else if (feed.state === "reconnecting") {
      expect(losses.length, "tried again for the last time").toBeLessThanOrEqual(maxRetries);
    }
  }

  /** Each dial is made for the reason that it has. */
  #dials(): void {
    const { dials, sockets, facts } = this.#world;
    same(sockets.length, dials.length, "one socket a dial");
    same(dials.length, this.#times(/on socket\.dialled/), "and the chart knows of it");
    const last = dials.at(-1);
    if (last === undefined) return;
    const { reason, stimulus } = last;
    const before = facts.slice(0, last.facts);
    const delayed = before.findLastIndex(
      (fact) => fact.type === "command.delayed" && fact.retryInMs > 0,
    );
    const isDelayed = delayed > before.findLastIndex(isLoss);
    if (stimulus === "rotation.due") {
      same(reason, "rotation", "dialled by plan");
    } else if (isRenewalDue(before)) {
      same(reason, "renewal", "refused credentials are asked for at every dial");
    } else if (stimulus === undefined) {
      same(reason, "first", "the first dial");
    } else if (stimulus.startsWith("backoff")) {
      if (isDelayed) expect(["command", "retry"], "a delayed command's").toContain(reason);
      else same(reason, "retry", "dialled by the backoff");
    } else {
      same(reason, "command", `the reason of ${stimulus}`);
    }
    const [previous, latest] = dials.filter((dial) => dial.reason === "renewal").slice(-2);
    if (previous === undefined || latest === undefined) return;
    // Who starts over after `failed` waits for no distance.
    const hasFailed = facts
      .slice(previous.facts, latest.facts)
      .some(({ type }) => type === "failed");
    if (!hasFailed && latest.atMs - previous.atMs < 10_000) {
      expect.fail(`new credentials were asked for twice in ${latest.atMs - previous.atMs} ms`);
    }
  }

  /** Messages go out while ready, wait while not, and none is lost sight of. */
  #sends(snapshot: ConnectionSnapshot): void {
    const { messagesOnWire, feed, sends } = this.#world;
    const { messages } = feed.status().outbox;
    const isReady = snapshot.hasTag("ready");
    if (isReady) same(messages, 0, "none waits while ready");
    else same(messagesOnWire, this.#written, "none goes out while not");
    same(this.#fates() + messages, sends, "each waits or has met its fate");
    this.#written = messagesOnWire;
  }

  #states(snapshot: ConnectionSnapshot): void {
    const { feed } = this.#world;
    const states = this.#heard("state");
    const value = typeof snapshot.value === "string" ? snapshot.value : "connected";
    same(feed.state, value, "the state is the chart's");
    same(states.at(-1)?.state, value, "and the one that was told");
    same(feed.status().isReady, snapshot.hasTag("ready"), "ready as the chart says");
    const [last, before] = [states.at(-1), states.at(-2)];
    same(last?.previous, before?.state ?? "idle", "states follow on each other");
  }

  #facts(snapshot: ConnectionSnapshot): void {
    const { feed, facts, answers } = this.#world;
    const turns = facts.map(({ type }) => type).filter((type) => type === "up" || type === "down");
    const alternating = turns.map((_, index) => (index % 2 === 0 ? "up" : "down"));
    same(turns.join(), alternating.join(), "up and down alternate");
    const isUp = turns.at(-1) === "up";
    const isEnding = feed.state === "closing" || feed.state === "closed";
    if (!isEnding) same(isUp, snapshot.hasTag("ready"), "up exactly while ready");

    const dropped = this.#times(/\.connect(ing|ed): on (command\.given|rotation)/);
    const lost = this.#times(/on socket\.lost/) + dropped;
    same(facts.filter(isLoss).length, lost, "every loss is told once");
    const failures = this.#times(/-> connection\.failed/);
    same(this.#heard("failed").length, failures, "every failure is told once");
    same(this.#alerts("failed"), failures, "and raises an alert");
    const prolonged = this.#times(/on outage\.prolonged/);
    same(this.#alerts("long-outage"), prolonged, "so does a long outage");
    same(feed.status().inbound.messages, answers, "only what lives is heard");
  }

  #nothingThrew(): void {
    same(this.#heard("callback.failed").length, 0, "nothing throws");
    same(this.#world.actor.getSnapshot().error, undefined, "the chart has no error");
  }

  #heard<T extends FactType>(type: T): Fact<T>[] {
    return this.#world.facts.filter((fact) => fact.type === type) as Fact<T>[];
  }

  #alerts(kind: string): number {
    return this.#world.facts.filter((fact) => isAlert(fact, kind)).length;
  }

  /** How many messages are known to have been written, dropped or left unknown. */
  #fates(): number {
    const { written, unknown, overflow, expired, failed, closed } =
      this.#world.feed.status().outbox;
    return written + unknown + overflow + expired + failed + closed;
  }

  /** How often a transition was taken whose name matches. */
  #times(pattern: RegExp): number {
    return [...this.#taken].reduce(
      (sum, [name, times]) => sum + (pattern.test(name) ? times : 0),
      0,
    );
  }
}

/** When a planned reconnect may come, in milliseconds from its cause. */
function windowOf(detail: string): readonly [leastMs: number, mostMs: number] {
  if (detail === "maximum age") return [maxAgeMs * 0.9, maxAgeMs * 0.98];
  return detail === "mute" ? [0, 0] : [0, notice.withinMs * 0.8];
}

/** `expect(…).toBe(…)`, without its price where it holds: there are a hundred thousand of these. */
function same(actual: unknown, expected: unknown, what: string): void {
  if (!Object.is(actual, expected)) expect(actual, what).toBe(expected);
}

type LossFact = Fact<"down"> | Fact<"attempt.failed">;

function isLoss(fact: Fact): fact is LossFact {
  return fact.type === "down" || fact.type === "attempt.failed";
}

/** Credentials were refused, and it was not ready since. */
function isRenewalDue(facts: readonly Fact[]): boolean {
  const refused = facts.findLastIndex((fact) => isLoss(fact) && fact.rule === "http-auth");
  return refused > facts.findLastIndex(({ type }) => type === "up");
}

function isAlert(fact: Fact, kind: string): boolean {
  return fact.type === "alert" && fact.alert.kind === kind;
}
