/**
 * What the page knows, from what it was told; every list bounded.
 *
 * A burst of messages becomes one drawing: components read `version`, which moves at most ten times a
 * second, and look things up here.
 */
import { signal } from "@preact/signals";
import type {
  ActorView,
  ChartView,
  FactView,
  OutageView,
  ServerMessage,
  SpanView,
  StepView,
} from "../../src/observe/inspector/protocol.ts";
import { redo } from "./changes.ts";

const MAX_LOG = 3_000;
const MAX_SPANS = 2_000;
const REDRAW_MS = 100;

export type LogEntry =
  | { readonly kind: "step"; readonly step: StepView }
  | { readonly kind: "fact"; readonly fact: FactView };

export interface ActorHistory {
  readonly steps: readonly StepView[];
  readonly dropped: number;
}

/** Moves when anything below has changed. */
export const version = signal(0);
export const hello = signal<Extract<ServerMessage, { type: "hello" }> | null>(null);
/** What became of the last command. */
export const lastProblem = signal<string | null>(null);

export const actors = new Map<string, ActorView>();
export const charts = new Map<string, ChartView>();
export const timelines = new Map<string, SpanView[]>();
export const outages = new Map<string, readonly OutageView[]>();
export const histories = new Map<string, ActorHistory>();
/** Oldest first. */
export let log: LogEntry[] = [];

let clockOffsetMs = 0;
let isDue = false;

/** What time it is at the service. */
export function serviceNowMs(): number {
  return performance.now() + clockOffsetMs;
}

export function take(message: ServerMessage): void {
  apply(message);
  if (isDue) return;
  isDue = true;
  setTimeout(() => {
    isDue = false;
    version.value += 1;
  }, REDRAW_MS);
}

/** How many steps the service keeps of one actor. */
function historyLimit(): number {
  return hello.value?.history ?? 200;
}

function apply(message: ServerMessage): void {
  switch (message.type) {
    case "hello":
      forgetAll();
      hello.value = message;
      syncClock(message.nowMs);
      return;
    case "chart":
      charts.set(message.chart.id, message.chart);
      return;
    case "actor":
      actors.set(message.actor.key, message.actor);
      return;
    case "forgotten":
      for (const map of [actors, timelines, outages, histories]) map.delete(message.actor);
      return;
    case "step":
      takeStep(message.step);
      return;
    case "fact":
      pushLog({ kind: "fact", fact: message.fact });
      return;
    case "recent":
      log = [
        ...message.steps.map((step): LogEntry => ({ kind: "step", step })),
        ...message.facts.map((fact): LogEntry => ({ kind: "fact", fact })),
      ].sort((a, b) => numberOf(a) - numberOf(b));
      return;
    case "timeline":
      timelines.set(message.actor, [...message.spans]);
      return;
    case "outages":
      outages.set(message.actor, message.outages);
      return;
    case "history":
      histories.set(message.actor, { steps: message.steps, dropped: message.dropped });
      return;
    case "pong":
      syncClock(message.nowMs);
      return;
    case "commanded":
      lastProblem.value = message.problem;
  }
}

function takeStep(step: StepView): void {
  pushLog({ kind: "step", step });
  const before = actors.get(step.actor);
  if (before !== undefined) actors.set(step.actor, afterStep(before, step));
  const history = histories.get(step.actor);
  if (history !== undefined) {
    const limit = historyLimit();
    const steps = [...history.steps, step];
    const surplus = Math.max(steps.length - limit, 0);
    histories.set(step.actor, { steps: steps.slice(surplus), dropped: history.dropped + surplus });
  }
  if (step.value !== null) enter(step.actor, topLevel(step.value), step.atMs);
}

function afterStep(before: ActorView, step: StepView): ActorView {
  const isSame = JSON.stringify(before.value) === JSON.stringify(step.value);
  return {
    ...before,
    status: step.status,
    value: step.value,
    tags: step.tags,
    armed: step.armed,
    context: redo(before.context, step.changes),
    sinceMs: isSame ? before.sinceMs : step.atMs,
    endedAtMs: step.status === "active" ? null : step.atMs,
  };
}

function enter(key: string, state: string, atMs: number): void {
  const spans = timelines.get(key) ?? [];
  if (spans.at(-1)?.state === state) return;
  timelines.set(key, [...spans, { state, atMs }].slice(-MAX_SPANS));
}

export function topLevel(value: NonNullable<ActorView["value"]>): string {
  return typeof value === "string" ? value : (Object.keys(value)[0] ?? "");
}

export function numberOf(entry: LogEntry): number {
  return entry.kind === "step" ? entry.step.n : entry.fact.n;
}

function pushLog(entry: LogEntry): void {
  log.push(entry);
  if (log.length > MAX_LOG * 1.2) log = log.slice(-MAX_LOG);
}

function syncClock(nowMs: number): void {
  clockOffsetMs = nowMs - performance.now();
}

/** The service tells everything anew on each connection. */
function forgetAll(): void {
  for (const map of [actors, charts, timelines, outages, histories]) map.clear();
  log = [];
}
