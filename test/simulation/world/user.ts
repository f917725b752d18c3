/** The user of one supervisor: calls it, listens to it, reads from it, and misbehaves. */
import {
  ConnectionClosedError,
  ConnectionFailedError,
  createSupervisor,
  type FactType,
} from "../../../src/index.ts";
import { factTypes } from "../../../src/supervisor/facts.ts";
import type { VirtualClock } from "../../../src/testing/index.ts";
import { Consumer } from "./consumer.ts";
import { UserError, type MischiefBox } from "./mischief.ts";
import type { Network } from "./network.ts";
import { ConsumerView } from "./oracle/consumer.ts";
import { Oracle, type SimSupervisor } from "./oracle/oracle.ts";
import type { Scene } from "./scene.ts";
import type { Command, IterateStep, Reaction } from "./steps.ts";
import { createOptions, createTarget, type TargetParts } from "./target.ts";
import type { Troubles } from "./troubles.ts";

export interface UserParts {
  readonly scene: Scene;
  readonly world: VirtualClock;
  readonly network: Network;
  readonly mischief: MischiefBox;
  readonly troubles: Troubles;
  readonly lastEmitted: TargetParts["lastEmitted"];
  readonly losesNext: TargetParts["losesNext"];
  /** Which supervisor of the life this is. */
  readonly number: number;
}

/** Those that the user has from the start, beside the taps of `message`: two of them of every type. */
const LISTENERS = Object.keys(factTypes).length + 2;
const MAX_CONSUMERS = 4;
/** What a reaction does with topics concerns the first one. */
const FIRST = [0];

export class User {
  readonly oracle: Oracle;
  readonly feed: SimSupervisor;
  readonly #scene: Scene;
  readonly #mischief: MischiefBox;
  readonly #controller = new AbortController();
  readonly #consumers: Consumer[] = [];
  readonly #reactions = new Set<() => void>();
  /** Promises of `ready()` and `close()` that have not settled. */
  #readies = 0;
  #closes = 0;

  constructor(userParts: UserParts) {
    const { scene, world, network, mischief, troubles, lastEmitted, losesNext, number } = userParts;
    const { character, process } = scene;
    const topics = character.topics.slice(0, character.wantedAtFirst);
    this.#scene = scene;
    this.#mischief = mischief;
    const isUnreliable = (stream: string): boolean =>
      network.numbering?.isUnreliable(stream) === true;
    this.oracle = new Oracle(scene, topics, isUnreliable);
    network.observer = this.oracle;
    const parts: TargetParts = {
      character,
      world,
      process,
      network,
      oracle: this.oracle,
      mischief,
      troubles,
      topics,
      signal: this.#controller.signal,
      seed: character.seed + number,
      lastEmitted,
      losesNext,
    };
    this.feed = createSupervisor(createTarget(parts), createOptions(parts));
    for (const type of Object.keys(factTypes) as FactType[]) {
      this.feed.on(type, (fact) => this.oracle.heard(fact));
    }
    this.feed.on("*", (fact) => this.oracle.heardByAll(fact));
    this.feed.on("*", () => this.#misbehave());
    if (character.hasTap) {
      this.feed.on("message", (item) => {
        const { log } = scene;
        if (log.isOn) log.add(`message ${item.stream ?? "?"} ${String(item.position)}`);
        if (this.isClosed) scene.violate("11 epochs", "a message after closed");
        this.oracle.feed.given(item);
      });
      this.feed.on("message", () => this.#misbehave());
    }
    this.feed.start();
  }

  get isClosed(): boolean {
    return this.oracle.lifecycle.isClosed;
  }

  command(command: Command): void {
    this.oracle.lifecycle.commanded(command);
    switch (command) {
      case "connect":
        this.feed.connect();
        return;
      case "reconnect":
        this.feed.reconnect();
        return;
      case "terminate":
        this.feed.terminate();
        return;
      case "close":
        this.#closes += 1;
        void this.#scene.process.awaits(this.feed.close()).then(() => {
          this.#closes -= 1;
          if (!this.isClosed) this.#scene.violate("L5 closes", "close() resolved too early");
        });
    }
  }

  /** The signal that it was made with is aborted. */
  abort(): void {
    this.oracle.lifecycle.commanded("close");
    this.#controller.abort();
  }

  ready(): void {
    const { process, violate } = this.#scene;
    this.#readies += 1;
    void process.awaits(this.feed.ready()).then(
      () => {
        this.#readies -= 1;
      },
      (error: unknown) => {
        this.#readies -= 1;
        this.oracle.secrets.look("a rejection", error);
        const { isClosed } = this;
        const isRight =
          error instanceof ConnectionFailedError ||
          (isClosed && error instanceof ConnectionClosedError);
        if (!isRight) violate("17 alternation", `ready() rejects with ${String(error)}`);
      },
    );
  }

  subscribe(indices: readonly number[]): void {
    const topics = this.#topics(indices);
    this.oracle.intents.want(topics, this.oracle.lifecycle.isCalling);
    this.feed.subscribe(topics);
  }

  unsubscribe(indices: readonly number[]): void {
    const topics = this.#topics(indices);
    this.oracle.intents.unwant(topics, this.oracle.lifecycle.isCalling);
    this.feed.unsubscribe(topics);
  }

