/**
 * What must hold of a connection after every step, whatever happened: said without the chart's help,
 * for a model that is generated from a chart repeats its mistakes.
 */
import { expect } from "vitest";
import type { ConnectionSnapshot } from "../../../machines/index.ts";
import type { Fact, FactType } from "../../../src/index.ts";
import type { ChartStep } from "../../../src/testing/index.ts";
import { connectionOptions } from "./connection-model.ts";
import { requestsOn, type ConnectionWorld } from "./connection-world.ts";

const { maxRetries } = connectionOptions;

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
    this.#replays(snapshot);
    this.#timers(snapshot);
    this.#wait(snapshot);
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
    expect(open, "no socket is left").toEqual([]);
    expect(clock.armed, "no timer is left").toBe(0);
    expect(this.#heard("closed"), "it is closed once").toHaveLength(1);
    expect(facts.at(-1)?.type, "nothing follows that").toBe("closed");
    expect(this.#fates(), "every message has met its fate").toBe(sends);
    this.#nothingThrew();
  }

  #sockets(snapshot: ConnectionSnapshot): void {
    const { open, socket, feed } = this.#world;
    const hasSocket = ["connecting", "connected", "closing"].includes(feed.state);
    expect(open.length, "one socket exactly while the state says so").toBe(Number(hasSocket));
    expect("socket" in snapshot.children, "and its actor with it").toBe(hasSocket);
    if (hasSocket) expect(open[0] === socket, "and it is the newest").toBe(true);
    const isShakingHands = hasSocket && socket.closedWith !== undefined;
    expect(isShakingHands, "it shakes hands in closing").toBe(feed.state === "closing");
  }

  #replays(snapshot: ConnectionSnapshot): void {
    const { sockets, opened, facts } = this.#world;
    const replays = sockets.map((socket) => requestsOn(socket).length);
    const expected = sockets.map((socket) => Number(opened.has(socket)));
    expect(replays, "one replay on each socket that opened, none on others").toEqual(expected);
    if (!snapshot.hasTag("ready")) return;
    const connected = facts.findLastIndex(({ type }) => type === "state");
    const settled = facts.findLastIndex(({ type }) => type === "subscriptions.settled");
    expect(settled, "how the replay went is told before ready").toBeGreaterThan(connected);
  }

  #timers(snapshot: ConnectionSnapshot): void {
    const { clock, actor, feed } = this.#world;
    const owners = [actor, snapshot.children.heartbeat];
    const strangers = clock.timers.filter((timer) => !owners.some((own) => own === timer.actor));
    expect(strangers, "timers are the connection's and its heartbeat's").toEqual([]);
    const isAsking = snapshot.matches("connected") && feed.status().topics.pending > 0;
    const others = clock.armed - clock.timers.length;
    expect(others, "and one that waits for the answer to a replay").toBe(Number(isAsking));
    const isResting = feed.state === "failed" || feed.state === "closed";
    if (isResting) expect(clock.armed, "at rest nothing waits").toBe(0);
  }

  /** The wait that was announced is the one that is waited out. */
  #wait(snapshot: ConnectionSnapshot): void {
    const { clock, facts, feed } = this.#world;
    const backoff = clock.timers.find(({ name }) => name.startsWith("backoff"));
    const { retryInMs, nextAttemptAtMs } = feed.status();
    expect(retryInMs, "status() tells the armed wait").toBe(backoff?.delayMs ?? null);
    expect(nextAttemptAtMs, "and when it ends").toBe(backoff?.dueAtMs ?? null);
    const announced = facts.findLast(isLoss)?.retryInMs;
    if (snapshot.matches("reconnecting")) expect(announced, "as announced").toBe(retryInMs);
    if (snapshot.matches("failed")) expect(announced, "none is announced").toBeNull();
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
    expect(Number(isSet), `the outage's alarm in ${feed.state}`).toBe(expected);
  }

  /** Losses are forgiven when stable, and when the owner starts over after `failed`. */
  #retries(snapshot: ConnectionSnapshot): void {
    const { facts, feed } = this.#world;
    const startedOver = facts.findLastIndex(
      (fact) => fact.type === "state" && fact.previous === "failed" && fact.state === "connecting",
    );
    this.#forgivenAt = Math.max(this.#forgivenAt, startedOver);
    if (snapshot.matches({ connected: "stable" })) this.#forgivenAt = facts.length;
    const losses = facts
      .slice(this.#forgivenAt)
      .filter(isLoss)
      .filter(({ loss }) => loss.class !== "requested");
    expect(feed.status().failures, "every loss counts until forgiven").toBe(losses.length);
    const renewals = losses.filter(isRenewal).length;
    expect(renewals, "credentials are renewed once").toBeLessThanOrEqual(1);
    const isRefusal = losses.at(-1)?.rule === "close-forbidden";
    if (feed.state === "failed" && !isRefusal) {
      expect(losses.length, "given up after the last retry").toBe(maxRetries + 1);
    } else if (feed.state === "reconnecting") {
      expect(losses.length, "tried again for the last time").toBeLessThanOrEqual(maxRetries);
    }
  }

  /** Each dial is made for the reason that it has. */
  #dials(): void {
    const { dials, sockets, facts } = this.#world;
    expect(sockets.length, "one socket a dial").toBe(dials.length);
    expect(dials.length, "and the chart knows of it").toBe(this.#times(/on socket\.dialled/));
    const last = dials.at(-1);
    if (last === undefined) return;
    const { reason, stimulus } = last;
    const cause = facts.slice(0, last.facts).findLast(isLoss);
    if (cause !== undefined && isRenewal(cause)) {
      expect(reason, "refused credentials are asked for anew").toBe("renewal");
    } else if (stimulus === undefined) {
      expect(reason).toBe("first");
    } else if (stimulus.startsWith("backoff")) {
      expect(reason).toBe("retry");
    } else {
      expect(["command", "renewal"], `the reason of ${stimulus}`).toContain(reason);
    }
  }

  /** Messages go out while ready, wait while not, and none is lost sight of. */
  #sends(snapshot: ConnectionSnapshot): void {
    const { messagesOnWire, feed, sends } = this.#world;
    const { messages } = feed.status().outbox;
    const isReady = snapshot.hasTag("ready");
    if (isReady) expect(messages, "none waits while ready").toBe(0);
    else expect(messagesOnWire, "none goes out while not").toBe(this.#written);
    expect(this.#fates() + messages, "each waits or has met its fate").toBe(sends);
    this.#written = messagesOnWire;
  }

  #states(snapshot: ConnectionSnapshot): void {
    const { feed } = this.#world;
    const states = this.#heard("state");
    const value = typeof snapshot.value === "string" ? snapshot.value : "connected";
    expect(feed.state, "the state is the chart's").toBe(value);
    expect(states.at(-1)?.state, "and the one that was told").toBe(value);
    expect(feed.status().isReady, "ready as the chart says").toBe(snapshot.hasTag("ready"));
    const [last, before] = [states.at(-1), states.at(-2)];
    expect(last?.previous, "states follow on each other").toBe(before?.state ?? "idle");
  }

  #facts(snapshot: ConnectionSnapshot): void {
    const { feed, facts, answers } = this.#world;
    const turns = facts.map(({ type }) => type).filter((type) => type === "up" || type === "down");
    const alternating = turns.map((_, index) => (index % 2 === 0 ? "up" : "down"));
    expect(turns, "up and down alternate").toEqual(alternating);
    const isUp = turns.at(-1) === "up";
    const isEnding = feed.state === "closing" || feed.state === "closed";
    if (!isEnding) expect(isUp, "up exactly while ready").toBe(snapshot.hasTag("ready"));

    const lost = this.#times(/on socket\.lost/) + this.#times(/\.connect(ing|ed): on reconnect/);
    expect(facts.filter(isLoss).length, "every loss is told once").toBe(lost);
    const failures = this.#times(/-> connection\.failed/);
    expect(this.#heard("failed").length, "every failure is told once").toBe(failures);
    expect(this.#alerts("failed"), "and raises an alert").toBe(failures);
    const prolonged = this.#times(/on outage\.prolonged/);
    expect(this.#alerts("long-outage"), "so does a long outage").toBe(prolonged);
    expect(feed.status().inbound.messages, "only what lives is heard").toBe(answers);
  }

  #nothingThrew(): void {
    expect(this.#heard("callback.failed"), "nothing throws").toEqual([]);
    expect(this.#world.actor.getSnapshot().error, "the chart has no error").toBeUndefined();
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

type LossFact = Fact<"down"> | Fact<"attempt.failed">;

function isLoss(fact: Fact): fact is LossFact {
  return fact.type === "down" || fact.type === "attempt.failed";
}

/** A refusal of credentials that is answered by asking for others at once. */
function isRenewal({ rule, retryInMs }: LossFact): boolean {
  return rule === "http-auth" && retryInMs === 0;
}

function isAlert(fact: Fact, kind: string): boolean {
  return fact.type === "alert" && fact.alert.kind === kind;
}
