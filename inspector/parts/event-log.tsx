/** What happened, newest first: time, who, cause, event, guard, delay, and where it led. */
import type { ComponentChildren } from "preact";
import type { FactView, StepView } from "../../src/observe/inspector/protocol.ts";
import { actors, charts, log, numberOf, version, type LogEntry } from "../model/store.ts";
import {
  current,
  logSearch,
  moment,
  logScope,
  panel,
  rootOf,
  select,
  shown,
} from "../model/view.ts";
import { durationText, eventText, innermost, timeText, valueText, viewText } from "./format.ts";

const MAX_ROWS = 150;

export function EventLog() {
  void version.value;
  const { rows, total } = found();
  return (
    <section class="panel log" aria-label="Event log" data-panel="log">
      <header class="bar">
        <h2>
          Events <span class="count">{total}</span>
        </h2>
        <input
          type="search"
          placeholder="Search"
          title="Event, guard, state, actor"
          aria-label="Search events"
          value={logSearch.value}
          onInput={(event) => (logSearch.value = event.currentTarget.value)}
        />
        <select
          aria-label="Which events"
          value={logScope.value}
          onChange={(event) =>
            (logScope.value = event.currentTarget.value as typeof logScope.value)
          }
        >
          <option value="all">all</option>
          <option value="moves">moves and facts</option>
          <option value="system">this system</option>
        </select>
      </header>
      <div class="scroll" tabIndex={0} role="group" aria-label="Events, scrollable">
        <ol>
          {rows.map((entry) =>
            entry.kind === "step" ? (
              <StepRow key={entry.step.n} step={entry.step} />
            ) : (
              <FactRow key={entry.fact.n} fact={entry.fact} />
            ),
          )}
        </ol>
        {rows.length === 0 ? <p class="empty">No event fits.</p> : null}
      </div>
    </section>
  );
}

/** Newest first, as many as fit; and how many there are. */
function found(): { readonly rows: readonly LogEntry[]; readonly total: number } {
  const scope = logScope.value;
  const root = current.value === null ? null : rootOf(current.value.key);
  const search = logSearch.value.trim().toLowerCase();
  const fits = (entry: LogEntry): boolean => {
    const actor = entry.kind === "step" ? entry.step.actor : entry.fact.actor;
    if (scope === "system" && rootOf(actor) !== root) return false;
    if (scope === "moves" && entry.kind === "step" && !isMove(entry.step)) return false;
    return search === "" || textOf(entry).toLowerCase().includes(search);
  };
  const all = scope === "all" && search === "" ? log : log.filter(fits);
  const rows = all.slice(-MAX_ROWS).sort((a, b) => numberOf(b) - numberOf(a));
  return { rows, total: all.length };
}

/** Whether it led into a state; the heartbeat's checks and an actor's start do not. */
function isMove({ transitions, actor }: StepView): boolean {
  const chart = charts.get(actors.get(actor)?.chart ?? "");
  const targets = transitions.flatMap(
    ({ id }) => chart?.transitions.find((one) => one.id === id)?.targets ?? [],
  );
  return targets.length > 0;
}

function textOf(entry: LogEntry): string {
  if (entry.kind === "fact") {
    const { actor, type, text } = entry.fact;
    return `${nameOf(actor)} ${type} ${text}`;
  }
  const { actor, event, transitions, value } = entry.step;
  const taken = transitions.map(({ label, guard }) => `${label} ${guard ?? ""}`).join(" ");
  return `${nameOf(actor)} ${event} ${taken} ${valueText(value)}`;
}

function nameOf(key: string): string {
  const actor = actors.get(key);
  if (actor === undefined) return "(forgotten)";
  const root = actors.get(rootOf(key));
  return root === undefined || root.key === key ? actor.name : `${root.name} › ${actor.name}`;
}

interface RowProps {
  readonly kind: string;
  readonly atMs: number;
  readonly label: string;
  readonly isShown?: boolean;
  readonly onOpen: () => void;
  readonly children: ComponentChildren;
}

/** The time is the button, so that a row can be reached by key; a click anywhere does the same. */
function Row({ kind, atMs, label, isShown = false, onOpen, children }: RowProps) {
  return (
    <li class={`${kind}${isShown ? " shown" : ""}`} onClick={onOpen}>
      <button class="time" aria-label={`Look at ${label} of ${timeText(atMs)}`}>
        {timeText(atMs)}
      </button>
      {children}
    </li>
  );
}

function StepRow({ step }: { readonly step: StepView }) {
  const { n, actor, atMs, payload, transitions, value, status } = step;
  const guards = transitions.map(({ guard }) => guard).filter((guard) => guard !== null);
  const moved = isMove(step);
  const open = (): void => {
    select(actor, n);
    panel.value = "chart";
  };
  const isShown = moment.value !== null && shown.value?.step?.n === n;
  const leads = status === "active" ? (moved ? innermost(value) : "") : status;
  return (
    <Row
      kind={moved ? "move" : "still"}
      atMs={atMs}
      label={step.event}
      isShown={isShown}
      onOpen={open}
    >
      <p class="what" title={viewText(payload)}>
        <b>{eventText(step)}</b>
        {guards.length > 0 ? <span class="guard"> [{guards.join(", ")}]</span> : null}
      </p>
      {leads === "" ? null : <p class="leads">→ {leads}</p>}
      <p class="who">
        {nameOf(actor)} <span class="cause">· {causeOf(step)}</span>
      </p>
    </Row>
  );
}

function FactRow({ fact }: { readonly fact: FactView }) {
  const { actor, atMs, type, text, detail } = fact;
  const open = (): void => select(actor);
  return (
    <Row kind={`fact fact-${type.replace(".", "-")}`} atMs={atMs} label={type} onOpen={open}>
      <p class="what told" title={viewText(detail)}>
        <span class="badge">{type}</span> {text}
      </p>
      <p class="who">{nameOf(actor)}</p>
    </Row>
  );
}

function causeOf({ actor, source, event, transitions }: StepView): string {
  const delayMs = transitions.find((one) => one.delayMs !== null)?.delayMs;
  if (delayMs !== undefined && delayMs !== null) return `its timer, after ${durationText(delayMs)}`;
  if (event.startsWith("xstate.after.")) return "its timer";
  if (event === "xstate.stop") return "by its parent";
  if (source === null) return "from outside the system";
  return `from ${source === actor ? "itself" : (actors.get(source)?.name ?? "(forgotten)")}`;
}
