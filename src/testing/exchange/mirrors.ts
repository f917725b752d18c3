/** Which sessions a mirror serves that is behind, and what it tells them when. */
import { MOST_LAG_MS } from "./faults.ts";
import type { LastingFaults } from "./lasting-faults.ts";
import type { Ledger } from "./ledger.ts";
import type { MarketEvent } from "./market-event.ts";
import type { Market } from "./market.ts";
import { Mirror } from "./mirror.ts";
import type { Session } from "./session.ts";

export interface MirrorsParts {
  /** Undefined when a recording is played: it has no past to tell. */
  readonly market: Market | undefined;
  readonly lasting: LastingFaults;
  readonly ledger: Ledger;
  readonly now: () => number;
  /** Tells an event to one session. */
  readonly tell: (event: MarketEvent, session: Session) => void;
}

const LAG_MS = 3_000;

export class Mirrors {
  readonly #parts: MirrorsParts;
  readonly #recent = new RecentEvents();
  readonly #followers = new Set<Session>();

  constructor(parts: MirrorsParts) {
    this.#parts = parts;
  }

  /** A session that begins while mirrors lag is served by one. */
  serve(session: Session): void {
    const { lasting, market, ledger, now } = this.#parts;
    const fault = lasting.get("lag");
    if (fault === undefined || market === undefined) return;
    const lagMs = Math.min(fault.lagMs ?? LAG_MS, MOST_LAG_MS);
    session.mirror = new Mirror(market, this.#recent.all, lagMs, now());
    this.#followers.add(session);
    ledger.meet(fault.kind);
    this.#follow(session, session.mirror);
  }

  /** What has happened reaches the mirrors. */
  add(event: MarketEvent): void {
    this.#recent.add(event);
    for (const session of this.#followers) {
      const { mirror, isOver } = session;
      if (isOver) this.#followers.delete(session);
      else if (mirror !== undefined) {
        mirror.add(event);
        this.#follow(session, mirror);
      }
    }
  }

  /** Tells what is due, when it is due. */
  #follow(session: Session, mirror: Mirror): void {
    const { nextAtMs } = mirror;
    if (nextAtMs === undefined) return;
    const { now, tell } = this.#parts;
    session.ringAt("mirror", nextAtMs, () => {
      for (let event = mirror.takeDue(now()); event !== undefined; event = mirror.takeDue(now())) {
        tell(event, session);
      }
      this.#follow(session, mirror);
    });
  }
}

/** What happened of late, for mirrors that begin. */
class RecentEvents {
  readonly #events: MarketEvent[] = [];
  /** How many are kept before the oldest are cut. */
  #room = 4_096;

  add(event: MarketEvent): void {
    this.#events.push(event);
    if (this.#events.length < this.#room) return;
    // Cut in large pieces, as each cut moves what is left.
    const fromMs = event.atMs - MOST_LAG_MS;
    this.#events.splice(
      0,
      this.#events.findIndex(({ atMs }) => atMs >= fromMs),
    );
    this.#room = Math.max(4_096, this.#events.length * 2);
  }

  get all(): readonly MarketEvent[] {
    return this.#events;
  }
}
