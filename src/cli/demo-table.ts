/** The live table of a demo: what there is to know now, as lines. Pure; redrawn by `demo-screen.ts`. */
import { describeLoss, type Loss } from "../../machines/index.ts";
import type { Status, SupervisorState } from "../index.ts";
import type { DemoOutage, StreamLog } from "./demo-log.ts";
import { showMs } from "../observe/durations.ts";
import { word, type Style, type StyledLine } from "./styled.ts";

/** One instant of a demo. */
export interface DemoView {
  readonly url: string;
  readonly seed: number;
  readonly nowMs: number;
  readonly startedAtMs: number;
  /** Length of the run; Infinity until it is stopped. */
  readonly lengthMs: number;
  readonly status: Status;
  readonly streams: readonly StreamLog[];
  readonly outages: readonly DemoOutage[];
  /** The exchange's last trouble. */
  readonly lastFault: { readonly text: string; readonly atMs: number } | undefined;
}

/** How many of the last outages are shown. */
const OUTAGES_SHOWN = 6;

export function demoTable(view: DemoView): readonly StyledLine[] {
  return [
    ...headLines(view),
    [],
    ...connectionLines(view),
    [],
    ...streamLines(view.streams),
    [],
    ...outageLines(view),
    [],
    ...bufferLines(view.status),
  ];
}

function headLines({ url, seed, nowMs, startedAtMs, lengthMs, lastFault }: DemoView): StyledLine[] {
  const elapsed = showSeconds(nowMs - startedAtMs);
  const run = lengthMs === Infinity ? elapsed : `${elapsed} of ${showSeconds(lengthMs)}`;
  const fault =
    lastFault === undefined
      ? "no trouble yet"
      : `last trouble ${lastFault.text}, ${showSeconds(nowMs - lastFault.atMs)} ago`;
  return [
    [
      word("ws-supervisor demo", "strong"),
      word(`   ${run}   seed ${seed}`),
      word("   Ctrl-C ends it", "dim"),
    ],
    [word(label("exchange"), "dim"), word(`${url}   ${fault}`)],
  ];
}

function connectionLines({ status, nowMs }: DemoView): StyledLine[] {
  const { state, phase, failures, topics, lastLoss } = status;
  const where = phase === undefined ? state : `${state}, ${phase}`;
  const counts = `failures ${failures}  topics ${topics.confirmed}/${topics.wanted}`;
  return [
    [
      word(label("connection"), "dim"),
      word(where.padEnd(23), styleOf(state)),
      word(attemptOf(status, nowMs).padEnd(22)),
      word(counts),
    ],
    [word(label("last loss"), "dim"), word(lastLoss === null ? "none" : describeLoss(lastLoss))],
  ];
}

/** `attempt 2 in 0.4 s` while waiting, `attempt 2 for 0.1 s` while dialling, `for 12.3 s` when all is well. */
function attemptOf({ state, attempt, isReady, sinceMs, nextAttemptAtMs }: Status, nowMs: number) {
  if (nextAttemptAtMs !== null) {
    return `attempt ${attempt + 1} in ${showSeconds(Math.max(0, nextAttemptAtMs - nowMs))}`;
  }
  const time = `for ${showSeconds(nowMs - sinceMs)}`;
  return isReady || state !== "connecting" ? time : `attempt ${attempt} ${time}`;
}

function styleOf(state: SupervisorState): Style {
  switch (state) {
    case "connected":
      return "good";
    case "idle":
    case "connecting":
    case "reconnecting":
    case "closing":
    case "closed":
      return "warning";
    case "failed":
      return "bad";
  }
}

function streamLines(streams: readonly StreamLog[]): StyledLine[] {
  const head = streamRow(["stream", "per second", "last", "messages", "gaps", "missing"]);
  return [
    [word(head, "dim")],
    ...streams.map((log) => {
      const price = log.lastPrice === undefined ? "" : Number(log.lastPrice).toFixed(2);
      const rate = log.perSecond.toFixed(1);
      const counts = [log.messages, log.gaps.length, log.missing].map(String);
      return [word(streamRow([log.stream, rate, price, ...counts]))];
    }),
  ];
}

function streamRow([stream = "", ...numbers]: readonly string[]): string {
  return [stream.padEnd(22), ...numbers.map((number) => number.padStart(11))].join("");
}

function outageLines({ outages, startedAtMs, nowMs }: DemoView): StyledLine[] {
  const first = Math.max(0, outages.length - OUTAGES_SHOWN);
  const lines: StyledLine[] = outages.slice(first).map((outage, index) => {
    const downMs = outage.durationMs ?? nowMs - outage.sinceMs;
    const cells = outageRow([
      `${first + index + 1}`,
      showSeconds(outage.sinceMs - startedAtMs),
      showMs(Math.max(0, downMs)),
      outage.noticedMs === undefined ? "" : showMs(outage.noticedMs),
      outage.attempts === undefined ? "" : `${outage.attempts}`,
    ]);
    const style = outage.durationMs === undefined ? "warning" : "plain";
    return [word(cells, style), word(causesOf(outage))];
  });
  // As many lines with few outages as with many, so that nothing below moves.
  while (lines.length < OUTAGES_SHOWN) lines.push([]);
  const head = outageRow(["outage", "at", "down for", "noticed in", "dials"]);
  return [[word(`${head}causes`, "dim")], ...lines];
}

function outageRow(cells: readonly string[]): string {
  const widths = [7, 10, 11, 12, 7];
  return `${cells.map((cell, index) => cell.padStart(widths[index] ?? 0)).join("")}   `;
}

/** What began an outage, and what its failed dials met. */
function causesOf({ cause, losses }: DemoOutage): string {
  return [...new Set([cause, ...losses].map(kindOf))].join(", then ");
}

/** The kind of a loss: its class, and the code, status or errno that tells it from others. */
export function kindOf(loss: Loss): string {
  const detail = loss.status ?? loss.closeCode ?? loss.code;
  return detail === undefined ? loss.class : `${loss.class} ${detail}`;
}

function bufferLines({ queues, outbox, inbound }: Status): StyledLine[] {
  const waiting = queues.reduce((sum, queue) => sum + queue.depth, 0);
  const dropped = queues.reduce((sum, queue) => sum + queue.dropped, 0);
  const counts = [
    `inbound ${waiting}`,
    `dropped ${dropped}`,
    `outbox ${outbox.messages}`,
    `repeats left out ${inbound.duplicates + inbound.stale}`,
    `unreadable ${inbound.invalid}`,
  ];
  return [[word(label("buffers"), "dim"), word(counts.join("   "))]];
}

function label(text: string): string {
  return text.padEnd(12);
}

/** Always in seconds with one digit, so that a running number does not jump about. */
function showSeconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}
