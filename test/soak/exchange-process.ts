/**
 * The other side of a soak, in a process of its own: one simulated exchange per line, some behind a
 * relay, and for the overload a flood. It keeps what the checker needs to know afterwards: every
 * number emitted, and when a line was truly dead, so that a loss without a reason shows.
 */
import {
  startExchange,
  type ExchangeEvent,
  type ExchangeOptions,
  type NumberRun,
  type RunningExchange,
} from "../../src/testing/index.ts";
import { Flood, type FloodReport } from "./flood.ts";
import { Relay, type RelayFault } from "./relay.ts";
import type { Blow } from "./schedule.ts";
import { serve } from "./talk.ts";

interface Line {
  readonly exchange: RunningExchange;
  readonly relay: Relay | undefined;
}

/** A time in which nothing came to the client that was connected when it began. */
export interface Spell {
  /** Undefined for all lines: this process stood still. */
  readonly line: number | undefined;
  readonly kind: Blow["kind"] | "standstill";
  readonly fromMs: number;
  readonly untilMs: number;
}

export interface Emitted {
  readonly stream: string;
  readonly runs: readonly NumberRun[];
}

const lines: Line[] = [];
const spells: Spell[] = [];
let flood: Flood | undefined;

const nowMs = (): number => performance.timeOrigin + performance.now();

/** This machine has other things to do: a peer that stands still is silent too. */
const BEAT_MS = 50;
const STANDSTILL_MS = 250;
let lastBeatMs = nowMs();
setInterval(() => {
  const atMs = nowMs();
  const kind = "standstill";
  if (atMs - lastBeatMs > STANDSTILL_MS) {
    spells.push({ line: undefined, kind, fromMs: lastBeatMs, untilMs: atMs });
  }
  lastBeatMs = atMs;
}, BEAT_MS);

function note(line: number, event: ExchangeEvent): void {
  if (event.type !== "fault.struck") return;
  const { fault, atMs: fromMs } = event;
  if (fault.kind !== "silence" && fault.kind !== "stall") return;
  const untilMs = fromMs + (fault.durationMs ?? Infinity);
  spells.push({ line, kind: fault.kind, fromMs, untilMs });
}

function isRelayFault(blow: Blow): blow is RelayFault {
  switch (blow.kind) {
    case "swallow-down":
    case "swallow-up":
    case "slices":
    case "latency":
    case "cut":
      return true;
    case "reset":
    case "fin":
    case "close":
    case "silence":
    case "stall":
    case "refuse":
    case "never-answer":
    case "status":
    case "flap":
    case "skip":
    case "repeat":
    case "garbage":
    case "oversized":
    case "protocol-error":
    case "shutdown-notice":
    case "pause":
    case "renumber":
    case "mute":
    case "absurd-number":
    case "constant-number":
    case "retell":
    case "lag":
    case "refuse-for-now":
    case "http-out":
    case "wrong-checksum":
      return false;
  }
}

const methods = {
  /** One more line; gives the URL to dial. */
  async open(options: ExchangeOptions, isRelayed: boolean): Promise<string> {
    const line = lines.length;
    const exchange = await startExchange({ ...options, onEvent: (event) => note(line, event) });
    const relay = isRelayed ? await Relay.start(exchange.port) : undefined;
    lines.push({ exchange, relay });
    return relay?.url ?? exchange.url;
  },

  strike(line: number, blow: Blow): void {
    const { exchange, relay } = lines[line] ?? {};
    if (!isRelayFault(blow)) {
      exchange?.inject(blow);
      return;
    }
    relay?.strike(blow);
    // One way is enough where no data flows: a ping that is swallowed has no answer.
    if (blow.kind === "swallow-down" || blow.kind === "swallow-up") {
      spells.push({ line, kind: blow.kind, fromMs: nowMs(), untilMs: Infinity });
    }
  },

  /** Every number that was emitted, of the streams that are wanted. */
  emitted(wanted: readonly string[]): readonly Emitted[] {
    return lines.flatMap(({ exchange }) =>
      [...exchange.ledger.streams.values()]
        .filter(({ stream }) => wanted.includes(stream))
        .map(({ stream, runs }) => ({ stream, runs: [...runs] })),
    );
  },

  /** Sessions that live, of all lines. */
  sessions(): number {
    return lines.reduce((sum, { exchange }) => sum + exchange.sessions, 0);
  },

  spells(): readonly Spell[] {
    return spells;
  },

  /** Ends all lines. */
  async close(): Promise<void> {
    for (const { exchange, relay } of lines.splice(0)) {
      relay?.stop();
      await exchange.stop();
    }
  },

  async openFlood(stream: string): Promise<string> {
    flood = await Flood.start(stream);
    return flood.url;
  },

  calmFlood(): FloodReport | undefined {
    flood?.calm();
    return flood?.report;
  },

  closeFlood(): FloodReport | undefined {
    flood?.stop();
    return flood?.report;
  },
};

export type ExchangeMethods = typeof methods;

serve(methods);
