/**
 * The exchange's own account: what it emitted, and what of that it wrote to whom.
 *
 * A client's account is proven against it. Numbers are kept as runs, so a run of a million trades
 * takes as much memory as one; a run ends where a number was left out, lost to a client, or went back.
 */
import type { FaultKind } from "./faults.ts";
import type { EventNumbers } from "./source.ts";

/** Numbers without a hole, both ends included. */
export interface NumberRun {
  readonly first: number;
  readonly last: number;
}

/** One stream, over the whole life of the exchange. */
export interface StreamAccount {
  readonly stream: string;
  /** Events emitted, whether or not anybody listened. */
  readonly events: number;
  /**
   * The numbers of those events. Of a stream whose numbers jump (`bookTicker`) a run only says where
   * it rose from and to.
   */
  readonly runs: readonly NumberRun[];
}

/** What was written to one session on one stream. */
export interface WrittenAccount {
  /** Frames written; one that was repeated counts twice. */
  readonly frames: number;
  readonly runs: readonly NumberRun[];
}

export interface SessionAccount {
  readonly sessionId: number;
  readonly path: string;
  readonly acceptedAtMs: number;
  /** When the exchange saw it end; undefined while it lives. */
  readonly endedAtMs: number | undefined;
  /** By stream. Written means handed to the network: a dead link swallows it. */
  readonly written: ReadonlyMap<string, WrittenAccount>;
  /** The frames that carry the connection's own number, at a venue that numbers every frame. */
  readonly numbered: WrittenAccount;
  /** Trades of the past with which its subscriptions began, by stream; not among those written. */
  readonly retold: ReadonlyMap<string, WrittenAccount>;
}

/** The account as others may read it. */
export interface ExchangeLedger {
  /** Events emitted on all streams. */
  readonly emitted: number;
  /** Market frames written to all sessions, repeats included. */
  readonly written: number;
  readonly streams: ReadonlyMap<string, StreamAccount>;
  /** How often clients broke which of the venue's rules. */
  readonly violations: ReadonlyMap<string, number>;
  /**
   * How often a fault that lasts met something, by its kind: a request that was refused or not served, a
   * connection to a mirror, a subscription that began with the past, a sum or a number that was wrong.
   */
  readonly met: ReadonlyMap<FaultKind, number>;
  /** By session id, oldest first. */
  readonly sessions: ReadonlyMap<number, SessionAccount>;
}

interface Run {
  first: number;
  last: number;
}

class Entry implements StreamAccount, WrittenAccount {
  readonly stream: string;
  readonly runs: Run[] = [];
  events = 0;

  constructor(stream: string) {
    this.stream = stream;
  }

  get frames(): number {
    return this.events;
  }

  add(numbers: EventNumbers | undefined): void {
    this.events += 1;
    if (numbers === undefined) return;
    const { first, last } = numbers;
    const run = this.runs.at(-1);
    const isRepeat = run !== undefined && last === run.last;
    if (isRepeat) return;
    if (run !== undefined && follows(run.last, numbers)) run.last = last;
    else this.runs.push({ first, last });
  }
}

function follows(
  lastBefore: number,
  { first, last, isContiguous, previous }: EventNumbers,
): boolean {
  if (isContiguous) return first === lastBefore + 1;
  return last > lastBefore && (previous === undefined || previous === lastBefore);
}

interface Session extends SessionAccount {
  endedAtMs: number | undefined;
  readonly written: Map<string, Entry>;
  readonly numbered: Entry;
  readonly retold: Map<string, Entry>;
}

/** The account as the exchange keeps it. */
export class Ledger implements ExchangeLedger {
  readonly streams = new Map<string, Entry>();
  readonly sessions = new Map<number, Session>();
  readonly violations = new Map<string, number>();
  readonly met = new Map<FaultKind, number>();
  emitted = 0;
  written = 0;

  emit(stream: string, numbers: EventNumbers | undefined): void {
    this.emitted += 1;
    entryOf(this.streams, stream).add(numbers);
  }

  write(sessionId: number, stream: string, numbers: EventNumbers | undefined): void {
    const session = this.sessions.get(sessionId);
    if (session === undefined) return;
    this.written += 1;
    entryOf(session.written, stream).add(numbers);
  }

  /** One frame of a connection that numbers them. */
  count(sessionId: number, number: number): void {
    const numbers = { first: number, last: number, isContiguous: true };
    this.sessions.get(sessionId)?.numbered.add(numbers);
  }

  /** A trade of the past. */
  retell(sessionId: number, stream: string, numbers: EventNumbers | undefined): void {
    const session = this.sessions.get(sessionId);
    if (session !== undefined) entryOf(session.retold, stream).add(numbers);
  }

  meet(kind: FaultKind): void {
    this.met.set(kind, (this.met.get(kind) ?? 0) + 1);
  }

  violate(rule: string): void {
    this.violations.set(rule, (this.violations.get(rule) ?? 0) + 1);
  }

  accept(sessionId: number, path: string, acceptedAtMs: number): void {
    this.sessions.set(sessionId, {
      sessionId,
      path,
      acceptedAtMs,
      endedAtMs: undefined,
      written: new Map(),
      numbered: new Entry(""),
      retold: new Map(),
    });
  }

  end(sessionId: number, endedAtMs: number): void {
    const session = this.sessions.get(sessionId);
    if (session !== undefined) session.endedAtMs ??= endedAtMs;
  }
}

function entryOf(entries: Map<string, Entry>, stream: string): Entry {
  const known = entries.get(stream);
  if (known !== undefined) return known;
  const entry = new Entry(stream);
  entries.set(stream, entry);
  return entry;
}
