/**
 * The watch of a peer: looks at it on one plain timer, and asks it when it has been silent for long.
 *
 * What a look calls for is decided by `machines/policy/beat.ts`; what that does not settle goes to the
 * heartbeat's chart. A thousand idle connections cost a thousand of these, and no step of any chart.
 */
import type { HeartbeatPolicy } from "../../machines/connection.context.ts";
import type { PeerUnheard, Watch } from "../../machines/link.ts";
import { beat, restOfInterval, type Silence } from "../../machines/policy/beat.ts";
import type { Clock } from "../system.ts";

/** Who is watched. */
export interface WatchedPeer {
  /** How long it has been silent, as of now. */
  silence(): Silence;
  /** Sends a probe that a living peer answers. */
  probePeer(): void;
}

export class PeerWatch {
  readonly #clock: Clock;
  readonly #peer: WatchedPeer;
  #timer: unknown;
  #policy: HeartbeatPolicy | undefined;
  /** Undefined while nothing is watched. */
  #tell: ((unheard: PeerUnheard) => void) | undefined;
  /** When the peer was looked at before, or the socket opened. */
  #lastAtMs = 0;
  /** It was asked then. */
  #hasAsked = false;
  /** One function for all looks; walks of the charts fire its timer by its name. */
  readonly #lookAtPeer: () => void;

  constructor(clock: Clock, peer: WatchedPeer) {
    this.#clock = clock;
    this.#peer = peer;
    const lookAtPeer = (): void => this.#look();
    this.#lookAtPeer = lookAtPeer;
  }

  /** In place of the watch before, if there was one. */
  start({ policy, silentMs, sinceMs }: Watch, tell: (unheard: PeerUnheard) => void): void {
    this.stop();
    this.#policy = policy;
    this.#tell = tell;
    this.#lastAtMs = sinceMs;
    this.#hasAsked = false;
    this.#arm(restOfInterval(policy, silentMs));
  }

  stop(): void {
    if (this.#tell === undefined) return;
    this.#tell = undefined;
    this.#clock.clearTimeout(this.#timer);
  }

  /** Timers hold whole milliseconds. */
  #arm(waitMs: number): void {
    this.#timer = this.#clock.setTimeout(this.#lookAtPeer, Math.ceil(waitMs));
  }

  #look(): void {
    const [policy, tell] = [this.#policy, this.#tell];
    if (policy === undefined || tell === undefined) return;
    const { silentMs, atMs } = this.#peer.silence();
    const [lastAtMs, hasAsked] = [this.#lastAtMs, this.#hasAsked];
    const next = beat(policy, { atMs: lastAtMs, hasAsked }, { silentMs, atMs });
    this.#lastAtMs = atMs;
    this.#hasAsked = next === "ask";
    switch (next) {
      case "wait":
        this.#arm(restOfInterval(policy, silentMs));
        return;
      case "ask":
        this.#arm(policy.timeoutMs);
        this.#peer.probePeer();
        return;
      case "tell":
        this.stop();
        tell({ type: "peer.unheard", silentMs, atMs, lastAtMs });
        return;
    }
  }
}
