/** A chart as a picture: Mermaid's `stateDiagram-v2`, which GitHub draws. */
import type { AnyStateMachine, AnyStateNode, AnyTransitionDefinition } from "xstate";
import { definitionsOf, statesOf } from "./transitions.ts";
import { conditionToText } from "./words.ts";

/**
 * The picture of a chart as stable text: states, nested and parallel ones, and an arrow for every
 * transition that leads somewhere, with its event, delay or guard. What a state does without leaving
 * it is not drawn; {@link printChart} has everything.
 *
 * ```ts
 * writeFileSync("docs/door.md", `\`\`\`mermaid\n${toMermaid(doorMachine)}\`\`\`\n`);
 * ```
 */
export function toMermaid(machine: AnyStateMachine): string {
  return `stateDiagram-v2\n${new Drawing(machine).lines().join("\n")}\n`;
}

interface Arrow {
  readonly from: AnyStateNode;
  readonly to: AnyStateNode;
  readonly labels: string[];
}

class Drawing {
  readonly #root: AnyStateNode;
  readonly #arrows: readonly Arrow[];
  readonly #ids: ReadonlyMap<AnyStateNode, string>;

  constructor(machine: AnyStateMachine) {
    const states = statesOf(machine);
    this.#root = machine.root;
    this.#arrows = arrowsOf(states);
    this.#ids = idsOf(states);
  }

  lines(): readonly string[] {
    // The whole chart is no box: what holds everywhere starts from a state of its own.
    const everywhere = this.#arrows.some(({ from }) => from === this.#root)
      ? [`  state "in every state" as ${EVERYWHERE}`]
      : [];
    return [...everywhere, ...this.#inside(this.#root, 1)];
  }

  /** A state's children, then the arrows between them and within them. */
  #inside(state: AnyStateNode, depth: number): readonly string[] {
    const indent = "  ".repeat(depth);
    const children = Object.values(state.states);
    const initial = state.type === "compound" ? state.initial.target : [];
    const declared = children.map((child) => this.#declare(child, depth));
    // Mermaid knows regions within a state only.
    const isDivided = state.type === "parallel" && state !== this.#root;
    return [
      ...declared.flatMap((lines, index) =>
        isDivided && index > 0 ? [`${indent}--`, ...lines] : lines,
      ),
      ...initial.map((child) => `${indent}[*] --> ${this.#id(child)}`),
      ...this.#arrows
        .filter(({ from, to }) => commonParent(from, to) === state)
        .map((arrow) => indent + this.#draw(arrow)),
      ...children
        .filter((child) => child.type === "final")
        .map((child) => `${indent}${this.#id(child)} --> [*]`),
    ];
  }

  #declare(state: AnyStateNode, depth: number): readonly string[] {
    const indent = "  ".repeat(depth);
    const id = this.#id(state);
    const title = state.type === "history" ? "H" : escape(state.key);
    const name = id === title ? id : `"${title}" as ${id}`;
    if (Object.keys(state.states).length === 0) {
      return [`${indent}${id === title ? id : `state ${name}`}`];
    }
    const inside = this.#inside(state, depth + 1);
    return [`${indent}state ${name} {`, ...inside, `${indent}}`];
  }

  #draw({ from, to, labels }: Arrow): string {
    return `${this.#id(from)} --> ${this.#id(to)} : ${labels.map(escape).join("<br/>")}`;
  }

  #id(state: AnyStateNode): string {
    return this.#ids.get(state) ?? state.key;
  }
}

/** One arrow for all transitions that lead from one state to the same other. */
function arrowsOf(states: readonly AnyStateNode[]): readonly Arrow[] {
  const arrows: Arrow[] = [];
  for (const definition of states.flatMap(definitionsOf)) {
    for (const to of definition.target ?? []) {
      const label = labelOf(definition);
      const same = arrows.find((arrow) => arrow.from === definition.source && arrow.to === to);
      if (same === undefined) arrows.push({ from: definition.source, to, labels: [label] });
      else same.labels.push(label);
    }
  }
  return arrows;
}

/** An event needs no "on" beside an arrow. */
function labelOf(definition: AnyTransitionDefinition): string {
  return conditionToText(definition).replace(/^on /, "");
}

/** A state's own name where no other has it, else its whole path. */
function idsOf(states: readonly AnyStateNode[]): ReadonlyMap<AnyStateNode, string> {
  const uses = new Map<string, number>();
  for (const { key } of states) uses.set(key, (uses.get(key) ?? 0) + 1);
  return new Map(
    states.map((state) => {
      if (state.parent === undefined) return [state, EVERYWHERE];
      const isOwn = uses.get(state.key) === 1 && !RESERVED.has(state.key);
      const id = isOwn ? state.key : `${state.path.join("_")}_`;
      return [state, id.replace(/\W/g, "_")];
    }),
  );
}

const EVERYWHERE = "everywhere";

/** Words that mean something else in a state diagram. */
const RESERVED = new Set(["state", "note", "end", "direction", "default", "class", EVERYWHERE]);

/** The innermost state that encloses both; neither of them. */
function commonParent(from: AnyStateNode, to: AnyStateNode): AnyStateNode {
  const outside = new Set(ancestorsOf(from));
  return ancestorsOf(to).find((ancestor) => outside.has(ancestor)) ?? to.machine.root;
}

function ancestorsOf(state: AnyStateNode): readonly AnyStateNode[] {
  const { parent } = state;
  return parent === undefined ? [] : [parent, ...ancestorsOf(parent)];
}

/** What would end a label, or begin a comment. */
function escape(text: string): string {
  return text.replace(/["#;]/g, (sign) => `#${sign.charCodeAt(0)};`).replaceAll("\n", " ");
}
