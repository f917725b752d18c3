/**
 * A mirror that is behind: the market as it was a while ago, told on time for that. What it tells is in
 * order and whole; only the beginning is older than what others were told.
 */
import { Queue } from "../../queue.ts";
import type { BookView, MarketEvent, MarketView, Quote, Trade } from "./market-event.ts";
import type { Market } from "./market.ts";

export class Mirror implements MarketView {
  readonly #market: Market;
  readonly #lagMs: number;
  /** What it has yet to tell. */
  readonly #untold: Queue<MarketEvent>;
  /** Where each book stands here. */
  readonly #positions = new Map<string, number>();
  readonly #quotes = new Map<string, Quote>();
  /** All up to here has been told. */
  #horizonMs: number;

  constructor(market: Market, recent: readonly MarketEvent[], lagMs: number, nowMs: number) {
    this.#market = market;
    this.#lagMs = lagMs;
    this.#horizonMs = nowMs - lagMs;
    this.#untold = new Queue(recent.filter(({ atMs }) => atMs > this.#horizonMs));
    for (const event of recent) this.#stand(event, event.atMs <= this.#horizonMs);
  }

  /** When {@link takeDue} is next due; undefined for not before another event. */
  get nextAtMs(): number | undefined {
    const next = this.#untold.first;
    return next === undefined ? undefined : next.atMs + this.#lagMs;
  }

  add(event: MarketEvent): void {
    this.#untold.push(event);
  }

  /** The next event that it tells; undefined for none yet. */
  takeDue(nowMs: number): MarketEvent | undefined {
    const { nextAtMs } = this;
    if (nextAtMs === undefined || nextAtMs > nowMs) return undefined;
    const event = this.#untold.take();
    if (event === undefined) return undefined;
    this.#horizonMs = event.atMs;
    this.#stand(event, true);
    return event;
  }

  get instruments(): readonly string[] {
    return this.#market.instruments;
  }

  knows(instrument: string): boolean {
    return this.#market.knows(instrument);
  }

  book(instrument: string): BookView | undefined {
    const position = this.#positions.get(instrument);
    const then = position === undefined ? undefined : this.#market.bookAt(instrument, position);
    return then ?? this.#market.book(instrument);
  }

  liveBook(instrument: string): BookView | undefined {
    return this.book(instrument);
  }

  trades(instrument: string, count = 10): readonly Trade[] {
    const told = this.#market
      .trades(instrument, Infinity)
      .filter(({ atMs }) => atMs <= this.#horizonMs);
    return count > 0 ? told.slice(-count) : [];
  }

  quote(instrument: string, nowMs: number): Quote | undefined {
    return this.#quotes.get(instrument) ?? this.#market.quote(instrument, nowMs);
  }

  stamp(nowMs: number): number {
    return this.#market.stamp(nowMs) - this.#lagMs;
  }

  /** Notes where a book stands after an event, or before the first one that is yet to be told. */
  #stand(event: MarketEvent, isTold: boolean): void {
    if (event.feed === "quotes" && isTold) this.#quotes.set(event.instrument, event);
    if (event.feed !== "book") return;
    if (isTold) this.#positions.set(event.instrument, event.last);
    else if (!this.#positions.has(event.instrument)) {
      this.#positions.set(event.instrument, event.previous);
    }
  }
}
