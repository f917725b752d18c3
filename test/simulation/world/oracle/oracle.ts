/**
 * The oracle of one supervisor: it hears every fact, sees every frame and every call of the user's,
 * and says what is wrong. The parts know one theme each; here they are put together.
 */
import type { Loss } from "../../../../machines/index.ts";
import {
  later,
  type Dial,
  type Fact,
  type Status,
  type Supervisor,
} from "../../../../src/index.ts";
import type { BinanceStreamMessage } from "../../../../src/venues/index.ts";
import { parseRequest, streamOf } from "../clerk.ts";
import type { WireObserver } from "../network.ts";
import type { Scene } from "../scene.ts";
import type { SimSocket } from "../sim-socket.ts";
import { Alerts } from "./alerts.ts";
import type { ConsumerView } from "./consumer.ts";
import { Drops } from "./drops.ts";
import { Feed } from "./feed.ts";
import { FreshTopics } from "./fresh-topics.ts";
import { Intents } from "./intents.ts";
import { Lifecycle } from "./lifecycle.ts";
import { Mute } from "./mute.ts";
import { MuteInTime } from "./mute-in-time.ts";
import { Plans } from "./plans.ts";
import { Secrets } from "./secrets.ts";
import { SendFacts } from "./send-facts.ts";
import { Sends } from "./sends.ts";
import { Suspects } from "./suspects.ts";
import { Wire, type FrameKind } from "./wire.ts";

export type SimSupervisor = Supervisor<BinanceStreamMessage>;

export class Oracle implements WireObserver {
  readonly lifecycle: Lifecycle;
  readonly alerts: Alerts;
  readonly plans: Plans;
  readonly mute: Mute;
  readonly muteInTime: MuteInTime;
  readonly drops: Drops;
  readonly sendFacts: SendFacts;
  readonly wire: Wire;
  readonly intents: Intents;
  readonly fresh: FreshTopics;
  readonly suspects: Suspects;
  readonly feed: Feed;
  readonly sends: Sends;
  readonly secrets: Secrets;
  /** Iterators that are open, oldest first, as `status().queues` lists them. */
  readonly consumers: ConsumerView[] = [];
  /** What the user's functions did. */
  readonly calls = { decoded: 0, invalid: 0, acknowledged: 0, thrown: 0 };
  readonly #scene: Scene;
  /** Whether a URL function tells of each dial. */
  readonly #asksUrl: boolean;
  #asks = 0;
  #handed = 0;
  #strays = 0;
  #facts = 0;
  #factsOfAll = 0;

  constructor(scene: Scene, topics: readonly string[], isUnreliable: (stream: string) => boolean) {
    this.#scene = scene;
    this.#asksUrl = scene.character.url !== "plain";
    this.lifecycle = new Lifecycle(scene);
    this.alerts = new Alerts(scene);
    this.plans = new Plans(scene, {
      untilTokenMs: (atMs) => this.lifecycle.waits.untilTokenMs(atMs),
      mayReconnect: () => this.feed.repairs.mayReconnect,
    });
    this.mute = new Mute(
      scene,
      () => this.lifecycle.isUp,
      (atMs) => this.lifecycle.waits.untilTokenMs(atMs),
    );
    this.muteInTime = new MuteInTime(scene, {
      isUp: () => this.lifecycle.isUp,
      askedAtMs: () => this.intents.askedAtMs,
      isUnreliable: (topic) => this.feed.unreliable.has(topic),
    });
    this.drops = new Drops(scene);
    this.sendFacts = new SendFacts(scene);
    this.wire = new Wire(scene);
    this.suspects = new Suspects(scene);
    this.fresh = new FreshTopics(scene, (topic) => this.intents.isWanted(topic), isUnreliable);
    this.intents = new Intents(scene, topics, this.fresh, this.suspects, {
      mayResubscribe: (topic) => this.feed.repairs.mayResubscribe(topic),
      unwanted: (topic) => this.feed.repairs.unwanted(topic),
    });
    this.feed = new Feed(scene, {
      isUnreliable,
      isWanted: (topic) => this.intents.isWanted(topic),
      isServed: (topic) => this.intents.isServed(topic),
      isCalling: () => this.lifecycle.isCalling,
    });
    this.sends = new Sends(scene);
    this.secrets = new Secrets(scene);
  }

