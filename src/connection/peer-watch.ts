/**
 * The watch of a peer: looks at it on one plain timer, and asks it when it has been silent for long.
 *
 * What a look calls for is decided by `machines/policy/beat.ts`; what that does not settle goes to the
 * heartbeat's chart. A thousand idle connections cost a thousand of these, and no step of any chart.
 */
import type { PeerUnheard, Watch } from "../../machines/link.ts";
import { beat, restOfInterval, type LastLook, type Silence } from "../../machines/policy/beat.ts";
import type { Clock } from "../system.ts";

export interface PeerWatchParts {
  readonly clock: Clock;
  /** How long the peer has been silent, as of now. */
  readonly look: () => Silence;
  /** Sends a probe that a living peer answers. */
  readonly ask: () => void;
}

export class PeerWatch {
  readonly #parts: PeerWatchParts;
  #timer: unknown;
  /** Undefined while nothing is watched. */
  #watch: Watch | undefined;
  #tell: ((unheard: PeerUnheard) => void) | undefined;
  #last: LastLook = { atMs: 0, hasAsked: false };
  /** One function for all looks; walks of the charts fire its timer by its name. */
  readonly #lookAtPeer: () => void;

  constructor(parts: PeerWatchParts) {
    this.#parts = parts;
    const lookAtPeer = (): void => this.#look();
    this.#lookAtPeer = lookAtPeer;
  }

  /** In place of the watch before, if there was one. */
  start(watch: Watch, tell: (unheard: PeerUnheard) => void): void {
    this.stop();
    this.#watch = watch;
    this.#tell = tell;
    this.#last = { atMs: watch.sinceMs, hasAsked: false };
    this.#arm(restOfInterval(watch.policy, watch.silentMs));
  }

  stop(): void {
    if (this.#watch === undefined) return;
    this.#watch = undefined;
    this.#tell = undefined;
    this.#parts.clock.clearTimeout(this.#timer);
  }

  /** Timers hold whole milliseconds. */
  #arm(waitMs: number): void {
    this.#timer = this.#parts.clock.setTimeout(this.#lookAtPeer, Math.ceil(waitMs));
  }

  #look(): void {
    const [watch, tell] = [this.#watch, this.#tell];
    if (watch === undefined || tell === undefined) return;
    const { policy } = watch;
    const { silentMs, atMs } = this.#parts.look();
    const lastAtMs = this.#last.atMs;
    const next = beat(policy, this.#last, { silentMs, atMs });
    this.#last = { atMs, hasAsked: next === "ask" };
    switch (next) {
      case "wait":
        this.#arm(restOfInterval(policy, silentMs));
        return;
      case "ask":
        this.#arm(policy.timeoutMs);
        this.#parts.ask();
        return;
      case "tell":
        this.stop();
        tell({ type: "peer.unheard", silentMs, atMs, lastAtMs });
        return;
    }
  }
}