  send(bytes: number, ttlMs: number | null | undefined): void {
    const { process, log } = this.#scene;
    const id = this.oracle.sends.called(bytes, ttlMs, this.feed.state, this.oracle.isIdle);
    const head = `{"method":"LIST_SUBSCRIPTIONS","id":"s${id}"`;
    const pad = "x".repeat(Math.max(bytes - head.length - ',"x":""}'.length, 0));
    const frame = `${head},"x":"${pad}"}`.padEnd(bytes);
    const fated = this.feed.send(frame, ttlMs === undefined ? {} : { ttlMs });
    this.oracle.sends.returned(id);
    void process.awaits(fated).then((fate) => {
      if (log.isOn) log.add(`send ${id} is ${JSON.stringify(fate)}`);
      this.oracle.sends.settled(id, fate);
    });
  }

  iterate(step: IterateStep): void {
    const { consumers } = this.oracle;
    if (consumers.length >= MAX_CONSUMERS) return;
    const controller = new AbortController();
    const { invalid, unreliable } = this.oracle.feed;
    const { topics } = this.#scene.character;
    const before = new Map(topics.map((name) => [name, unreliable.episodesOf(name)]));
    const isUnreliable = (stream: string): boolean =>
      unreliable.has(stream) || unreliable.episodesOf(stream) !== (before.get(stream) ?? 0);
    const view = new ConsumerView(this.#scene, step, { invalid, isUnreliable }, (gone) => {
      const index = consumers.indexOf(gone);
      if (index >= 0) consumers.splice(index, 1);
    });
    const { overflow, highWaterMark, pauseBudgetMs } = step;
    const { signal } = controller;
    const items = this.feed.messages({ overflow, highWaterMark, pauseBudgetMs, signal });
    if (this.feed.state !== "closed" && this.feed.state !== "failed") consumers.push(view);
    const { process, violate } = this.#scene;
    const onWrong = (detail: string) => violate("21 callbacks", detail);
    this.#consumers.push(new Consumer({ items, controller, view, process, onWrong }));
  }

  read(consumer: number, items: number): void {
    this.#consumer(consumer)?.read(items);
  }

  leave(consumer: number, how: "return" | "abort"): void {
    this.#consumer(consumer)?.leave(how);
  }

  /** Does something at once when it hears of something, once. */
  react({ to, with: what }: Reaction): void {
    const calm = (): void => {
      off();
      this.#reactions.delete(calm);
    };
    this.#reactions.add(calm);
    const off = this.feed.on(to === "settled" ? "subscriptions.settled" : to, () => {
      calm();
      this.#scene.log.add(`reacts to ${to} with ${what}`);
      const wasCalling = this.oracle.lifecycle.isCalling; // one listener may be called within another
      this.oracle.lifecycle.isCalling = wasCalling || to !== "message";
      this.#reactWith(what);
      this.oracle.lifecycle.isCalling = wasCalling;
    });
  }

  #reactWith(what: Reaction["with"]): void {
    switch (what) {
      case "subscribe":
        this.subscribe(FIRST);
        return;
      case "unsubscribe":
        this.unsubscribe(FIRST);
        return;
      case "send":
        this.send(60, undefined);
        return;
      case "iterate":
        this.iterate({
          do: "iterate",
          overflow: "drop-oldest",
          highWaterMark: 10,
          pauseBudgetMs: 100,
          isEager: true,
        });
        return;
      default:
        this.command(what);
    }
  }

  check(sockets: number): void {
    const status = this.feed.status();
    this.oracle.check(this.feed, status, sockets);
    const { violate } = this.#scene;
    const { isUp } = this.oracle.lifecycle;
    const { state } = status;
    if (this.#readies > 0 && (isUp || state === "failed" || state === "closed")) {
      violate("2 nothing left", `${this.#readies} ready() wait in ${state}`);
    }
    const listeners = LISTENERS + (this.#scene.character.hasTap ? 2 : 0) + this.#reactions.size;
    const isWaited = this.#readies > 0 || state === "closing";
    if (!isWaited && status.listeners !== listeners) {
      violate(
        "2 nothing left",
        `${status.listeners} listeners in ${state}, of the user's ${listeners}`,
      );
    }
    if (this.#closes > 0 && state === "closed") {
      violate("2 nothing left", `${this.#closes} close() wait in ${state}`);
    }
  }

  /** Reacts to nothing any more. */
  calm(): void {
    for (const calm of this.#reactions) calm();
  }

  /** Reads all that is left. */
  drain(): void {
    for (const consumer of this.#consumers) consumer.read(Infinity);
  }

  finish(): void {
    if (this.#consumers.some(({ isDone }) => !isDone)) {
      this.#scene.violate("2 nothing left", "an iterator has not ended");
    }
    this.oracle.finish(this.feed);
  }

  #consumer(index: number): Consumer | undefined {
    const open = this.#consumers.filter(({ isDone }) => !isDone);
    return open[index % Math.max(open.length, 1)];
  }

  #topics(indices: readonly number[]): string[] {
    const { topics } = this.#scene.character;
    return indices.flatMap((index) => topics[index] ?? []);
  }

  /** A listener that throws, or rejects, when it is its turn. */
  #misbehave(): void {
    const how = this.#mischief.take("listener");
    if (how === undefined) return;
    this.oracle.calls.thrown += 1;
    if (how === "throws") throw new UserError("on purpose");
    return this.#scene.process.awaits(Promise.reject(new UserError("on purpose"))) as never;
  }
}
