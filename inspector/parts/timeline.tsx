/** The states of every connection over the last hour, with its outages as bars. */
import { computed, signal } from "@preact/signals";
import type { ActorView, OutageView, SpanView } from "../../src/observe/inspector/protocol.ts";
import { actors, outages, timelines, version } from "../model/store.ts";
import { actorSearch, current, mainView, now, openOutage, select } from "../model/view.ts";
import { durationText, timeText } from "./format.ts";
import { toneOf, toneOfState } from "./tone.ts";

const windowMs = signal(300_000);
const WINDOWS: readonly (readonly [string, number])[] = [
  ["1 min", 60_000],
  ["5 min", 300_000],
  ["15 min", 900_000],
  ["1 h", 3_600_000],
];
/** Rows move once a second: nobody sees less. */
const second = computed(() => Math.floor(now.value / 1_000) * 1_000 + 1_000);

export function Timelines() {
  void version.value;
  const search = actorSearch.value.trim().toLowerCase();
  const rows = [...actors.values()].filter(
    ({ key, parent, isConnection, name }) =>
      (parent === null || isConnection) &&
      timelines.has(key) &&
      name.toLowerCase().includes(search),
  );
  return (
    <div class="timelines">
      <header>
        <h2>
          Timelines <span class="count">{rows.length}</span>
        </h2>
        <WindowChoice />
      </header>
      <div class="scroll" tabIndex={0} role="group" aria-label="Timelines, scrollable">
        {rows.map((actor) => (
          <TimelineRow key={actor.key} actor={actor} />
        ))}
        {rows.length === 0 ? <p class="empty">No connection fits.</p> : null}
      </div>
      <Axis />
    </div>
  );
}

/** The row of the selected actor, above its chart. */
export function OwnTimeline({ actor }: { readonly actor: ActorView }) {
  return (
    <div class="own-timeline">
      <Bars actor={actor} />
      <WindowChoice />
      <Axis />
    </div>
  );
}

function WindowChoice() {
  return (
    <select
      aria-label="Length of the timeline"
      value={windowMs.value}
      onChange={(event) => (windowMs.value = Number(event.currentTarget.value))}
    >
      {WINDOWS.map(([label, ms]) => (
        <option key={label} value={ms}>
          {label}
        </option>
      ))}
    </select>
  );
}

function TimelineRow({ actor }: { readonly actor: ActorView }) {
  return (
    <div class={current.value?.key === actor.key ? "timeline-row selected" : "timeline-row"}>
      <button
        class="who"
        onClick={() => {
          select(actor.key);
          mainView.value = "chart";
        }}
      >
        <span class={`dot tone-${toneOf(actor)}`} aria-hidden="true" />
        <span class="name">{actor.name}</span>
      </button>
      <Bars actor={actor} />
    </div>
  );
}

function Bars({ actor }: { readonly actor: ActorView }) {
  void version.value;
  const endMs = second.value;
  const startMs = endMs - windowMs.value;
  const at = (ms: number): number => (Math.max(ms - startMs, 0) / windowMs.value) * 100;
  const spans = timelines.get(actor.key) ?? [];
  const down = outages.get(actor.key) ?? [];
  const until = actor.endedAtMs ?? endMs;
  return (
    <div class="bars">
      <svg
        viewBox="0 0 100 10"
        preserveAspectRatio="none"
        role="img"
        aria-label={summary(spans, down)}
      >
        {spans.map(({ state, atMs }, index) => {
          const toMs = Math.min(spans[index + 1]?.atMs ?? until, endMs);
          if (toMs < startMs) return null;
          const x = at(atMs);
          return (
            <rect
              key={`${atMs} ${index}`}
              class={`span tone-${toneOfState(state, actor)}`}
              x={x}
              y={0}
              width={Math.max(at(toMs) - x, 0.06)}
              height={10}
            >
              <title>{`${state} from ${timeText(atMs)}, ${durationText(toMs - atMs)}`}</title>
            </rect>
          );
        })}
      </svg>
      {down.map((outage, index) => {
        const toMs = outage.endedAtMs ?? endMs;
        if (toMs < startMs) return null;
        const left = at(outage.startedAtMs);
        const style = { left: `${left}%`, width: `max(5px, ${Math.min(at(toMs), 100) - left}%)` };
        const label = `Outage of ${actor.name} at ${timeText(outage.startedAtMs)}, ${
          outage.endedAtMs === null ? "under way" : durationText(toMs - outage.startedAtMs)
        }`;
        return (
          <button
            key={outage.startedAtMs}
            class={outage.endedAtMs === null ? "outage open" : "outage"}
            style={style}
            aria-label={label}
            title={`${label}: ${outage.cause}`}
            onClick={() => (openOutage.value = { actor: actor.key, index })}
          />
        );
      })}
    </div>
  );
}

function summary(spans: readonly SpanView[], down: readonly OutageView[]): string {
  const last = spans.at(-1);
  const state = last === undefined ? "nothing yet" : `${last.state} since ${timeText(last.atMs)}`;
  return `${state}; ${down.length} ${down.length === 1 ? "outage" : "outages"}`;
}

function Axis() {
  const endMs = second.value;
  const marks = [0, 0.25, 0.5, 0.75];
  return (
    <div class="axis" aria-hidden="true">
      {marks.map((part) => (
        <span key={part} style={{ left: `${part * 100}%` }}>
          {timeText(endMs - windowMs.value * (1 - part)).slice(0, 8)}
        </span>
      ))}
      <span class="last">now</span>
    </div>
  );
}
