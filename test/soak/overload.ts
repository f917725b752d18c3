/**
 * A consumer that is far too slow for a flood: what it does not take must be counted to the last
 * message, memory must stay bounded, and the line must live on.
 */
import { setTimeout as pass } from "node:timers/promises";
import { supervise, type Supervisor } from "../../src/index.ts";
import { binanceSpot, type BinanceStreamMessage } from "../../src/venues/index.ts";
import { FeedLog, type LineSeen } from "./feed-log.ts";
import { HEARTBEAT } from "./feeds.ts";
import { look, VitalsWatch, type Vitals } from "./vitals.ts";

export interface OverloadSeen {
  readonly line: LineSeen;
  /** Market messages that came, by the supervisor's own count. */
  readonly received: number;
  /** Dropped, by the iterator's counter, and by the `overflow` facts. */
  readonly dropped: number;
  readonly reported: number;
  /** Numbers within the overflow items' ranges. */
  readonly inRanges: number;
  /** The most memory above the start, in MB, seen at any sample. */
  readonly peakHeapMb: number;
  readonly peakRssMb: number;
  readonly vitals: Vitals;
}

const HIGH_WATER_MARK = 4_096;
/** Some 7,000 messages a second at best. */
const TAKES = 8;
const PAUSE_MS = 1;
const SAMPLE_EVERY_MS = 500;

export class OverloadRun {
  readonly #vitals = new VitalsWatch();
  readonly #start = look();
  readonly #log = new FeedLog();
  readonly #feed: Supervisor<BinanceStreamMessage>;
  readonly #consumed: Promise<void>;
  readonly #sampling: NodeJS.Timeout;
  #isSlow = true;
  #reported = 0;
  #peakHeapMb = 0;
  #peakRssMb = 0;

  constructor(url: string, stream: string) {
    this.#feed = supervise(binanceSpot({ endpoint: url }), {
      topics: [stream],
      seed: 1,
      backoff: "lone-client",
      heartbeat: HEARTBEAT,
    });
    this.#feed.on("*", (fact) => this.#log.note(fact));
    this.#feed.on("overflow", ({ overflow }) => {
      this.#reported += overflow.dropped;
    });
    this.#consumed = this.#consume();
    this.#sampling = setInterval(() => {
      const { heapMb, rssMb } = look();
      this.#peakHeapMb = Math.max(this.#peakHeapMb, heapMb - this.#start.heapMb);
      this.#peakRssMb = Math.max(this.#peakRssMb, rssMb - this.#start.rssMb);
    }, SAMPLE_EVERY_MS);
  }

  /** After the flood: takes what waits, closes, and says how it was. */
  async end(): Promise<OverloadSeen> {
    this.#isSlow = false;
    while ((this.#feed.status().queues[0]?.depth ?? 0) > 0) await pass(20);
    await pass(200);
    clearInterval(this.#sampling);
    const dropped = this.#feed.status().queues[0]?.dropped ?? 0;
    await this.#feed.close();
    await this.#consumed;
    const { inbound } = this.#feed.status();
    const line = this.#log.seen;
    const ranges = line.streams.flatMap(({ overflows }) => overflows);
    return {
      line,
      received: inbound.messages - inbound.control,
      dropped,
      reported: this.#reported,
      inRanges: ranges.reduce((sum, { first, last }) => sum + last - first + 1, 0),
      peakHeapMb: this.#peakHeapMb,
      peakRssMb: this.#peakRssMb,
      vitals: await this.#vitals.end(),
    };
  }

  async #consume(): Promise<void> {
    let taken = 0;
    for await (const item of this.#feed.messages({ highWaterMark: HIGH_WATER_MARK })) {
      this.#log.take(item);
      taken += 1;
      if (this.#isSlow && taken % TAKES === 0) await pass(PAUSE_MS);
    }
  }
}
