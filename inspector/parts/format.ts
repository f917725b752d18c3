/** Instants, durations and values, as people read them. */
import type { StepView, View } from "../../src/observe/inspector/protocol.ts";

const clock = new Intl.DateTimeFormat("en-GB", {
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
});

export function timeText(atMs: number): string {
  const ms = Math.floor(((atMs % 1_000) + 1_000) % 1_000);
  return `${clock.format(atMs)}.${String(ms).padStart(3, "0")}`;
}

export function durationText(ms: number): string {
  if (ms < 1_000) return `${Math.max(Math.round(ms), 0)} ms`;
  if (ms < 60_000) return `${(ms / 1_000).toFixed(1)} s`;
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 60) return `${minutes} min ${Math.floor((ms % 60_000) / 1_000)} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** A state value as a path: `connected › probation`. */
export function valueText(value: unknown): string {
  if (value === null || value === undefined) return "";
  if (typeof value === "string") return value;
  return Object.entries(value)
    .map(([key, within]) => (within === "" ? key : `${key} › ${valueText(within)}`))
    .join(", ");
}

/** The innermost state, where there is room for no more. */
export function innermost(value: unknown): string {
  return valueText(value).split(" › ").at(-1) ?? "";
}

/** An event's type; XState's own in the chart's words. */
export function eventText({ event, transitions }: StepView): string {
  const [first] = transitions;
  if (event === "xstate.init") return "starts";
  if (event === "xstate.stop") return "is stopped";
  return event.startsWith("xstate.") ? (first?.label ?? event.slice("xstate.".length)) : event;
}

/** One line for a value of a context or an event. */
export function viewText(view: View | undefined): string {
  if (view === undefined) return "–";
  if (view === null) return "null";
  if (typeof view === "string") return `"${view}"`;
  if (typeof view !== "object") return String(view);
  if (Array.isArray(view)) return view.length === 0 ? "[]" : `[${view.map(viewText).join(", ")}]`;
  const { $: kind, ...rest } = view as Record<string, View>;
  if (typeof kind === "string") return markText(kind, rest);
  const entries = Object.entries(rest).map(([key, value]) => `${key}: ${viewText(value)}`);
  return entries.length === 0 ? "{}" : `{ ${entries.join(", ")} }`;
}

/** What stands for something that is not shown. */
function markText(kind: string, rest: Readonly<Record<string, View>>): string {
  switch (kind) {
    case "hidden":
      return `•••• (${plain(rest["characters"])} characters)`;
    case "secret":
      return "•••• (secret)";
    case "number":
      return plain(rest["is"]);
    case "date":
      return new Date(Number(rest["atMs"])).toISOString();
    case "map":
    case "set":
      return `${kind} of ${plain(rest["size"])}`;
    case "bytes":
      return `${plain(rest["length"])} bytes`;
    case "more":
      return `… ${plain(rest["count"])} more`;
    case "error":
      return plain(rest["name"]);
    default:
      return `(${kind})`;
  }
}

/** A text or a number without quotes. */
export function plain(view: View | undefined): string {
  return typeof view === "string" || typeof view === "number" ? `${view}` : "";
}
