import { describe, expect, it } from "vitest";
import { createActor, createMachine } from "xstate";
import { ChartClock } from "../../../../src/testing/index.ts";
import { Door, FakeMotor } from "./door.ts";

async function openDoor() {
  const clock = new ChartClock();
  const motor = new FakeMotor();
  const door = new Door(motor, { clock, inspect: clock.inspect });
  door.push();
  await motor.arrives();
  return { clock, door, state: () => door.actor.getSnapshot().value };
}

describe("a clock that knows timers by name", () => {
  it("names delays as they are written, and delayed events by their type", async () => {
    const { clock, door } = await openDoor();
    clock.setTimeout(() => {}, 5);
    const startMs = clock.nowMs();

    expect(clock.timers).toMatchObject([
      { name: "warned", actor: door.actor, delayMs: 3_000, dueAtMs: startMs + 3_000 },
      { name: "holding.door.open", actor: door.actor, delayMs: 5_000, dueAtMs: startMs + 5_000 },
    ]);
    expect(clock.armed).toBe(3);
  });

  it("fires the one that is asked for at its own instant, and leaves the others late", async () => {
    const { clock, state } = await openDoor();
    const startMs = clock.nowMs();

    clock.fire("holding");

    expect(state()).toBe("closing");
    expect(clock.nowMs()).toBe(startMs + 5_000);
    expect(clock.timers).toEqual([]);
    expect(clock.armed).toBe(0);
  });

  it("never goes back for one that is overdue", async () => {
    const { clock } = await openDoor();
    clock.suspend(60_000);
    const nowMs = clock.nowMs();

    clock.fire("warned");

    expect(clock.nowMs()).toBe(nowMs);
    expect(clock.timers.map(({ name }) => name)).toEqual(["holding.door.open"]);
  });

  it("forgets those that fire by themselves, or are cleared", async () => {
    const { clock, door } = await openDoor();
    clock.advance(3_000);
    expect(clock.timers.map(({ name }) => name)).toEqual(["holding.door.open"]);

    door.actor.stop();
    expect(clock.timers).toEqual([]);
  });

  it("says what is armed where there is no such timer", async () => {
    const { clock } = await openDoor();

    expect(() => clock.fire("closing")).toThrow(
      'no timer is called "closing"; armed: warned, holding.door.open',
    );
    expect(() => new ChartClock().fire("x")).toThrow('no timer is called "x"; armed: nothing');
  });

  it("wants to know whose timer where several have one", () => {
    const machine = createMachine({
      id: "m",
      initial: "a",
      states: { a: { after: { 10: "b" } }, b: {} },
    });
    const other = createMachine({
      id: "n",
      initial: "a",
      states: { a: { after: { 10: "b" } }, b: {} },
    });
    const clock = new ChartClock();
    const options = { clock, inspect: clock.inspect };
    const [first, second] = [createActor(machine, options), createActor(other, options)];
    first.start();
    second.start();

    expect(() => clock.fire("10")).toThrow('several timers are called "10"; armed: 10.m.a, 10.n.a');
    clock.fire("10", second);
    expect([first.getSnapshot().value, second.getSnapshot().value]).toEqual(["a", "b"]);
  });

  it("fires a timer that no chart armed by the name of what it calls, whatever else is due before", () => {
    const clock = new ChartClock();
    const startMs = clock.nowMs();
    const told: string[] = [];
    const look = () => told.push("look");
    clock.setTimeout(() => told.push("another"), 1);
    clock.setTimeout(look, 10);

    clock.firePlain("look");

    expect(told).toEqual(["look"]);
    expect(clock.nowMs()).toBe(startMs + 10);
    expect(clock.armed).toBe(1);
    expect(() => clock.firePlain("look")).toThrow('no plain timer calls a function named "look"');
  });

  it("counts a turn of the event loop as a timer", () => {
    const clock = new ChartClock();
    let turns = 0;
    clock.nextTurn(() => (turns += 1));
    expect(clock.timers.map(({ name }) => name)).toEqual(["nextTurn"]);

    clock.fire("nextTurn");

    expect(turns).toBe(1);
    expect(clock.armed).toBe(0);
  });
});