  /** A send that is called now has nothing to wait for. */
  get isIdle(): boolean {
    return this.#mustSend && this.wire.takesFrames;
  }

  /** What waits must go out soon, or with the next socket. */
  get #mustSend(): boolean {
    const { pacing } = this.#scene.character.options;
    return this.lifecycle.isUp && pacing.length === 0 && this.wire.hasRoom;
  }

  /** Heard by a listener of its own type. */
  heard(fact: Fact): void {
    const { log } = this.#scene;
    this.#facts += 1;
    const text = this.secrets.look("a fact", fact);
    if (log.isOn) log.add(text);
    this.lifecycle.heard(fact);
    this.alerts.heard(fact);
    this.plans.heard(fact);
    this.mute.heard(fact);
    this.muteInTime.heard(fact);
    this.drops.heard(fact);
    this.sendFacts.heard(fact);
    this.fresh.heard(fact);
    this.suspects.heard(fact);
    this.wire.heard(fact);
    this.intents.heard(fact, this.wire.isOpen);
    if (fact.type === "up") this.sends.up();
    this.#heardOfStreams(fact);
    this.feed.unreliable.heard(fact);
    // What is said of sends is nothing about data.
    if (!fact.type.startsWith("send.")) this.feed.silence.heard(fact);
    if (fact.type === "failed" || fact.type === "closed") {
      this.sends.cleared();
      const positions = this.feed.positions();
      for (const consumer of [...this.consumers]) consumer.ends(positions);
      if (fact.type === "closed") this.feed.forget();
    }
  }

  #heardOfStreams(fact: Fact): void {
    const { feed } = this;
    switch (fact.type) {
      case "topic.refused":
        if (fact.request === "subscribe") feed.repairs.refused(fact.topic);
        return;
      case "gap":
        feed.gapTold(fact);
        return;
      case "reset":
        feed.resetTold(fact);
        return;
      case "mismatch":
        feed.mismatchTold(fact);
        return;
      case "invalid":
        feed.invalidTold(fact);
        return;
      case "snapshot":
        feed.snapshotTold(fact);
        return;
      case "valid":
        feed.validTold(fact);
        return;
      case "overflow":
        feed.overflowTold(fact);
        return;
      case "down":
      case "attempt.failed":
        this.#socketEnded();
        return;
      case "alert":
        if (fact.alert.kind !== "recovery-failed") return;
        feed.givenUp(fact.alert.stream, fact.alert.tries);
        return;
      default:
    }
  }

  /** Heard by a listener of every type. */
  heardByAll(fact: Fact): void {
    this.#factsOfAll += 1;
    if (fact.type === "closed" && this.#factsOfAll !== this.#facts) {
      this.#scene.violate("11 epochs", "closed is not the last fact that * is told");
    }
  }

  // The wire.

  dialled(socket: SimSocket, { url }: Dial): void {
    const { log } = this.#scene;
    if (log.isOn) log.add(`dial ${socket.id} ${url.length}`);
    this.wire.dialled(socket);
    if (!this.#asksUrl) this.dialBegins(undefined, undefined);
    else if (!url.endsWith(`&ask=${this.#asks}`) || this.lifecycle.isClosed) {
      this.#scene.violate("11 epochs", "dialled with the URL of an attempt that is over");
    }
  }

  /** A message of this topic was read. */
  heardOf(topic: string, isNew: boolean): void {
    // Whether a copy counts as a sign of life depends on what becomes of it.
    if (isNew) this.fresh.spoke(topic);
    else this.fresh.mayHaveSpoken(topic);
    if (isNew) this.mute.read();
    this.muteInTime.read(topic, isNew);
    this.suspects.acquitted(topic);
  }

  /** The URL function was asked, or a plain URL was dialled. Gives the number of the attempt. */
  dialBegins(attempt: number | undefined, reason: string | undefined): number {
    this.intents.dialled();
    this.lifecycle.dialled(attempt, reason);
    this.#asks += 1;
    return this.#asks;
  }

  opened(socket: SimSocket): void {
    this.#scene.log.add(`open ${socket.id}`);
    this.lifecycle.opened();
    this.wire.opened();
    this.fresh.opened(socket);
    this.muteInTime.opened(socket);
  }

  frame(socket: SimSocket, data: string | Uint8Array, isTaken: boolean): void {
    const text = String(data);
    const { log } = this.#scene;
    if (log.isOn) log.add(`${socket.id} < ${text.slice(0, 120)}`);
    const kind = kindOf(text);
    this.wire.frame(socket, kind, isTaken);
    if (kind === "send" && isTaken) this.sends.written(sendId(text), this.lifecycle.isUp);
    const request = kind === "request" ? parseRequest(text) : undefined;
    if (request === undefined) return;
    this.intents.requested(request);
    if (request.kind === "subscribe")
      request.topics.forEach((topic) => this.feed.unreliable.asked(topic));
  }

  /** To the client it is as if the peer had refused it. */
  frameRefused(_: SimSocket, data: string | Uint8Array): void {
    const text = String(data);
    const kind = kindOf(text);
    this.sendFacts.refused(kind);
    if (kind === "send") this.sends.refused(sendId(text));
    const request = kind === "request" ? parseRequest(text) : undefined;
    if (request !== undefined)
      this.intents.answered({ id: request.id, error: "not sent", refusal: later() });
  }

  frameDone(socket: SimSocket, data: string | Uint8Array, error: Error | undefined): void {
    if (error === undefined) this.sendFacts.written();
    if (this.#scene.character.manner !== "unanswered" || error !== undefined || socket.isOver)
      return;
    const request = parseRequest(String(data));
    if (request !== undefined) this.intents.written(request);
  }

  pinged(socket: SimSocket): void {
    this.#scene.log.add(`${socket.id} < ping`);
    this.wire.pinged(socket);
  }

  ponged(socket: SimSocket): void {
    this.#scene.log.add(`${socket.id} < pong`);
    this.wire.ponged();
  }

  handed(isStray: boolean): void {
    if (isStray) {
      this.#strays += 1;
      return;
    }
    this.feed.settled();
    this.fresh.settled();
    this.#handed += 1;
  }

  withheld(data: Buffer): void {
    const { log } = this.#scene;
    const topic = streamOf(data);
    if (log.isOn) log.add(`withheld of ${topic}`);
    this.feed.silence.withheld(topic);
  }

  ended(socket: SimSocket, loss: Loss): void {
    const { log } = this.#scene;
    if (log.isOn) log.add(`end ${socket.id} ${loss.class} ${loss.closeCode ?? ""}`);
    if (this.lifecycle.state === "connected") this.suspects.lost();
    this.#socketEnded();
    this.lifecycle.ended(loss);
  }

  left(socket: SimSocket, how: "close" | "terminate", wasOpen: boolean): void {
    this.#scene.log.add(`${how} ${socket.id}`);
    if (how === "terminate" && wasOpen && !this.lifecycle.isTerminated) {
      this.#scene.violate("11 epochs", "an open socket was dropped without a close frame");
    }
    this.wire.left(how);
    this.suspects.left();
    if (how === "terminate") this.#socketEnded();
  }

  #socketEnded(): void {
    this.feed.repairs.socketEnded();
    this.feed.unreliable.socketEnded();
  }

  // Every step.

  check(feed: SimSupervisor, status: Status, sockets: number): void {
    const { violate, process, character } = this.#scene;
    const { inbound, outbox, callbackFailures } = status;
    if (process.isSpinning) violate("23 sanity", "the loop turns and no time passes");
    const pausable = this.consumers.filter(({ options }) => options.overflow === "pause");
    const { recovery } = character.features;
    // A desk rests between the starts of two recoveries.
    const deskTimers = recovery === null ? 0 : 1;
    const doubts = character.features.silences.has("numbers") ? character.topics.length : 0;
    const timers =
      9 +
      doubts +
      this.intents.unanswered +
      pausable.length +
      deskTimers +
      (recovery?.concurrent ?? 0);
    this.lifecycle.check(status, process.armed, sockets, timers);
    this.alerts.check();
    this.plans.check();
    this.mute.check();
    this.muteInTime.check();
    this.drops.check(inbound, this.lifecycle.isClosed);
    this.suspects.check();
    this.feed.settled();
    this.feed.repairs.check(status.recovery.streams.map(({ stream }) => stream));
    this.feed.unreliable.check();
    this.feed.silence.check();
    this.fresh.settled();
    this.fresh.check(this.lifecycle.state === "connected");
    const { state } = this.lifecycle;
    const budgetMs = Math.max(0, ...pausable.map(({ options }) => options.pauseBudgetMs));
    this.wire.check(state === "connected", budgetMs);
    if (state !== "closing") this.intents.check(feed.topics(), state === "connected");
    this.intents.checkWaiting(this.lifecycle.isUp);
    this.sends.check(outbox, !this.#mustSend);
    this.sendFacts.check(outbox, this.lifecycle.isClosed);
    status.queues.forEach(({ depth }, index) => this.consumers[index]?.checkDepth(depth));

    const { calls, feed: view } = this;
    const counted = [
      ["messages", inbound.messages, calls.decoded],
      ["invalid", inbound.invalid, calls.invalid],
      ["control", inbound.control, calls.acknowledged],
      ["mismatches", inbound.mismatches, view.mismatches],
      ["gaps", inbound.gaps, view.gaps],
      ["resets", inbound.resets, view.resets],
      ["queues", status.queues.length, this.consumers.length],
    ] as const;
    for (const [what, said, right] of counted) {
      if (said !== right) violate("13 completeness", `${what} are ${right}, said ${said}`);
    }
    const { stale = 0 } = inbound as { readonly stale?: number };
    const known = inbound.duplicates + stale - view.duplicates;
    const { least, most } = view.unreliable.dropped;
    if (known < least || known > most) {
      violate(
        "13 completeness",
        `${least} to ${most} copies beside ${view.duplicates}, said ${known}`,
      );
    }
    // What came in the chunk of a login's answer is read after it, or late by then.
    const unread = this.#scene.character.hasLogin ? this.#handed - calls.decoded : 0;
    if (inbound.late < this.#strays || inbound.late > this.#strays + unread) {
      violate("13 completeness", `late are ${this.#strays}, said ${inbound.late}`);
    }
    if (!this.#scene.character.hasLogin && calls.decoded !== this.#handed) {
      violate("13 completeness", `${this.#handed} messages came, ${calls.decoded} were decoded`);
    }
    if (callbackFailures !== calls.thrown) {
      violate("21 callbacks", `${calls.thrown} throws, said ${callbackFailures}`);
    }
    if (this.#facts !== this.#factsOfAll) {
      violate("17 alternation", `* heard ${this.#factsOfAll} of ${this.#facts} facts`);
    }
    if (feed.actor?.getSnapshot().status === "error") violate("23 sanity", "the chart failed");
  }

  /** It is closed, and the user has read what there was. */
  finish(feed: SimSupervisor): void {
    this.sends.finish();
    this.lifecycle.waits.finish();
    this.secrets.look("the status", feed.status());
    this.secrets.look("the snapshot", feed.actor?.getSnapshot());
    this.secrets.look("the supervisor", feed);
  }
}

const KINDS: readonly (readonly [start: string, kind: FrameKind])[] = [
  ['{"method":"SUBSCRIBE"', "request"],
  ['{"method":"UNSUBSCRIBE"', "request"],
  ['{"method":"LIST_SUBSCRIPTIONS","id":"s', "send"],
  ['{"method":"LIST_SUBSCRIPTIONS","id":"probe"', "probe"],
  ['{"method":"LIST_SUBSCRIPTIONS","id":"login"', "login"],
];

function kindOf(text: string): FrameKind {
  return KINDS.find(([start]) => text.startsWith(start))?.[1] ?? "unknown";
}

const SEND_START = '{"method":"LIST_SUBSCRIPTIONS","id":"s';

function sendId(text: string): number {
  return Number.parseInt(text.slice(SEND_START.length), 10);
}
