/**
 * What is told of sends and of the client's own frames: the first drop of each kind and reason in a minute; and
 * three refused frames with none written between them, which nobody must have to find out from fates.
 */
import type { Fact, Status } from "../../../../src/index.ts";
import type { Scene } from "../scene.ts";
import type { FrameKind } from "./wire.ts";

const MINUTE_MS = 60_000;
const REFUSED_OF_BROKEN = 3;

type Dropped = Fact<"send.dropped">;

const COUNTERS = ["overflow", "tooLarge", "invalid", "expired", "failed", "closed"] as const;

export class SendFacts {
  readonly #scene: Scene;
  readonly #toldAtMs = new Map<string, number>();
  readonly #counted = new Map<string, number>();
  /** When the last step was over. */
  #checkedAtMs = 0;
  /** Frames that were refused since one was written. */
  #refused = 0;
  /** The facts that the last frames must lead to. */
  #owed: ("broken" | "restored")[] = [];

  constructor(scene: Scene) {
    this.#scene = scene;
  }

  refused(kind: FrameKind): void {
    this.#refused += 1;
    if (this.#refused === REFUSED_OF_BROKEN) this.#owed.push("broken");
    if (kind !== "send") this.#own += 1;
  }

  written(): void {
    if (this.#refused >= REFUSED_OF_BROKEN) this.#owed.push("restored");
    this.#refused = 0;
  }

  heard(fact: Fact): void {
    if (fact.type === "send.dropped") this.#dropped(fact);
    if (fact.type === "send.restored") this.#pay("restored");
    if (fact.type === "alert" && fact.alert.kind === "send-broken") this.#pay("broken");
    if (fact.type === "closed") this.#owed = [];
  }

  /** After each step. */
  check(outbox: Status["outbox"], isClosed: boolean): void {
    for (const what of this.#owed) this.#wrong(`sends are ${what}, and that was not told`);
    this.#owed = [];
    if (outbox.ownFramesDropped < this.#own) {
      this.#wrong(`${this.#own} frames were refused, said ${outbox.ownFramesDropped}`);
    }
    for (const counter of COUNTERS) this.#check(counter, outbox[counter], isClosed);
    this.#checkedAtMs = this.#now;
  }

  /** Refused frames that were no sends. */
  #own = 0;

  #dropped({ frame, reason }: Dropped): void {
    const key = `${frame}/${reason}`;
    const agoMs = this.#now - (this.#toldAtMs.get(key) ?? -Infinity);
    if (agoMs < MINUTE_MS) this.#wrong(`${key} was told ${agoMs} ms before`);
    this.#toldAtMs.set(key, this.#now);
  }

  #check(counter: (typeof COUNTERS)[number], count: number, isClosed: boolean): void {
    const reason = counter === "tooLarge" ? "too-large" : counter;
    const isMore = count > (this.#counted.get(counter) ?? 0);
    this.#counted.set(counter, count);
    const toldAtMs = this.#toldAtMs.get(`message/${reason}`) ?? -Infinity;
    if (!isMore || isClosed || toldAtMs >= this.#checkedAtMs - MINUTE_MS) return;
    this.#wrong(`a send was dropped (${reason}), and that was not told`);
  }

  #pay(what: "broken" | "restored"): void {
    const index = this.#owed.indexOf(what);
    if (index < 0) this.#wrong(`sends are said to be ${what}, and are not`);
    else this.#owed.splice(index, 1);
  }

  #wrong(what: string): void {
    this.#scene.violate("silence", what);
  }

  get #now(): number {
    return this.#scene.process.nowMs();
  }
}
