/**
 * A venue's side of the conversation: all in which one exchange differs from another.
 *
 * The exchange itself knows sessions, faults, the ledger, time and ports. What a client may ask, in
 * which words it is answered, and how a market event is written is its {@link Dialect}, one file per
 * venue in `dialects/`. For every session a dialect opens a {@link Talk}, which hears frames and says
 * frames through its {@link Desk}. It never touches a clock, a socket or chance.
 */
import type { ConnectionCounter } from "./connection-counter.ts";
import type { ExchangeLimits, RateWindow } from "./limits.ts";
import type { BookNumbering, Feed, MarketEvent, MarketView, Trade } from "./market-event.ts";
import type { EventNumbers } from "./source.ts";

export interface Dialect {
  /** The venue's, as its profile names it: `okx`. */
  readonly id: string;
  /** Paths for help texts; the first is where a client goes who names none. */
  readonly paths: readonly string[];
  /** Instruments of a market for which none were named, in the venue's spelling. */
  readonly symbols: readonly string[];
  /** How the changes of a book are numbered. */
  readonly numbering: BookNumbering;
  readonly limits: ExchangeLimits;
  /**
   * Which stream of the ledger an event belongs to, and the numbers that a client can see on it.
   * Undefined for what the venue doesn't tell.
   */
  account(event: MarketEvent): StreamNumbers | undefined;
  /** How a client that comes in by this path is talked to, or the HTTP status that it gets instead. */
  enter(path: string, limits: ExchangeLimits): ((desk: Desk) => Talk) | number;
  /** Answers a plain HTTP request; undefined when there is nothing at its path. */
  serve?(request: HttpRequest, market: MarketView, nowMs: number): HttpAnswer | undefined;
}

export interface StreamNumbers {
  /** The topic, as a client of this package writes it. */
  readonly stream: string;
  readonly numbers?: EventNumbers | undefined;
  /** Its loss is seen although it has no numbers of its own: every frame is numbered, or a sum is off. */
  readonly showsLoss?: boolean | undefined;
}

/** One session's conversation. */
export interface Talk {
  /** A frame came. It has been counted, and is within the rate windows. */
  hear(frame: string): void;
  /**
   * A market event as frames for this client, which holds `topic`. Asked also when the frames will be
   * lost on their way: where each frame of a connection is numbered, that number is then missing.
   */
  tell(event: MarketEvent, topic: string): readonly Said[];
  /** One frame too many for a window; without this the session goes on. */
  exceeded?(window: RateWindow): void;
  /** The venue announces what is about to happen to it. Without this, nothing is said. */
  announce?(notice: Notice): void;
  /** What numbers every frame of this connection, where the venue does that. */
  readonly counter?: ConnectionCounter | undefined;
}

/**
 * A frame: text; bytes, for a binary one; or a text that carries the connection's own number, which
 * the ledger then accounts for.
 */
export type Said = string | Uint8Array | { readonly text: string; readonly number: number };

/** `shutdown`: the server goes away. `pause`: no data until `resume`. */
export type Notice = "shutdown" | "pause" | "resume";

/** What a talk sees and does. After a close nothing is said any more, and nothing rings. */
export interface Desk {
  readonly sessionId: number;
  readonly nowMs: number;
  readonly market: MarketView;
  readonly limits: ExchangeLimits;
  /** No market data is sent at the moment. */
  readonly isPaused: boolean;
  /**
   * A request is to be refused for now (a fault): with this code where one was asked for, else with the
   * venue's usual words. Undefined when it is to be served.
   */
  refusalOf(request: "subscriptions" | "logins"): { readonly code: string | undefined } | undefined;
  /** Nothing is told of this topic (a fault), not even what a subscription begins with. */
  isMute(topic: string): boolean;
  /** A sum, as it is sent: wrong while that fault lasts. */
  checksum(sum: number): number;
  /**
   * The trades with which a new subscription of `topic` begins, oldest first: as many as are `usual` at
   * the venue, or as a fault wants to be told again.
   */
  pastTrades(topic: string, instrument: string, usual: number): readonly Trade[];
  /** What the client has subscribed to, in the words of the ledger's streams, oldest first. */
  readonly topics: ReadonlyMap<string, Subject | undefined>;
  /** When the client was last sent anything, and when it last sent anything, control frames included. */
  readonly lastSaidAtMs: number;
  readonly lastHeardAtMs: number;
  say(frame: Said): void;
  close(code: number, reason: string): void;
  /** TCP ends without a close frame, which a client reports as 1006. */
  drop(why: string): void;
  /**
   * From now on {@link Talk.tell} is asked for what happens to `subject`; without one the topic is held
   * and that is all. A topic that is held already is held anew.
   */
  hold(topic: string, subject?: Subject): void;
  /** Whether it was held. */
  release(topic: string): boolean;
  /** Calls after a time, once. A name has one timer: setting it again replaces it. */
  after(name: string, delayMs: number, ring: () => void): void;
  cancel(name: string): void;
  /** The client broke a rule: counted in the ledger, under a name such as `topics per connection`. */
  violation(rule: string): void;
}

/** What a topic is about. */
export interface Subject {
  readonly feed: Feed;
  readonly instrument: string;
}

export interface HttpRequest {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  /** Host and port by which the exchange was reached, for URLs that lead back to it. */
  readonly host: string;
}

export interface HttpAnswer {
  readonly status: number;
  /** JSON text. */
  readonly body: string;
}
