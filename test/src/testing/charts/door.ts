/** Somebody else's chart, and the code around it: an automatic door with a motor. */
import {
  assign,
  cancel,
  createActor,
  fromPromise,
  not,
  raise,
  setup,
  type ActorOptions,
  type ActorRefFrom,
} from "xstate";

/** A motor that a test plays. */
export class FakeMotor {
  isOn = false;
  #settle: { done: () => void; fail: (error: Error) => void } | undefined;

  run(): Promise<void> {
    this.isOn = true;
    return new Promise((done, fail) => {
      this.#settle = { done, fail };
    });
  }

  async arrives(): Promise<void> {
    this.isOn = false;
    this.#settle?.done();
    await eventLoopTurns();
  }

  async jams(): Promise<void> {
    this.isOn = false;
    this.#settle?.fail(new Error("jammed"));
    await eventLoopTurns();
  }

  stops(): void {
    this.isOn = false;
  }
}

function eventLoopTurns(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

export const doorMachine = setup({
  // oxlint-disable-next-line typescript/no-unnecessary-type-assertion
  types: {} as {
    context: { readonly motor: FakeMotor; readonly jams: number };
    events: { type: "push" } | { type: "hand" } | { type: "warned" };
    input: { readonly motor: FakeMotor };
    tags: "moving";
  },
  actors: {
    motor: fromPromise<void, FakeMotor>(({ input, signal }) => {
      signal.addEventListener("abort", () => input.stops());
      return input.run();
    }),
  },
  actions: {
    countJam: assign({ jams: ({ context }) => context.jams + 1 }),
    beep: () => {},
    warnLater: raise({ type: "warned" }, { id: "warning", delay: "warning" }),
    stopWarning: cancel("warning"),
  },
  guards: { isWornOut: ({ context }) => context.jams >= 2 },
  delays: { warning: 3_000, holding: 5_000, resting: 60_000 },
}).createMachine({
  id: "door",
  context: ({ input }) => ({ motor: input.motor, jams: 0 }),
  initial: "closed",
  states: {
    closed: { description: "Nobody wants in.", on: { push: "opening" } },
    opening: {
      tags: "moving",
      invoke: {
        src: "motor",
        id: "motor",
        input: ({ context }) => context.motor,
        onDone: "open",
        onError: { target: "stuck", actions: "countJam" },
      },
    },
    open: {
      entry: "warnLater",
      exit: "stopWarning",
      after: { holding: "closing" },
      on: { push: { target: "open", reenter: true }, warned: { actions: "beep" } },
    },
    closing: {
      tags: "moving",
      invoke: {
        src: "motor",
        id: "motor",
        input: ({ context }) => context.motor,
        onDone: "closed",
        onError: { target: "stuck", actions: "countJam" },
      },
      on: { hand: "opening" },
    },
    stuck: {
      always: [
        { guard: "isWornOut", target: "broken" },
        { guard: not("isWornOut"), target: "resting" },
      ],
    },
    resting: { after: { resting: "opening" } },
    broken: { type: "final" },
  },
});

/** What a user would write around it. */
export class Door {
  readonly actor: ActorRefFrom<typeof doorMachine>;

  constructor(
    motor: FakeMotor,
    options: Pick<ActorOptions<typeof doorMachine>, "clock" | "inspect"> = {},
  ) {
    this.actor = createActor(doorMachine, { input: { motor }, ...options }).start();
  }

  push(): void {
    this.actor.send({ type: "push" });
  }
}
