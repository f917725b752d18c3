/** Alerts: a long outage is said once, when it is one; a failure is said once. Part of invariant 17. */
import type { Fact } from "../../../../src/index.ts";
import type { Scene } from "../scene.ts";

export class Alerts {
  readonly #scene: Scene;
  /** Since when this outage has lasted; undefined where there is none. */
  #sinceMs: number | undefined;
  #stops = 0;
  #isSaid = false;
  #failedAlerts = 0;
  #failures = 0;

  constructor(scene: Scene) {
    this.#scene = scene;
  }

  heard(fact: Fact): void {
    switch (fact.type) {
      case "state":
        if (
          (fact.state === "connecting" && fact.previous === "idle") ||
          (fact.state !== "closed" && fact.previous === "failed")
        ) {
          this.#begin(fact.atMs);
        }
        if (fact.state === "closing" || fact.state === "closed") this.#end();
        return;
      case "down":
        this.#begin(fact.atMs);
        return;
      case "up":
        this.#checkSaid(fact.atMs);
        this.#end();
        return;
      case "failed":
        this.#failures += 1;
        if (this.#failedAlerts !== this.#failures) this.#violate("failed without its alert");
        this.#end();
        return;
      case "alert":
        if (fact.alert.kind === "long-outage") this.#said(fact.atMs);
        if (fact.alert.kind === "failed") this.#failedAlerts += 1;
        return;
      default:
    }
  }

  check(): void {
    this.#checkSaid(this.#scene.process.nowMs());
  }

  #begin(atMs: number): void {
    this.#sinceMs = atMs;
    this.#isSaid = false;
    this.#stops = this.#scene.process.stops;
  }

  #end(): void {
    this.#sinceMs = undefined;
  }

  #said(atMs: number): void {
    const { toleranceMs, character } = this.#scene;
    if (this.#isSaid) this.#violate("a long outage was said twice");
    this.#isSaid = true;
    const sinceMs = this.#sinceMs;
    if (sinceMs === undefined) this.#violate("a long outage was said, and there is none");
    else if (atMs - sinceMs < character.options.longOutageAfterMs - toleranceMs) {
      this.#violate(`an outage of ${atMs - sinceMs} ms was said to be long`);
    }
  }

  #checkSaid(atMs: number): void {
    const { toleranceMs, character, process } = this.#scene;
    if (this.#sinceMs === undefined || this.#isSaid || process.stops !== this.#stops) return;
    const lateMs = atMs - this.#sinceMs - character.options.longOutageAfterMs;
    if (lateMs > toleranceMs) this.#violate(`a long outage was not said for ${lateMs} ms`);
  }

  #violate(detail: string): void {
    this.#scene.violate("17 alternation", detail);
  }
}
