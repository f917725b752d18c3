/** What stays wrong for a time: places that refuse, snapshots that cannot be had, checksums that do not hold. */
import type { Clock } from "../../../src/system.ts";
import type { RefusedPlace } from "./silences.ts";

interface Refusing {
  readonly untilMs: number;
  /** When to come back, as the refusal says; null where it does not say. */
  readonly afterMs: number | null;
}

export class Troubles {
  readonly #clock: Pick<Clock, "nowMs">;
  readonly #refusing = new Map<RefusedPlace, Refusing>();
  readonly #wrongUntilMs = new Map<string, number>();
  #httpOutUntilMs = 0;

  constructor(clock: Pick<Clock, "nowMs">) {
    this.#clock = clock;
  }

  refuse(where: RefusedPlace, ms: number, afterMs: number | null): void {
    this.#refusing.set(where, { untilMs: this.#clock.nowMs() + ms, afterMs });
  }

  /** What that place says of its refusal now; undefined where it does not refuse. */
  refusalOf(where: RefusedPlace): { readonly afterMs: number | null } | undefined {
    const refusing = this.#refusing.get(where);
    return refusing !== undefined && refusing.untilMs > this.#clock.nowMs() ? refusing : undefined;
  }

  takeHttpOut(ms: number): void {
    this.#httpOutUntilMs = this.#clock.nowMs() + ms;
  }

  get isHttpOut(): boolean {
    return this.#httpOutUntilMs > this.#clock.nowMs();
  }

  breakChecksum(stream: string, ms: number): void {
    this.#wrongUntilMs.set(stream, this.#clock.nowMs() + ms);
  }

  isChecksumWrong(stream: string): boolean {
    return (this.#wrongUntilMs.get(stream) ?? 0) > this.#clock.nowMs();
  }

  /** Nothing is wrong any more. */
  heal(): void {
    this.#refusing.clear();
    this.#wrongUntilMs.clear();
    this.#httpOutUntilMs = 0;
  }
}
