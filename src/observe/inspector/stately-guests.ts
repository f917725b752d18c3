/**
 * Actors of another program, as it tells of them on the wire of `@statelyai/inspect`.
 *
 * What comes is foreign: it is checked, redacted like our own, and bounded. A definition becomes a
 * machine that is never run; one that XState refuses leaves an actor without a chart.
 */
import { createMachine } from "xstate";
import { describeChart, wordsOf, type KnownChart } from "./chart.ts";
import { changesBetween } from "./changes.ts";
import type { History } from "./history.ts";
import type { ActorView, StepView, TakenView, TransitionView, ValueView } from "./protocol.ts";
import type { Viewer } from "./views.ts";
import type { Vocabulary } from "./vocabulary.ts";

export interface GuestParts {
  readonly history: History;
  readonly viewer: Viewer;
  readonly vocabulary: Vocabulary;
  readonly nowMs: () => number;
}

/** Living actors of one program. */
const MAX_GUESTS = 2_000;

type Message = Readonly<Record<string, unknown>>;

interface Guest {
  readonly key: string;
  readonly chart: KnownChart | undefined;
}

export class StatelyGuests {
  readonly #parts: GuestParts;
  readonly #guests = new Map<string, Guest>();
  readonly #charts = new Map<string, KnownChart | undefined>();
  /** Where the event came from that the next snapshot is about. */
  readonly #sources = new Map<string, string | null>();

  constructor(parts: GuestParts) {
    this.#parts = parts;
  }

  hear(text: string): void {
    const message = parseObject(text);
    const sessionId = message?.["sessionId"];
    if (message === undefined || typeof sessionId !== "string") return;
    if (message["type"] === "@xstate.actor") this.#register(sessionId, message);
    else if (message["type"] === "@xstate.event") this.#noteSource(sessionId, message["sourceId"]);
    else if (message["type"] === "@xstate.snapshot") this.#step(sessionId, message);
  }

  /** The program has gone: its actors have ended, as far as anybody can tell. */
  leave(): void {
    const { history, nowMs } = this.#parts;
    for (const { key } of this.#guests.values()) {
      const view = history.actorOf(key);
      if (view?.status !== "active") continue;
      history.putActor({ ...view, status: "stopped", armed: [], endedAtMs: nowMs() }, nowMs());
    }
  }

  #register(sessionId: string, message: Message): void {
    if (this.#guests.size >= MAX_GUESTS && !this.#guests.has(sessionId)) return;
    const { history, viewer, nowMs } = this.#parts;
    const known = this.#guests.get(sessionId);
    const key = known?.key ?? history.nextKey();
    const chart = known?.chart ?? this.#chartOf(message["definition"]);
    this.#guests.set(sessionId, { key, chart });
    const parent = this.#guests.get(String(message["parentId"]));
    const blank: ActorView = {
      key,
      name: viewer.eventType(message["name"]),
      parent: parent?.key ?? null,
      chart: chart?.view.id ?? null,
      status: "active",
      value: null,
      tags: [],
      context: null,
      armed: [],
      sinceMs: nowMs(),
      endedAtMs: null,
      isConnection: false,
    };
    history.putActor(this.#after(blank, message["snapshot"]), nowMs());
  }

  #noteSource(sessionId: string, source: unknown): void {
    if (!this.#guests.has(sessionId)) return;
    this.#sources.set(
      sessionId,
      typeof source === "string" ? (this.#guests.get(source)?.key ?? null) : null,
    );
  }

  #step(sessionId: string, message: Message): void {
    const { history, viewer, nowMs } = this.#parts;
    const guest = this.#guests.get(sessionId);
    const before = guest === undefined ? undefined : history.actorOf(guest.key);
    if (guest === undefined || before === undefined) return;
    const after = this.#after(before, message["snapshot"]);
    const event = isObject(message["event"]) ? message["event"] : {};
    const { type, ...payload } = event;
    const step: StepView = {
      n: history.nextNumber(),
      actor: guest.key,
      atMs: nowMs(),
      event: viewer.eventType(type),
      payload: viewer.view(payload, { actor: after.name, path: ["event"] }),
      source: this.#sources.get(sessionId) ?? null,
      transitions: takenBetween(guest.chart, before.value, after.value, type),
      actions: [],
      changes: changesBetween(before.context, after.context),
      status: after.status,
      value: after.value,
      tags: after.tags,
      armed: [],
    };
    history.addStep(step, after);
    if (after.status === "active") return;
    this.#guests.delete(sessionId);
    this.#sources.delete(sessionId);
  }

