import { readFileSync, writeFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { AnyStateMachine } from "xstate";
import { connectionMachine, heartbeatMachine } from "../../machines/index.ts";
import { printChart, statesWithin, transitionsOf } from "./print-chart.ts";

// Charts with typed facts fit no `Any*` parameter of XState's (xstate.md §1.3).
const charts = {
  connection: connectionMachine as unknown as AnyStateMachine,
  heartbeat: heartbeatMachine as unknown as AnyStateMachine,
};
const golden = new URL("chart.golden.txt", import.meta.url);

describe("the charts", () => {
  it("are the ones that were reviewed (UPDATE_GOLDEN=1 takes the new ones)", () => {
    const printed = Object.values(charts).map(printChart).join("\n\n");
    if (process.env["UPDATE_GOLDEN"] === "1") writeFileSync(golden, printed);

    expect(printed).toBe(readFileSync(golden, "utf8"));
  });

  it.each(Object.entries(charts))(
    "use no word that %s does not define: XState lets an unknown action pass and fires an unknown delay at once",
    (_, machine) => {
      const { actions, guards, delays, actors } = machine.implementations;
      const unknown = [...statesWithin(machine.root)].flatMap((state) => [
        ...[...state.entry, ...state.exit].filter((action) => !isKnown(action, actions)),
        ...state.after.filter(({ delay }) => !isKnown(delay, delays)),
        ...state.invoke.filter(({ src }) => !isKnown(src, actors)),
        ...transitionsOf(state).flatMap((transition) => [
          ...transition.actions.filter((action) => !isKnown(action, actions)),
          ...(transition.guard === undefined || isKnown(transition.guard, guards)
            ? []
            : [transition.guard]),
        ]),
      ]);

      expect(unknown).toEqual([]);
    },
  );

  it("have no exit action: they do not run when a parent stops the actor", () => {
    for (const machine of Object.values(charts)) {
      for (const state of statesWithin(machine.root)) {
        expect(state.exit.filter((action) => typeof action !== "function")).toEqual([]);
      }
    }
  });
});

function isKnown(reference: unknown, defined: object): boolean {
  if (typeof reference === "function") return true; // XState's own, for `after`
  const name = typeof reference === "string" ? reference : (reference as { type: string }).type;
  return Object.hasOwn(defined, name);
}
