/**
 * The side that is under test, in a process of its own so that it can be stopped and measured: the
 * supervised lines of the soak, the slow consumer of the overload, the cycles of the leak hunt.
 */
import { FeedRun, type FeedsSeen } from "./feeds.ts";
import { runCycles, type CyclesSeen } from "./cycles.ts";
import { OverloadRun, type OverloadSeen } from "./overload.ts";
import { serve } from "./talk.ts";

let feeds: FeedRun | undefined;
let overload: OverloadRun | undefined;
const warnings: string[] = [];

// A listener too many, a timer out of range: Node says so once.
process.on("warning", ({ name, message }) => warnings.push(`${name}: ${message}`));

const methods = {
  startFeeds(urls: readonly string[], topics: readonly (readonly string[])[], seed: number): void {
    feeds = new FeedRun(urls, topics, seed);
  },

  /** Streams that have not yet delivered these numbers. */
  feedsBehind(last: ReadonlyMap<string, number>): readonly string[] {
    return feeds?.behind(last) ?? [];
  },

  async endFeeds(): Promise<FeedsSeen | undefined> {
    const seen = await feeds?.end();
    feeds = undefined;
    return seen;
  },

  startOverload(url: string, stream: string): void {
    overload = new OverloadRun(url, stream);
  },

  async endOverload(): Promise<OverloadSeen | undefined> {
    const seen = await overload?.end();
    overload = undefined;
    return seen;
  },

  runCycles(
    url: string,
    topics: readonly string[],
    seed: number,
    cycles: number,
  ): Promise<CyclesSeen> {
    return runCycles(url, topics, seed, cycles);
  },

  warnings(): readonly string[] {
    return warnings;
  },
};

export type ClientMethods = typeof methods;

serve(methods);
