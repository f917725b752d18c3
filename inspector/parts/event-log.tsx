/** What happened, newest first: time, who, cause, event, guard, delay, and where it led. */
import type { ComponentChildren } from "preact";
import type { FactView, StepView } from "../../src/observe/inspector/protocol.ts";
import { actors, log, numberOf, version, type LogEntry } from "../model/store.ts";
import {
  current,
  logSearch,
  moment,
  onlySelected,
  panel,
  rootOf,
  select,
  shown,
} from "../model/view.ts";
import { durationText, eventText, innermost, timeText, valueText, viewText } from "./format.ts";

const MAX_ROWS = 250;

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
          placeholder="Event, guard, state, actor"
          aria-label="Search events"
          value={logSearch.value}
          onInput={(event) => (logSearch.value = event.currentTarget.value)}
        />
        <label class="check">
          <input
            type="checkbox"
            checked={onlySelected.value}
            onChange={(event) => (onlySelected.value = event.currentTarget.checked)}
          />
          this system only
        </label>
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
  const root = onlySelected.value && current.value !== null ? rootOf(current.value.key) : null;
  const search = logSearch.value.trim().toLowerCase();
  const fits = (entry: LogEntry): boolean => {
    const actor = entry.kind === "step" ? entry.step.actor : entry.fact.actor;
    if (root !== null && rootOf(actor) !== root) return false;
    return search === "" || textOf(entry).toLowerCase().includes(search);
  };
  const all = root === null && search === "" ? log : log.filter(fits);
  const rows = all.slice(-MAX_ROWS).sort((a, b) => numberOf(b) - numberOf(a));
  return { rows, total: all.length };
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
  const isMove = transitions.length > 0;
  const open = (): void => {
    select(actor, n);
    panel.value = "chart";
  };
  const isShown = moment.value !== null && shown.value?.step?.n === n;
  const leads = status === "active" ? (isMove ? innermost(value) : "") : status;
  return (
    <Row
      kind={isMove ? "move" : "still"}
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