  #after(before: ActorView, given: unknown): ActorView {
    const snapshot = isObject(given) ? given : {};
    const { viewer, nowMs } = this.#parts;
    const { status: word, tags, context } = snapshot;
    const status = word === "done" || word === "error" || word === "stopped" ? word : "active";
    const value = valueOf(snapshot["value"], viewer);
    return {
      ...before,
      status,
      value,
      tags: Array.isArray(tags) ? tags.slice(0, 20).map((tag) => viewer.eventType(tag)) : [],
      context: viewer.view(context ?? null, { actor: before.name, path: ["context"] }),
      sinceMs: JSON.stringify(value) === JSON.stringify(before.value) ? before.sinceMs : nowMs(),
      endedAtMs: status === "active" ? null : (before.endedAtMs ?? nowMs()),
    };
  }

  /** One chart for all actors with the same definition. */
  #chartOf(definition: unknown): KnownChart | undefined {
    if (typeof definition !== "string") return undefined;
    if (this.#charts.has(definition)) return this.#charts.get(definition);
    if (this.#charts.size >= MAX_GUESTS) return undefined;
    const chart = this.#describe(definition);
    this.#charts.set(definition, chart);
    return chart;
  }

  #describe(definition: string): KnownChart | undefined {
    const config = parseObject(definition);
    if (config?.["states"] === undefined) return undefined;
    const { history, vocabulary } = this.#parts;
    try {
      const described = describeChart(createMachine(config));
      const view = history.addChart(described.view);
      if (view === undefined) return undefined;
      vocabulary.add(wordsOf(view));
      return { ...described, view };
    } catch {
      return undefined; // no config that XState takes
    }
  }
}

/** The wire does not say which transition was taken: the first that fits event and states. */
function takenBetween(
  chart: KnownChart | undefined,
  before: ValueView | null,
  after: ValueView | null,
  eventType: unknown,
): readonly TakenView[] {
  if (chart === undefined || JSON.stringify(before) === JSON.stringify(after)) return [];
  const [left, entered] = [namesIn(before), namesIn(after)];
  const fits = ({ event, source, targets }: TransitionView): boolean =>
    event === eventType &&
    (source === chart.view.states[0]?.id || left.has(keyOf(source))) &&
    targets.some((target) => entered.has(keyOf(target)));
  const taken = chart.view.transitions.find(fits);
  return taken === undefined
    ? []
    : [{ id: taken.id, label: taken.label, guard: taken.guard, delayMs: null }];
}

function keyOf(id: string): string {
  return id.slice(id.lastIndexOf(".") + 1);
}

function namesIn(value: ValueView | null): ReadonlySet<string> {
  if (value === null) return new Set();
  if (typeof value === "string") return new Set([value]);
  return new Set(Object.entries(value).flatMap(([key, within]) => [key, ...namesIn(within)]));
}

function valueOf(value: unknown, viewer: Viewer, depth = 0): ValueView | null {
  if (typeof value === "string") return viewer.eventType(value);
  if (!isObject(value) || depth > 10) return null;
  const regions = Object.entries(value).slice(0, 50);
  return Object.fromEntries(
    regions.map(([key, within]) => [
      viewer.eventType(key),
      valueOf(within, viewer, depth + 1) ?? "",
    ]),
  );
}

function parseObject(text: string): Message | undefined {
  try {
    const parsed: unknown = JSON.parse(text);
    return isObject(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Message {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
