/** docs/machines.md and the README's picture, drawn from the charts. */
import type { AnyStateMachine, AnyStateNode, AnyTransitionDefinition } from "xstate";
import { definitionsOf, statesOf } from "../../src/testing/charts/transitions.ts";
import { conditionToText, referenceToText } from "../../src/testing/charts/words.ts";
import { toMermaid } from "../../src/testing/index.ts";
import { charts } from "./charts.ts";

/** What no chart says of itself. */
const introductions: { readonly [C in keyof typeof charts]: string } = {
  connection: `One supervised connection, over all its sockets:
[machines/connection.machine.ts](../machines/connection.machine.ts). Its words are defined in
[connection.setup.ts](../machines/connection.setup.ts); what a loss means is decided in
[the verdict's table](../machines/policy/verdict-table.ts), before \`socket.lost\` is raised.`,
  heartbeat: `Silence, a question, a doubt, an end: runs while the connection is \`connected\`, and its
end forces the close. [machines/heartbeat.machine.ts](../machines/heartbeat.machine.ts).`,
  recoveries: `The desk of the recoveries: every stream that is not whole has one here, and they try in turn; while
the host of their snapshots fails one asks for all. It is opened when the first stream breaks, and runs from then on as long as the connection. [machines/recoveries.machine.ts](../machines/recoveries.machine.ts).`,
  recovery: `The recovery of one stream, from its break until it is whole: wait for a slot, try, wait, try again,
fast at first and slowly after the alert; never given up. What delivers, waits and is joined meanwhile is [src/recovery](../src/recovery/recoveries.ts)'s.
[machines/recovery.machine.ts](../machines/recovery.machine.ts).`,
};

/** The whole of docs/machines.md. */
export function chartsPage(): string {
  const names = Object.keys(charts) as (keyof typeof charts)[];
  return `# The charts

<!-- Drawn from machines/*.machine.ts by \`npm run docs:machines\`; a test fails where it drifts. -->

Everything that decides the lifecycle is in these charts. An arrow is labelled with the event that it
follows, or the delay that it waits out, and the guard that must hold, in brackets. The pictures show
what leads from one state to another; the tables have the rest: what is true while a state holds, its
tags (what a state means to those who only look: nobody compares state names), what ends it, and what
else it hears, with the action that follows.

Of the entry actions, everything word for word: [chart.golden.txt](../test/machines/chart.golden.txt),
the text that reviews go by. Every arrow is walked by a running one: \`npm run coverage:transitions\`.

${names.map((name) => section(name, charts[name])).join("\n")}`;
}

/** A text with what stands between the markers replaced by the picture of the connection. */
export function withPicture(text: string): string {
  const [begin, end] = ["<!-- chart: npm run docs:machines -->", "<!-- /chart -->"];
  const [before, rest] = splitAt(text, begin);
  const [, after] = splitAt(rest, end);
  return `${before}${begin}\n\n${picture(charts.connection)}\n${end}${after}`;
}

function splitAt(text: string, marker: string): readonly [string, string] {
  const index = text.indexOf(marker);
  if (index === -1) throw new Error(`the marker ${marker} is missing`);
  return [text.slice(0, index), text.slice(index + marker.length)];
}

function section(name: keyof typeof charts, machine: AnyStateMachine): string {
  const rows = statesOf(machine)
    .filter((state) => state.parent !== undefined || definitionsOf(state).length > 0)
    .map(row);
  return `## ${name}

${introductions[name]}

${picture(machine)}
| state | what is true while it holds | tags | what ends it | what else it hears |
| --- | --- | --- | --- | --- |
${rows.join("\n")}
`;
}

function picture(machine: AnyStateMachine): string {
  return `\`\`\`mermaid\n${toMermaid(machine)}\`\`\`\n`;
}

function row(state: AnyStateNode): string {
  const transitions = definitionsOf(state);
  const leading = transitions.filter(({ target }) => target !== undefined).map(leaving);
  const cells = [
    state.parent === undefined ? "in every state" : code(nameOf(state)),
    [state.description, ...state.invoke.map(({ id }) => `Runs the ${id}.`)].join(" "),
    state.tags.map(code).join(", "),
    list(state.type === "final" ? ["nothing: it is final"] : leading),
    list(transitions.filter(({ target }) => target === undefined).map(staying)),
  ];
  return `| ${cells.join(" | ")} |`;
}

function leaving(transition: AnyTransitionDefinition): string {
  const targets = (transition.target ?? []).map(nameOf).join(", ");
  return `${condition(transition)} → ${targets}`;
}

function staying(transition: AnyTransitionDefinition): string {
  return `${condition(transition)} / ${transition.actions.map(referenceToText).join(", ")}`;
}

function condition(transition: AnyTransitionDefinition): string {
  return code(conditionToText(transition).replace(/^on /, ""));
}

/** Without the chart's own name. */
function nameOf({ path }: AnyStateNode): string {
  return path.join(".");
}

function list(items: readonly string[]): string {
  return items.join("<br>");
}

function code(text: string): string {
  return `\`${text}\``;
}
