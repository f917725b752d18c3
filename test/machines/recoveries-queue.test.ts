/** The queue of the chart that runs recoveries: told twice that a stream is broken, it recovers it once. */
import { describe, expect, it } from "vitest";
import { createActor } from "xstate";
import { defaultRecoveryPacing, type RecoveryDoor } from "../../machines/recovery.door.ts";
import { recoveriesMachine } from "../../machines/recoveries.machine.ts";

/** Starts the chart behind a door that answers nothing. */
function startRecoveries(concurrent: number) {
  const fetched: string[] = [];
  const door: RecoveryDoor = {
    attach: () => {},
    resubscribe: () => {},
    requestReconnect: () => {},
    holdDeltas: () => {},
    fetchSnapshot: (stream) => {
      fetched.push(stream);
      return () => {};
    },
    toJSON: () => undefined,
  };
  const policy = { ...defaultRecoveryPacing, concurrent, spacingMs: 0 };
  const actor = createActor(recoveriesMachine, { input: { door, policy } });
  actor.start();
  return {
    fetched,
    breaks: (stream: string) =>
      actor.send({
        type: "stream.broken",
        stream,
        strategy: "snapshot",
        host: "host",
        failures: 0,
        recurrences: 0,
        as: "broken",
        provedMs: 0,
      }),
    queued: () =>
      actor
        .getSnapshot()
        .context.places.flatMap((place) => (place?.phase === "queued" ? place.stream : [])),
    stop: () => actor.stop(),
  };
}

describe("the queue of recoveries", () => {
  it("does not take a stream that is being recovered", () => {
    const recoveries = startRecoveries(2);
    recoveries.breaks("a");
    recoveries.breaks("a");

    expect(recoveries.fetched).toEqual(["a"]);
    expect(recoveries.queued()).toEqual([]);
    recoveries.stop();
  });

  it("takes a stream that waits once", () => {
    const recoveries = startRecoveries(1);
    recoveries.breaks("a");
    recoveries.breaks("b");
    recoveries.breaks("b");

    expect(recoveries.queued()).toEqual(["b"]);
    recoveries.stop();
  });
});
