/** Numbers of a stream as runs without a hole: what a consumer was given beside what was written to it. */
import type { FeedItem } from "../../../src/supervisor/items.ts";
import type { MemoryExchange, NumberRun } from "../../../src/testing/index.ts";

/** The numbers that were delivered, in the order of delivery. A run ends where a number does not follow. */
export function deliveredRuns(items: readonly FeedItem<unknown>[], stream: string): NumberRun[] {
  const runs: { first: number; last: number }[] = [];
  for (const item of items) {
    if (item.kind !== "message" || item.stream !== stream) continue;
    const [first, last] = [Number(item.first), Number(item.position)];
    const run = runs.at(-1);
    if (run !== undefined && first === run.last + 1) run.last = last;
    else runs.push({ first, last });
  }
  return runs;
}

/** The numbers that the exchange wrote to its sessions on a stream, oldest session first. */
export function writtenRuns(exchange: MemoryExchange, stream: string): NumberRun[] {
  return [...exchange.ledger.sessions.values()].flatMap(({ written }) =>
    (written.get(stream)?.runs ?? []).map((run) => ({ ...run })),
  );
}

/** How many messages of a stream were written to all sessions. */
export function writtenFrames(exchange: MemoryExchange, stream: string): number {
  let frames = 0;
  for (const { written } of exchange.ledger.sessions.values()) {
    frames += written.get(stream)?.frames ?? 0;
  }
  return frames;
}

/** How many messages of a topic were delivered. */
export function deliveredMessages(items: readonly FeedItem<unknown>[], topic: string): number {
  return items.filter((item) => item.kind === "message" && item.topic === topic).length;
}
