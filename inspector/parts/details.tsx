/** Beside the chart: what is armed and when it comes, and the context with what this step changed. */
import type { ArmedView, Change, View, ViewObject } from "../../src/observe/inspector/protocol.ts";
import { now, shown } from "../model/view.ts";
import { durationText, timeText, viewText } from "./format.ts";

export function Details() {
  const view = shown.value;
  return (
    <section class="panel details" aria-label="Details" data-panel="details">
      <Armed
        armed={view?.armed ?? []}
        atMs={view?.isPast === true ? (view.step?.atMs ?? null) : null}
      />
      <div class="split">
        <header class="bar">
          <h2>Context</h2>
          {view?.step?.changes.length ? (
            <span class="count">{view.step.changes.length} changed</span>
          ) : null}
        </header>
        <div class="scroll" tabIndex={0} role="group" aria-label="Context, scrollable">
          <Tree view={view?.context ?? null} path={[]} changes={view?.step?.changes ?? []} />
        </div>
      </div>
    </section>
  );
}

/** In the past a countdown stands as it stood then. */
function Armed({
  armed,
  atMs,
}: {
  readonly armed: readonly ArmedView[];
  readonly atMs: number | null;
}) {
  const nowMs = atMs ?? now.value;
  return (
    <div class="armed">
      <header class="bar">
        <h2>Armed delays</h2>
        <span class="count">{armed.length}</span>
      </header>
      <ul>
        {armed.map(({ id, label, delayMs, dueAtMs }) => {
          const leftMs = Math.max(dueAtMs - nowMs, 0);
          return (
            <li key={id} title={id}>
              <span class="name">{label}</span>
              <span class="left">{durationText(leftMs)}</span>
              <progress
                max={1}
                value={delayMs <= 0 ? 1 : 1 - Math.min(leftMs / delayMs, 1)}
                aria-label={`${label}, of ${durationText(delayMs)}`}
              />
            </li>
          );
        })}
      </ul>
      {armed.length === 0 ? <p class="empty">Nothing is waiting.</p> : null}
    </div>
  );
}

interface TreeProps {
  readonly view: View;
  readonly path: readonly string[];
  readonly changes: readonly Change[];
}

function Tree({ view, path, changes }: TreeProps) {
  if (!isNested(view)) {
    return <p class="empty">{view === null ? "No context." : viewText(view)}</p>;
  }
  return (
    <div class="tree-view">
      {Object.entries(view).map(([key, value]) => (
        <Entry key={key} name={key} view={value} path={[...path, key]} changes={changes} />
      ))}
      {changes
        .filter(
          ({ path: at, to }) => to === undefined && at.slice(0, -1).join("\n") === path.join("\n"),
        )
        .map(({ path: at, from }) => (
          <div class="entry gone" key={at.join(".")}>
            <span class="key">{at.at(-1)}</span>
            <span class="value">
              <s>{viewText(from)}</s>
            </span>
          </div>
        ))}
    </div>
  );
}

interface EntryProps extends TreeProps {
  readonly name: string;
}

function Entry({ name, view, path, changes }: EntryProps) {
  const key = path.join("\n");
  const change = changes.find(({ path: at }) => at.join("\n") === key);
  const isWithin = changes.some(({ path: at }) => at.join("\n").startsWith(`${key}\n`));
  if (isNested(view) && Object.keys(view).length > 0) {
    const count = Object.keys(view).length;
    const before = change?.from;
    return (
      <details open={isWithin} class={isWithin || change !== undefined ? "changed" : ""}>
        <summary>
          {name}{" "}
          <span class="hint">
            {isNested(before) ? `${Object.keys(before).length} → ` : ""}
            {count} {count === 1 ? "entry" : "entries"}
          </span>
        </summary>
        <Tree view={view} path={path} changes={changes} />
      </details>
    );
  }
  return (
    <div class={change === undefined ? "entry" : "entry changed"}>
      <span class="key">{name}</span>
      <span class="value" title={viewText(view)}>
        {change === undefined ? null : (
          <>
            <s>{leafText(name, change.from)}</s>{" "}
          </>
        )}
        {leafText(name, view)}
      </span>
    </div>
  );
}

function isNested(view: View | undefined): view is ViewObject | readonly View[] {
  return typeof view === "object" && view !== null && !("$" in view);
}

/** Instants and durations, by the end of their names; all else as it is. */
function leafText(name: string, view: View | undefined): string {
  if (typeof view !== "number") return viewText(view);
  if (/(?:^at|At|[sS]ince)Ms$/.test(name) && view > 1e11) return timeText(view);
  return name.endsWith("Ms") ? durationText(view) : String(Math.round(view * 1_000) / 1_000);
}
