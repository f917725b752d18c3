/**
 * What is refused, and asked for again: each refusal is told with the right wait, waits are waited out, and no
 * more than ten such requests are made in a minute, over all sockets.
 */
import type { Fact, Refusal } from "../../../../src/index.ts";
import type { Scene } from "../scene.ts";

type Kind = "subscribe" | "unsubscribe";

/** A wait of the client's own gets no longer. */
const LONGEST_MS = 100_000;
const FIRST_MS = { later: 3_000, unknown: 30_000 };
const MINUTE_MS = 60_000;
const PER_MINUTE = 10;
/** What waits for its turn, for the budget and for the pacing is asked for by then. */
const PATIENCE_MS = 180_000;

/** How long a topic waits after its `times`-th refusal in a row. */
export function waitAfter(times: number, refusal: Refusal | undefined): number {
  const firstMs = refusal === undefined ? FIRST_MS.unknown : FIRST_MS.later;
  const ownMs = Math.min(LONGEST_MS, firstMs * 2 ** (times - 1));
  return Math.max(ownMs, refusal?.kind === "later" ? (refusal.afterMs ?? 0) : 0);
}

export class Refusals {
  readonly #scene: Scene;
  /** When requests of the budget were made, oldest first. */
  #askedAtMs: number[] = [];
  /** The facts that the last answers must lead to. */
  #owed: string[] = [];
  readonly #open = new Set<string>();
  /** Topics of which the alert that stands tells. */
  #told: readonly string[] = [];
  #alerted: readonly string[] = [];

  constructor(scene: Scene) {
    this.#scene = scene;
  }

  /** Something was refused, and somebody wants to know. `waitMs` null where it is not asked again. */
  refused(topic: string, request: Kind, waitMs: number | null): void {
    this.#owed.push(textOf(topic, request, waitMs));
  }

  /** Nobody knows whether a refusal came in time: whether it is told is left open. */
  unsure(topic: string): void {
    this.#open.add(topic);
  }

  /** A request was made for a topic that was refused before, or not answered for long. */
  askedAgain(): void {
    const nowMs = this.#scene.process.nowMs();
    this.#askedAtMs = [...this.#askedAtMs.filter((atMs) => nowMs - atMs < MINUTE_MS), nowMs];
    if (this.#askedAtMs.length > PER_MINUTE) {
      this.#wrong(`${this.#askedAtMs.length} requests in a minute`);
    }
  }

  heard(fact: Fact): void {
    switch (fact.type) {
      case "topic.rejected":
        this.#pay(textOf(fact.topic, "subscribe", null));
        return;
      case "topic.refused":
        if (!this.#open.has(fact.topic)) {
          this.#pay(textOf(fact.topic, fact.request, fact.retryInMs));
        }
        return;
      case "alert":
        if (fact.alert.kind === "topic-refused") this.#alerted = fact.alert.topics;
        return;
      case "subscriptions.settled": {
        const refused = fact.refused.map(({ topic }) => topic);
        const untold = refused.find(
          (topic) => !this.#told.includes(topic) && !this.#alerted.includes(topic),
        );
        if (untold !== undefined) this.#wrong(`${untold} is refused, without an alert`);
        this.#told = refused;
        this.#alerted = [];
        return;
      }
      case "closed":
        this.#owed = [];
        this.#told = [];
        return;
      default:
    }
  }

  /** After each step. `isAtRest`: every request was answered, and no topic waits to be asked for. */
  check(isAtRest: boolean, isRefused: (topic: string) => boolean): void {
    for (const text of this.#owed) this.#wrong(`${text} was not told`);
    this.#owed = [];
    this.#open.clear();
    const over = this.#told.find((topic) => !isRefused(topic));
    if (isAtRest && over !== undefined) this.#wrong(`${over} is not refused, and its alert stands`);
  }

  /** It is due since `dueAtMs`, on a connection that was ready all the time. */
  judgeWaiting(topic: string, dueAtMs: number): void {
    const lateMs = this.#scene.process.nowMs() - dueAtMs;
    if (lateMs > PATIENCE_MS) this.#wrong(`${topic} is not asked for again for ${lateMs} ms`);
  }

  #pay(text: string): void {
    const index = this.#owed.indexOf(text);
    if (index < 0) this.#wrong(`${text} was told, and is not so`);
    else this.#owed.splice(index, 1);
  }

  #wrong(what: string): void {
    this.#scene.violate("refusals", what);
  }
}

function textOf(topic: string, request: Kind, waitMs: number | null): string {
  return `the refusal of ${request} ${topic} (${waitMs ?? "for good"})`;
}
