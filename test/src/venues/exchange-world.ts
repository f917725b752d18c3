/**
 * A profile against the dialect of its venue: the real supervisor and the simulated exchange, in memory
 * and on virtual time.
 */
import {
  createSupervisor,
  type Fact,
  type FactType,
  type Supervisor,
  type SupervisorOptions,
} from "../../../src/index.ts";
import type { FeedItem } from "../../../src/supervisor/items.ts";
import {
  createMemoryExchange,
  VirtualClock,
  type MemoryExchange,
  type MemoryExchangeOptions,
} from "../../../src/testing/index.ts";
import type { VenueProfile } from "../../../src/venues/index.ts";

export interface ExchangeWorld<M> {
  readonly clock: VirtualClock;
  readonly exchange: MemoryExchange;
  readonly feed: Supervisor<M>;
  /** What the consumer was given, in band. */
  readonly items: FeedItem<M>[];
  heard<T extends FactType>(type: T): Fact<T>[];
  /** Where each topic stands. */
  topics(): Record<string, string>;
}

/** Dials at once; `topics` are asked for. A profile that fetches is made of the exchange that it asks. */
export function startExchangeWorld<M>(
  venue: VenueProfile<M> | ((exchange: MemoryExchange) => VenueProfile<M>),
  exchangeOptions: Omit<MemoryExchangeOptions, "clock">,
  options: SupervisorOptions<M> = {},
): ExchangeWorld<M> {
  const clock = new VirtualClock();
  const exchange = createMemoryExchange({ clock, ...exchangeOptions });
  const profile = typeof venue === "function" ? venue(exchange) : venue;
  const feed = createSupervisor<M>(profile, {
    transport: exchange.transport,
    clock,
    seed: 1,
    ...options,
  });
  const facts: Fact[] = [];
  const items: FeedItem<M>[] = [];
  feed.on("*", (fact) => {
    facts.push(fact);
  });
  feed.on("message", (item) => {
    items.push(item);
  });
  feed.start();
  return {
    clock,
    exchange,
    feed,
    items,
    heard: <T extends FactType>(type: T) => facts.filter((fact) => fact.type === type) as Fact<T>[],
    topics: () => Object.fromEntries(feed.topics().map(({ topic, state }) => [topic, state])),
  };
}

/** The numbers that lie between the runs which the exchange wrote to a session on a stream. */
export function holesOf(
  exchange: MemoryExchange,
  sessionId: number,
  stream: string,
): { readonly from: number; readonly to: number }[] {
  const runs = exchange.ledger.sessions.get(sessionId)?.written.get(stream)?.runs ?? [];
  return runs.slice(1).map(({ first }, index) => ({
    from: (runs[index]?.last ?? NaN) + 1,
    to: first - 1,
  }));
}
