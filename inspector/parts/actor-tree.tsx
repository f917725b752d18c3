/** Every actor of every system, as a tree. Below a root only where it is open: hundreds fit. */
import { signal } from "@preact/signals";
import type { ActorView } from "../../src/observe/inspector/protocol.ts";
import { groupBy } from "../../src/observe/inspector/groups.ts";
import { actors, version } from "../model/store.ts";
import { actorSearch, current, panel, rootOf, select } from "../model/view.ts";
import { innermost, valueText } from "./format.ts";
import { toneOf } from "./tone.ts";

const showsEnded = signal(false);
/** What a root is filtered by beside its name: where it stands. */
const standing = signal<"all" | "trouble">("all");

export function ActorTree() {
  void version.value;
  const all = [...actors.values()];
  const children = groupBy(all, ({ parent }) => parent);
  const roots = children.get(null) ?? [];
  const found = roots.filter((root) => fits(root, children));
  const open = current.value === null ? null : rootOf(current.value.key);
  const troubled = roots.filter(isTroubled).length;
  return (
    <section class="panel tree" aria-label="Actors" data-panel="actors">
      <header class="bar">
        <h2>
          Actors <span class="count">{roots.length}</span>
        </h2>
        <label class="check">
          <input
            type="checkbox"
            checked={showsEnded.value}
            onChange={(event) => (showsEnded.value = event.currentTarget.checked)}
          />
          ended
        </label>
      </header>
      <div class="bar">
        <input
          type="search"
          placeholder="Search"
          title="Name or state"
          aria-label="Search actors"
          value={actorSearch.value}
          onInput={(event) => (actorSearch.value = event.currentTarget.value)}
        />
        <button
          class="chip"
          aria-pressed={standing.value === "trouble"}
          title="Only those in trouble"
          onClick={() => (standing.value = standing.value === "all" ? "trouble" : "all")}
        >
          Trouble {troubled}
        </button>
      </div>
      <ul class="scroll" role="tree" aria-label="Actor tree" onKeyDown={moveByKey} tabIndex={-1}>
        {found.map((root) => (
          <Branch
            key={root.key}
            actor={root}
            depth={0}
            children={children}
            isOpen={root.key === open}
          />
        ))}
      </ul>
      {found.length === 0 ? <p class="empty">No actor fits.</p> : null}
    </section>
  );
}

interface BranchProps {
  readonly actor: ActorView;
  readonly depth: number;
  readonly children: ReadonlyMap<string | null, readonly ActorView[]>;
  readonly isOpen: boolean;
}

function Branch({ actor, depth, children, isOpen }: BranchProps) {
  const within = (children.get(actor.key) ?? []).filter(
    ({ status, key }) => showsEnded.value || status === "active" || key === current.value?.key,
  );
  const isSelected = current.value?.key === actor.key;
  const state = actor.status === "active" ? innermost(actor.value) : actor.status;
  return (
    <>
      <li
        role="treeitem"
        aria-level={depth + 1}
        aria-selected={isSelected}
        {...(depth === 0 ? { "aria-expanded": isOpen } : {})}
        tabIndex={isSelected ? 0 : -1}
        class={`row depth-${Math.min(depth, 6)}`}
        data-key={actor.key}
        onClick={() => {
          select(actor.key);
          panel.value = "chart";
        }}
      >
        <span class={`dot tone-${toneOf(actor)}`} aria-hidden="true" />
        <span class="name">{actor.name}</span>
        <span class="stands">{state}</span>
      </li>
      {isOpen
        ? within.map((child) => (
            <Branch key={child.key} actor={child} depth={depth + 1} children={children} isOpen />
          ))
        : null}
    </>
  );
}

function fits(root: ActorView, children: BranchProps["children"]): boolean {
  if (standing.value === "trouble" && !isTroubled(root)) return false;
  const search = actorSearch.value.trim().toLowerCase();
  if (search === "") return true;
  const texts = [root, ...(children.get(root.key) ?? [])].map(
    ({ name, value }) => `${name} ${valueText(value)}`,
  );
  return texts.some((text) => text.toLowerCase().includes(search));
}

function isTroubled(actor: ActorView): boolean {
  const tone = toneOf(actor);
  return tone === "bad" || tone === "dead" || (tone === "busy" && actor.isConnection);
}

/** Up and down walk the rows that are shown; Home and End go to their ends. */
function moveByKey(event: KeyboardEvent): void {
  const list = event.currentTarget as HTMLElement;
  const rows = [...list.querySelectorAll<HTMLElement>('[role="treeitem"]')];
  const at = rows.indexOf(document.activeElement as HTMLElement);
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: rows.length - 1 }[event.key];
  const row = to === undefined ? undefined : rows[to];
  if (row === undefined) return;
  event.preventDefault();
  select(row.dataset["key"] ?? "");
  row.focus();
}
