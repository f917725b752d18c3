/**
 * The supervised lines of a soak: lone clients in a hurry, with tight heartbeats, each consumed into a
 * log of its own. Floors that would idle a line for half a minute are lowered; all else is as it comes.
 */
import type { VerdictRule } from "../../machines/index.ts";
import { supervise, type Supervisor } from "../../src/index.ts";
import { binanceSpot, type BinanceStreamMessage } from "../../src/venues/index.ts";
import { FeedLog, type LineSeen } from "./feed-log.ts";
import { VitalsWatch, type Vitals } from "./vitals.ts";

export interface FeedsSeen {
  readonly lines: readonly LineSeen[];
  readonly vitals: Vitals;
}

export const HEARTBEAT = { intervalMs: 1_000, timeoutMs: 500 } as const;

/** Floors of 5 to 60 s are right in the world; here they would let most faults strike nobody. */
const soon = { action: "retry", floorMs: 200, spreadMs: 300 } as const;
const IMPATIENT: readonly VerdictRule[] = [
  { name: "soak-bad-bytes", when: { class: ["peer-protocol", "too-big"] }, ruling: soon },
  {
    name: "soak-close",
    when: { class: "closed-by-peer", closeCode: [1008, 1012, 1013] },
    ruling: soon,
  },
];

interface Line {
  readonly feed: Supervisor<BinanceStreamMessage>;
  readonly log: FeedLog;
  readonly consumed: Promise<void>;
}

export class FeedRun {
  readonly #vitals = new VitalsWatch();
  readonly #lines: readonly Line[];

  constructor(urls: readonly string[], topics: readonly (readonly string[])[], seed: number) {
    this.#lines = urls.map((endpoint, line) => {
      const log = new FeedLog();
      const feed = supervise(binanceSpot({ endpoint }), {
        topics: topics[line],
        seed: seed + line,
        backoff: "lone-client",
        heartbeat: HEARTBEAT,
        connectTimeoutMs: 1_500,
        stableAfterMs: 1_000,
        // The default budget is for troubles of ordinary frequency.
        retryBudget: { attempts: 600, perMs: 60_000 },
        verdict: IMPATIENT,
      });
      feed.on("*", (fact) => log.note(fact));
      return { feed, log, consumed: consume(feed, log) };
    });
  }

  /** Streams that have not delivered these numbers yet. */
  behind(last: ReadonlyMap<string, number>): readonly string[] {
    const reached = new Map(this.#lines.flatMap(({ log }) => [...log.reached]));
    return [...last].flatMap(([stream, number]) =>
      (reached.get(stream) ?? -Infinity) < number ? [stream] : [],
    );
  }

  async end(): Promise<FeedsSeen> {
    const lines: LineSeen[] = [];
    for (const { feed, log, consumed } of this.#lines) {
      await feed.close();
      await consumed;
      const { inbound, topics } = feed.status();
      if (inbound.late > 0) log.odd(`${inbound.late} messages of a socket that was over`);
      if (inbound.unclaimed > 0) log.odd(`${inbound.unclaimed} messages came to no consumer`);
      if (topics.rejected > 0) log.odd(`${topics.rejected} topics rejected`);
      lines.push(log.seen);
    }
    return { lines, vitals: await this.#vitals.end() };
  }
}

async function consume(feed: Supervisor<BinanceStreamMessage>, log: FeedLog): Promise<void> {
  try {
    for await (const item of feed.messages({ highWaterMark: 65_536 })) log.take(item);
  } catch (error) {
    log.odd(`the feed broke: ${error instanceof Error ? error.message : String(error)}`);
  }
}
