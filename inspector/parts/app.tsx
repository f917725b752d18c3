/** The page: actors on the left, the chart in the middle, what it remembers on the right, events below. */
import { ChartView } from "../chart/chart-view.tsx";
import { linkState } from "../model/link.ts";
import { charts, hello, histories, version } from "../model/store.ts";
import {
  askHistory,
  current,
  mainView,
  now,
  panel,
  shown,
  theme,
  type Panel,
} from "../model/view.ts";
import { ActorTree } from "./actor-tree.tsx";
import { Commands } from "./commands.tsx";
import { Details } from "./details.tsx";
import { EventLog } from "./event-log.tsx";
import { durationText, valueText } from "./format.ts";
import { OutageReport } from "./outage-report.tsx";
import { TimeTravel } from "./time-travel.tsx";
import { OwnTimeline, Timelines } from "./timeline.tsx";
import { toneOf } from "./tone.ts";

const PANELS: readonly (readonly [Panel, string])[] = [
  ["actors", "Actors"],
  ["chart", "Chart"],
  ["details", "Details"],
  ["log", "Events"],
];
const LINK = {
  connecting: "connecting to the service",
  live: "live",
  lost: "the service is gone; trying again",
  refused: "this link's token is not valid: the service prints a new one at each start",
} as const;

export function App() {
  return (
    <main class="page" data-shown={panel.value}>
      <Header />
      <nav class="tabs" aria-label="Panels">
        {PANELS.map(([name, label]) => (
          <button
            key={name}
            aria-pressed={panel.value === name}
            onClick={() => (panel.value = name)}
          >
            {label}
          </button>
        ))}
      </nav>
      <ActorTree />
      <Main />
      <Details />
      <EventLog />
      <OutageReport />
    </main>
  );
}

function Header() {
  const next = { auto: "light", light: "dark", dark: "auto" } as const;
  return (
    <header class="top">
      <h1>{hello.value?.title ?? "Inspector"}</h1>
      <p role="status" class={`link link-${linkState.value}`}>
        {LINK[linkState.value]}
      </p>
      <div class="choice" role="group" aria-label="View">
        <button aria-pressed={mainView.value === "chart"} onClick={() => show("chart")}>
          Chart
        </button>
        <button aria-pressed={mainView.value === "timeline"} onClick={() => show("timeline")}>
          Timeline
        </button>
      </div>
      <button
        class="theme"
        aria-label={`Theme: ${theme.value}`}
        title={`Theme: ${theme.value}`}
        onClick={() => (theme.value = next[theme.value])}
      >
        {{ auto: "◐", light: "☀", dark: "☾" }[theme.value]}
      </button>
    </header>
  );
}

function show(view: "chart" | "timeline"): void {
  mainView.value = view;
  panel.value = "chart";
}

function Main() {
  void version.value;
  const view = shown.value;
  if (view !== null && !histories.has(view.actor.key)) askHistory(view.actor.key);
  return (
    <section class="panel main" aria-label="Chart" data-panel="chart">
      {mainView.value === "timeline" ? (
        <Timelines />
      ) : view === null ? (
        <p class="empty">No actor yet.</p>
      ) : (
        <Selected />
      )}
    </section>
  );
}

function Selected() {
  const view = shown.value;
  const actor = current.value;
  if (view === null || actor === null) return null;
  const chart = charts.get(actor.chart ?? "");
  return (
    <>
      <header class="bar">
        <h2>
          <span class={`dot tone-${toneOf(actor)}`} aria-hidden="true" /> {actor.name}
        </h2>
        <p class="now-in">
          <b>{actor.status === "active" ? valueText(view.value) : actor.status}</b>
          {view.isPast ? " (then)" : <Since sinceMs={actor.endedAtMs ?? actor.sinceMs} />}
        </p>
        <p class="tags">
          {view.tags.map((tag) => (
            <span class="tag" key={tag}>
              {tag}
            </span>
          ))}
        </p>
        <Commands actor={actor} />
      </header>
      <OwnTimeline actor={actor} />
      {chart === undefined ? (
        <p class="empty canvas">
          {actor.name} has no chart: it is a callback, a promise or an observable. Its events are in
          the log.
        </p>
      ) : (
        <ChartView chart={chart} value={view.value} step={view.step} />
      )}
      <TimeTravel />
    </>
  );
}

function Since({ sinceMs }: { readonly sinceMs: number }) {
  return <span class="since"> for {durationText(now.value - sinceMs)}</span>;
}
