/** What a walk cannot see: whether the chart says what it should, all of it, in words that exist. */
import { readFileSync, writeFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { StateMachine } from "xstate";
import type { RecoveriesEvent } from "../../machines/recoveries.machine.ts";
import type { RecoveryEvent } from "../../machines/recovery.machine.ts";
import * as machines from "../../machines/index.ts";
import { writtenActions } from "../../src/testing/charts/words.ts";
import { statesOf } from "../../src/testing/charts/transitions.ts";
import { lintChart, printChart } from "../../src/testing/index.ts";
import { charts } from "./charts.ts";

/** All that may be said to each chart; the compiler sees to it that none is left out. */
const events: { readonly [C in keyof typeof charts]: readonly string[] } = {
  connection: Object.keys({
    connect: true,
    reconnect: true,
    close: true,
    terminate: true,
    "socket.dialled": true,
    "socket.progressed": true,
    "socket.opened": true,
    "socket.expiring": true,
    "socket.mute": true,
    "socket.ended": true,
    "socket.lost": true,
    "subscriptions.settled": true,
    "desk.wanted": true,
    "outage.prolonged": true,
    "rotation.due": true,
    "command.given": true,
  } satisfies Record<machines.ConnectionEvent["type"], true>),
  heartbeat: Object.keys({
    "peer.checked": true,
    "peer.unheard": true,
  } satisfies Record<(machines.PeerChecked | machines.PeerUnheard)["type"], true>),
  recoveries: Object.keys({
    "stream.broken": true,
    "stream.restarted": true,
    "stream.refuted": true,
    "stream.unwanted": true,
    "socket.ended": true,
    "host.due": true,
    "recovery.due": true,
    "recovery.missed": true,
    "recovery.hostFailed": true,
    "recovery.proving": true,
    "recovery.ended": true,
  } satisfies Record<RecoveriesEvent["type"], true>),
  recovery: Object.keys({
    "slot.granted": true,
    "host.failed": true,
    "stream.broken": true,
    "stream.restarted": true,
    "stream.refuted": true,
    "snapshot.joined": true,
    "snapshot.outdated": true,
    "snapshot.refused": true,
    "snapshot.failed": true,
  } satisfies Record<RecoveryEvent["type"], true>),
};
const golden = new URL("chart.golden.txt", import.meta.url);
const names = Object.keys(charts) as (keyof typeof charts)[];

describe("the charts", () => {
  it("are all here", () => {
    const exported = Object.values(machines).filter((value) => value instanceof StateMachine);
    expect(names.toSorted()).toEqual(exported.map(({ id }) => id).toSorted());
  });

  it("are the ones that were reviewed (UPDATE_GOLDEN=1 takes the new ones)", () => {
    const printed = names.map((name) => printChart(charts[name])).join("\n\n");
    if (process.env["UPDATE_GOLDEN"] === "1") writeFileSync(golden, printed);

    expect(printed).toBe(readFileSync(golden, "utf8"));
  });

  it.each(names)("have no fault that XState would pass over in silence: %s", (name) => {
    expect(lintChart(charts[name], { events: events[name] })).toEqual([]);
  });

  it.each(names)("say of each state what is true while it holds: %s", (name) => {
    const [, ...states] = statesOf(charts[name]);
    expect(states.filter(({ description }) => !description).map(({ id }) => id)).toEqual([]);
  });

  it.each(names)("have no exit action, for none runs when a parent stops the actor: %s", (name) => {
    expect(statesOf(charts[name]).flatMap(({ exit }) => writtenActions(exit))).toEqual([]);
  });
});
