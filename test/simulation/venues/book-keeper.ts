/**
 * A consumer as it should be: it builds a book from what stands in the band, and nothing else.
 */
import type { FeedItem } from "../../../src/supervisor/items.ts";
import type { BookView } from "../../../src/testing/index.ts";
import { ClientBook } from "../../src/testing/dialects/client-book.ts";
import type { SpokenVenue } from "./venues.ts";

export class BookKeeper {
  readonly topic: string;
  readonly #venue: SpokenVenue;
  readonly #book = new ClientBook();
  /** False from a gap, a reset of the stream or `invalid` on, until it is said to be whole again. */
  isValid = true;

  constructor(venue: SpokenVenue, instrument: string) {
    this.#venue = venue;
    this.topic = venue.book(instrument);
  }

  accept(item: FeedItem<unknown>): void {
    switch (item.kind) {
      case "message":
        if (item.topic === this.topic) this.#move(item.data, item.position);
        return;
      case "snapshot":
        if (item.stream === this.topic) this.#move(item.data, item.position);
        return;
      case "invalid":
      case "valid":
        if (item.stream === this.topic || item.stream === "connection") {
          this.isValid = item.kind === "valid";
        }
        return;
      default:
        return;
    }
  }

  get view(): BookView {
    return this.#book.view;
  }

  #move(data: unknown, position: unknown): void {
    const move = this.#venue.readBook(data);
    if (move === undefined) return;
    if (move.isWhole) this.#book.clear();
    this.#book.apply(Number(position ?? 0), move.bids, move.asks);
  }
}
