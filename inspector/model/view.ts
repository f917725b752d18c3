/** What the person looks at: which actor, which moment, what they search for, which theme. */
import { computed, effect, signal } from "@preact/signals";
import type { ActorView, StepView, View } from "../../src/observe/inspector/protocol.ts";
import { undo } from "./changes.ts";
import { say } from "./link.ts";
import { actors, histories, serviceNowMs, version } from "./store.ts";

export type Panel = "actors" | "chart" | "log" | "details";

const selected = signal<string | null>(null);
/** The number of the step that is looked at; null for now. */
export const moment = signal<number | null>(null);
export const actorSearch = signal("");
export const logSearch = signal("");
/** Which events are listed: all, those that moved something and facts, or those of the selected system. */
export const logScope = signal<"all" | "moves" | "system">("all");
export const mainView = signal<"chart" | "timeline">("chart");
/** Which panel a narrow window shows. */
export const panel = signal<Panel>("chart");
export const theme = signal<"auto" | "light" | "dark">(readTheme());
/** Outage whose report is open: actor and index. */
export const openOutage = signal<{ readonly actor: string; readonly index: number } | null>(null);
/** Moves ten times a second, for countdowns; once a second where nothing is close. */
export const now = signal(0);

export function select(key: string, stepNumber: number | null = null): void {
  selected.value = key;
  moment.value = stepNumber;
  askHistory(key);
}

export function askHistory(key: string): void {
  say({ type: "history", actor: key });
}

/** The selected actor, or the first there is. */
export const current = computed<ActorView | null>(() => {
  void version.value;
  const chosen = selected.value === null ? undefined : actors.get(selected.value);
  return chosen ?? [...actors.values()].find(({ parent }) => parent === null) ?? null;
});

/** What is shown of the selected actor: as it is, or as it was at the moment looked at. */
export interface Shown {
  readonly actor: ActorView;
  readonly steps: readonly StepView[];
  readonly dropped: number;
  /** Of the step shown; -1 where none is known. */
  readonly index: number;
  readonly step: StepView | null;
  readonly isPast: boolean;
  readonly value: ActorView["value"];
  readonly armed: ActorView["armed"];
  readonly tags: readonly string[];
  readonly context: View;
}

export const shown = computed<Shown | null>(() => {
  void version.value;
  const actor = current.value;
  if (actor === null) return null;
  const { steps = [], dropped = 0 } = histories.get(actor.key) ?? {};
  const found = moment.value === null ? -1 : steps.findIndex(({ n }) => n === moment.value);
  const isPast = found >= 0 && found < steps.length - 1;
  const index = found >= 0 ? found : steps.length - 1;
  const step = steps[index] ?? null;
  if (!isPast || step === null) {
    const { value, armed, tags, context } = actor;
    return { actor, steps, dropped, index, step, isPast: false, value, armed, tags, context };
  }
  const later = steps.slice(index + 1);
  const context = later.reduceRight((at, { changes }) => undo(at, changes), actor.context);
  const { value, armed, tags } = step;
  return { actor, steps, dropped, index, step, isPast, value, armed, tags, context };
});

/** The root above an actor. */
export function rootOf(key: string): string {
  let root = key;
  for (let parent = actors.get(root)?.parent; parent != null; parent = actors.get(root)?.parent) {
    root = parent;
  }
  return root;
}

function tick(): void {
  now.value = serviceNowMs();
}

export function startClock(): void {
  tick();
  setInterval(tick, 100);
}

function readTheme(): "auto" | "light" | "dark" {
  const stored = localStorage.getItem("inspector.theme");
  return stored === "light" || stored === "dark" ? stored : "auto";
}

effect(() => {
  const chosen = theme.value;
  if (chosen === "auto") document.documentElement.removeAttribute("data-theme");
  else document.documentElement.dataset["theme"] = chosen;
  localStorage.setItem("inspector.theme", chosen);
});
