/**
 * A profile at the simulated exchange of its venue, with a consumer that keeps books. In memory and on
 * virtual time; promises (a snapshot that is fetched) settle between the steps of the clock.
 */
import type { Supervisor, SupervisorOptions } from "../../../src/index.ts";
import type { FeedItem } from "../../../src/supervisor/items.ts";
import type { BookView, MemoryExchangeOptions } from "../../../src/testing/index.ts";
import { startExchangeWorld, type ExchangeWorld } from "../../src/venues/exchange-world.ts";
import { promisesSettle } from "../../src/start-supervisor.ts";
import { BookKeeper } from "./book-keeper.ts";
import type { SpokenVenue } from "./venues.ts";

export interface FeedWorld extends ExchangeWorld<unknown> {
  readonly venue: SpokenVenue;
  /** By instrument. */
  readonly books: ReadonlyMap<string, BookKeeper>;
  /** Promises settle at every step. */
  passes(durationMs: number, stepMs?: number): Promise<void>;
  /** What the consumer's books and the exchange's are, as of one instant. */
  compareBooks(): Promise<{ ours: Sides[]; theirs: Sides[] }>;
}

type Sides = Pick<BookView, "bids" | "asks">;

const STEP_MS = 50;

export interface FeedOptions {
  readonly topics?: readonly string[];
  readonly exchange?: Omit<MemoryExchangeOptions, "clock" | "venue">;
  readonly options?: SupervisorOptions<unknown>;
}

/** Books and trades of two instruments, where nothing else is said. */
export function startFeed(venue: SpokenVenue, given: FeedOptions = {}): FeedWorld {
  const { instruments, book, trades } = venue;
  const topics = given.topics ?? instruments.flatMap((each) => [book(each), trades(each)]);
  const market = { symbols: [...instruments], bookTickersPerSecond: 0 };
  const world = startExchangeWorld<unknown>(
    (exchange) => venue.profile({ fetch: exchange.fetch }),
    { venue: venue.id, market, ...given.exchange },
    { topics, ...given.options },
  );
  const books = new Map(instruments.map((each) => [each, new BookKeeper(venue, each)]));
  const items: FeedItem<unknown>[] = [];
  void consume(world.feed, (item) => {
    items.push(item);
    for (const book of books.values()) book.accept(item);
  });
  const passes = async (durationMs: number, stepMs = STEP_MS): Promise<void> => {
    const endAtMs = world.clock.nowMs() + durationMs;
    while (world.clock.nowMs() < endAtMs) {
      world.clock.advanceTo(Math.min(world.clock.nowMs() + stepMs, endAtMs));
      await promisesSettle();
    }
  };
  return {
    ...world,
    items,
    venue,
    books,
    passes,
    compareBooks: async () => {
      const theirs = instruments.map((each) => sidesOf(world.exchange.book(each)));
      await passes(1); // what was told up to that instant is here, and nothing of later
      return { ours: instruments.map((each) => sidesOf(books.get(each)?.view)), theirs };
    },
  };
}

/** In band: messages, and what is said between them. */
async function consume(
  feed: Supervisor<unknown>,
  take: (item: FeedItem<unknown>) => void,
): Promise<void> {
  for await (const item of feed.messages({ highWaterMark: 100_000 })) take(item);
}

function sidesOf(book: BookView | undefined): Sides {
  if (book === undefined) throw new Error("there is no such book");
  return { bids: book.bids, asks: book.asks };
}
