/**
 * Connections that bring no data: told only after a silence that is long enough and was one, replaced only
 * after it was told, and over when data comes. Part of the law that nothing goes silent.
 */
import type { Fact } from "../../../../src/index.ts";
import type { Scene } from "../scene.ts";

/** No rhythm is known before so many gaps. */
const LEAST_GAPS = 8;

export class Mute {
  readonly #scene: Scene;
  readonly #isUp: () => boolean;
  readonly #untilTokenMs: (atMs: number) => number;
  /** Delivered or not: no fewer than the gaps that are known. */
  #messages = 0;
  #firstUpAtMs: number | undefined;
  /** A silence was told and is not over. */
  #isTold = false;
  #isReplacing = false;
  /** Until then it must be replaced, as far as the budget of attempts allows. */
  #replacedByMs = Infinity;
  #alerts = 0;
  #isAlertOwed = false;

  constructor(scene: Scene, isUp: () => boolean, untilTokenMs: (atMs: number) => number) {
    this.#scene = scene;
    this.#isUp = isUp;
    this.#untilTokenMs = untilTokenMs;
  }

  /** A message of some topic was read. */
  read(): void {
    this.#messages += 1;
  }

  heard(fact: Fact): void {
    switch (fact.type) {
      case "mute":
        this.#told(fact);
        return;
      case "mute.ended":
        if (!this.#isTold) this.#wrong("it ended, and was not told");
        this.#isTold = false;
        this.#alerts = 0;
        return;
      case "alert":
        if (fact.alert.kind !== "mute") return;
        this.#alerts += 1;
        this.#isAlertOwed = false;
        if (!this.#isTold) this.#wrong("an alert, and it was not told");
        if (this.#alerts > 1) this.#wrong("two alerts in one silence");
        return;
      case "up":
        this.#firstUpAtMs ??= fact.atMs;
        return;
      case "down":
        if (fact.loss.class === "mute" && !this.#isReplacing) this.#wrong("replaced for nothing");
        this.#isReplacing = false;
        return;
      case "state":
        if (fact.state !== "connected") this.#isReplacing = false;
        return;
      case "closed":
        [this.#isTold, this.#isAlertOwed] = [false, false];
        return;
      default:
    }
  }

  /** After each step: what was said was done. */
  check(): void {
    if (this.#isAlertOwed) this.#wrong("replaced without an alert");
    this.#isAlertOwed = false;
    const { process, toleranceMs } = this.#scene;
    if (!this.#isReplacing || process.lastStop.endedAtMs >= this.#replacedByMs) return;
    if (this.#now <= this.#replacedByMs + toleranceMs + 2) return;
    this.#wrong("said to be replaced, and it was not");
  }

  #told({ silentMs, boundMs, action }: Fact<"mute">): void {
    const { mute } = this.#scene.character.features;
    if (mute === null) {
      this.#wrong("told, and switched off");
      return;
    }
    if (this.#messages <= LEAST_GAPS) this.#wrong(`told after ${this.#messages} messages`);
    if (boundMs < mute.floorMs) this.#wrong(`a bound of ${boundMs} ms`);
    if (silentMs < boundMs - 1) this.#wrong(`told after ${silentMs} of ${boundMs} ms`);
    if (!this.#isUp()) this.#wrong("told while not ready");
    const livedMs = this.#now - (this.#firstUpAtMs ?? this.#now);
    if (silentMs > livedMs) this.#wrong(`${silentMs} ms of silence, ready for ${livedMs} ms`);
    if (action === "reconnect" && !this.#isTold) this.#wrong("replaced before it was told");
    this.#isTold = true;
    if (action !== "reconnect") return;
    this.#isReplacing = true;
    this.#replacedByMs = this.#now + this.#untilTokenMs(this.#now);
    this.#isAlertOwed = this.#alerts === 0;
  }

  #wrong(what: string): void {
    this.#scene.violate("mute", what);
  }

  get #now(): number {
    return this.#scene.process.nowMs();
  }
}
