/** The colour of a state: what it means where it is one of ours or is tagged, else its place in its chart. */
import type { ActorView } from "../../src/observe/inspector/protocol.ts";
import { charts, topLevel } from "../model/store.ts";

export type Tone = "good" | "busy" | "bad" | "dead" | "over" | "a" | "b" | "c" | "d" | "none";

const OURS: Readonly<Record<string, Tone>> = {
  connecting: "busy",
  connected: "good",
  reconnecting: "bad",
  failed: "dead",
  closing: "over",
  closed: "over",
  watching: "good",
  off: "over",
  probing: "busy",
  doubting: "bad",
  expired: "dead",
};
const OTHERS: readonly Tone[] = ["a", "b", "c", "d"];

export function toneOfState(state: string, actor: ActorView | undefined): Tone {
  const ours = OURS[state];
  if (ours !== undefined) return ours;
  const chart = charts.get(actor?.chart ?? "");
  const [root] = chart?.states ?? [];
  const siblings = chart?.states.filter(({ parent }) => parent === root?.id) ?? [];
  const index = siblings.findIndex(({ key }) => key === state);
  return siblings[index]?.type === "final" ? "over" : (OTHERS[index % OTHERS.length] ?? "none");
}

export function toneOf(actor: ActorView): Tone {
  if (actor.status === "error") return "dead";
  if (actor.status !== "active") return "over";
  if (actor.value === null) return "none";
  return toneOfState(topLevel(actor.value), actor);
}
