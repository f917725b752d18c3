/**
 * How long a recovery may take: whoever is broken has its turn, and is whole or failing after its tries.
 * A desk that forgets somebody, or whose slots are never free again, is seen by nothing else.
 */
import type { Recoveries } from "../features.ts";
import type { Scene } from "../scene.ts";

interface Begun {
  readonly atMs: number;
  /** How long the process had stood still by then: time in which nothing could be done. */
  readonly stoppedMs: number;
}

/** As long as one waits at most before it tries again. */
const MAX_RETRY_MS = 60_000;

export class RepairDeadlines {
  readonly #scene: Scene;
  /** By what tells one break of a stream from the next. */
  #begun = new Map<object, Begun>();

  constructor(scene: Scene) {
    this.#scene = scene;
  }

  /** The socket is over: all begin anew. */
  clear(): void {
    this.#begun.clear();
  }

  /** After each step: these are being recovered, or wait for that. */
  check(recovering: readonly (readonly [stream: string, broken: object])[]): void {
    const { process, character, violate } = this.#scene;
    const { recovery } = character.features;
    if (recovery === null) return;
    const before = this.#begun;
    this.#begun = new Map();
    const { stoppedMs } = process;
    for (const [stream, broken] of recovering) {
      const begun = before.get(broken) ?? { atMs: process.nowMs(), stoppedMs };
      this.#begun.set(broken, begun);
      const tookMs = process.nowMs() - begun.atMs - (stoppedMs - begun.stoppedMs);
      if (tookMs > this.#boundMs(recovery)) {
        violate("whole streams", `${stream} is not recovered after ${tookMs} ms, nor failing`);
      }
    }
  }

  /** Until all that may stand before it have had their turn, and then its own. */
  #boundMs({ concurrent, spacingMs, timeoutMs, retries, retryMs }: Recoveries): number {
    const { character, toleranceMs } = this.#scene;
    let turnMs = timeoutMs + toleranceMs;
    for (let retry = 0; retry < retries; retry += 1) {
      turnMs += Math.min(retryMs * 2 ** retry, MAX_RETRY_MS) + timeoutMs + 2 * toleranceMs;
    }
    // One that joins others whose host has failed for long waits as long as they, between any two tries.
    turnMs += (retries + 1) * (MAX_RETRY_MS + timeoutMs);
    const others = character.topics.length - 1;
    return (Math.ceil(others / concurrent) + 1) * turnMs + (others + 1) * (spacingMs + toleranceMs);
  }
}
