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
import { durationText, timeText, valueText, viewText } from "./format.ts";

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
        <table>
          <thead>
            <tr>
              <th scope="col">Time</th>
              <th scope="col">Actor</th>
              <th scope="col">Event</th>
              <th scope="col">Guard, delay</th>
              <th scope="col">Leads to</th>
              <th scope="col">Cause</th>
            </tr>
          </thead>
          <tbody>
            {rows.map((entry) =>
              entry.kind === "step" ? (
                <StepRow key={entry.step.n} step={entry.step} />
              ) : (
                <FactRow key={entry.fact.n} fact={entry.fact} />
              ),
            )}
          </tbody>
        </table>
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

function Row({
  onOpen,
  isShown,
  kind,
  children,
}: {
  readonly onOpen: () => void;
  readonly isShown: boolean;
  readonly kind: string;
  readonly children: ComponentChildren;
}) {
  return (
    <tr class={`${kind}${isShown ? " shown" : ""}`} onClick={onOpen} aria-selected={isShown}>
      {children}
    </tr>
  );
}

function StepRow({ step }: { readonly step: StepView }) {
  const { n, actor, atMs, event, payload, transitions, value, status } = step;
  const guards = transitions.map(({ guard }) => guard).filter((guard) => guard !== null);
  const delayMs = transitions.find((one) => one.delayMs !== null)?.delayMs ?? null;
  const isMove = transitions.length > 0;
  const open = (): void => {
    select(actor, n);
    panel.value = "chart";
  };
  return (
    <Row
      onOpen={open}
      isShown={moment.value !== null && shown.value?.step?.n === n}
      kind={isMove ? "move" : "still"}
    >
      <td class="time">
        <button onClick={open} aria-label={`Look at ${event} of ${timeText(atMs)}`}>
          {timeText(atMs)}
        </button>
      </td>
      <td>{nameOf(actor)}</td>
      <td title={viewText(payload)}>
        <b>{labelOf(step)}</b>
      </td>
      <td>
        {guards.length > 0 ? <span class="guard">[{guards.join(", ")}]</span> : null}{" "}
        {delayMs === null ? null : <span class="delay">after {durationText(delayMs)}</span>}
      </td>
      <td>{status === "active" ? (isMove ? valueText(value) : "") : status}</td>
      <td class="cause">{causeOf(step)}</td>
    </Row>
  );
}

function FactRow({ fact }: { readonly fact: FactView }) {
  const { actor, atMs, type, text, detail } = fact;
  const open = (): void => select(actor);
  return (
    <Row onOpen={open} isShown={false} kind={`fact fact-${type.replace(".", "-")}`}>
      <td class="time">
        <button
          onClick={open}
          aria-label={`Show the connection that told ${type} at ${timeText(atMs)}`}
        >
          {timeText(atMs)}
        </button>
      </td>
      <td>{nameOf(actor)}</td>
      <td>
        <span class="badge">{type}</span>
      </td>
      <td colSpan={3} class="told" title={viewText(detail)}>
        {text}
      </td>
    </Row>
  );
}

/** XState's own event types, in the chart's words. */
function labelOf({ event, transitions }: StepView): string {
  const [first] = transitions;
  if (event.startsWith("xstate.after.")) return first?.label ?? event.slice("xstate.".length);
  if (event.startsWith("xstate.done.actor.")) return first?.label ?? event.slice("xstate.".length);
  if (event === "xstate.init") return "starts";
  if (event === "xstate.stop") return "is stopped";
  return event;
}

function causeOf({ actor, source, event }: StepView): string {
  if (event.startsWith("xstate.after.")) return "timer";
  if (source === null) return "from outside";
  return source === actor ? "itself" : (actors.get(source)?.name ?? "(forgotten)");
}
