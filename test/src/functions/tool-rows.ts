/** The functions of what watches supervisors, and of what tests them. */
import { raiseAlerts, webhook, type RaisedAlert, type WebhookOptions } from "ws-supervisor/alerts";
import { inspect, type InspectorOptions } from "ws-supervisor/inspector";
import { logTo, type Logger } from "ws-supervisor/logs";
import {
  createMemoryExchange,
  exploreChart,
  VirtualClock,
  walkChart,
  type ChartDriver,
  type WalkOptions,
} from "ws-supervisor/testing";
import { createActor, setup } from "xstate";
import { guardDialect } from "../../../src/observe/inspector/guard-dialect.ts";
import {
  checkInspectorOptions,
  type SpokenDialect,
} from "../../../src/observe/inspector/options.ts";
import { Viewer } from "../../../src/observe/inspector/views.ts";
import { Vocabulary } from "../../../src/observe/inspector/vocabulary.ts";
import {
  everySecond,
  type Json,
  numbered,
  promisesSettle,
  startSupervisor,
} from "../start-supervisor.ts";
import { all, type Given, type Row } from "./given.ts";
import { orRefused } from "./life.ts";

const fed = { ...numbered, ...everySecond, topics: ["a"] };

/** Another listener hears all that a logger hears; how often the logger failed is a fact. */
function logging(level: keyof Logger) {
  return (given: Given): Promise<string> =>
    orRefused(async () => {
      const world = startSupervisor<Json>(fed);
      const none = (): void => undefined;
      logTo(world.feed, { debug: none, info: none, warn: none, error: none, [level]: given });
      let heard = 0;
      world.feed.on("up", () => {
        heard += 1;
      });
      world.comesUp();
      world.socket.drops("ECONNRESET");
      world.waitsItsTurn();
      world.comesUp();
      world.socket.closes(1002); // before it was stable: nothing final yet
      world.waitsItsTurn();
      world.socket.refuses(451);
      await promisesSettle();
      const failed = world.failedCallbacks().map((name) => `callback.failed ${name}`);
      return [`${heard} of 2 heard`, ...new Set(failed)].join(", ");
    });
}

/** What a sink is told, how often the sinks failed, and what the process is warned of. */
function alerting(options: (given: Given, told: string[]) => object) {
  return (given: Given): Promise<string> =>
    orRefused(async () => {
      const warnings = listenForWarnings();
      const world = startSupervisor<Json>(fed);
      const told: string[] = [];
      const parts = { graceMs: 0, clock: world.clock, sinks: [], ...options(given, told) };
      const alerts = raiseAlerts(world.feed, parts);
      world.comesUp();
      world.socket.drops("ECONNRESET");
      await promisesSettle();
      const { sinkFailures } = alerts;
      void alerts.end();
      world.feed.terminate();
      return [`told ${told.join()}`, `${sinkFailures} failures`, ...(await warnings())].join(", ");
    });
}

/** What comes of one alert, and what was posted. */
function posting(options: (given: Given) => WebhookOptions) {
  return (given: Given): Promise<string> =>
    orRefused(async () => {
      const clock = new VirtualClock();
      const posted: string[] = [];
      const fetch: WebhookOptions["fetch"] = (_, { body }) => {
        posted.push(body);
        return Promise.resolve({ status: 200 });
      };
      const sink = webhook("https://hooks.test/", { fetch, clock, ...options(given) });
      let outcome = "waits";
      void Promise.resolve(sink({ text: "down" } as RaisedAlert)).then(
        () => (outcome = "delivered"),
        (error: unknown) => (outcome = `thrown: ${(error as Error).message}`),
      );
      for (let second = 0; second < 30; second += 1) {
        await promisesSettle();
        clock.advance(1_000);
      }
      return [outcome, ...posted].join(", ");
    });
}

const revealing = (reveal: Given): Promise<string> =>
  orRefused(() => {
    const options = checkInspectorOptions({ reveal });
    const viewer = new Viewer(new Vocabulary(), options.reveal);
    const shown = viewer.view("a text of mine", { path: ["context"], actor: "a" });
    return shown === "a text of mine" ? "shown" : "not shown";
  });

const dialect = (parts: Partial<SpokenDialect>): SpokenDialect => ({
  path: "/mine",
  open: () => ({ receive: () => undefined }),
  hear: () => undefined,
  ...parts,
});

/** An inspector with this bridge in it. */
function bridging(bridge: Given): Promise<string> {
  return orRefused(async () => {
    const world = startSupervisor<Json>(fed);
    const options = { port: 0, clock: world.clock, bridges: [bridge] } as InspectorOptions;
    const inspector = await inspect(world.feed, options);
    world.comesUp();
    await inspector.close();
    world.feed.terminate();
    return `inspected, ${inspector.counts().failures} failures`;
  });
}

/** A viewer comes, sends a text, sees a step, and goes. */
async function speaking(parts: Partial<SpokenDialect>): Promise<string> {
  let failures = 0;
  const guarded = guardDialect(dialect(parts), "bridges[0]()", () => {
    failures += 1;
  });
  const talk = guarded.open(() => undefined);
  guarded.hear({ type: "actor", actor: {} as never });
  talk.receive("text");
  talk.ended?.();
  await promisesSettle();
  return `${failures} failures`;
}

const machine = setup({ types: { events: {} as { type: "push" } } }).createMachine({
  id: "door",
  initial: "closed",
  states: { closed: { on: { push: "open" } }, open: { after: { 1_000: "closed" } } },
});

function exploring(options: { stimulus?: object; explore?: object }): Promise<string> {
  return orRefused(() => {
    const pushed = { events: [{ type: "push" as const }], ...options.stimulus };
    const model = exploreChart(machine, { stimuli: { pushed }, ...options.explore, limit: 10 });
    return `${model.states.length} states`;
  });
}

type World = Parameters<WalkOptions<typeof machine, "pushed">["start"]>[0];

/** The door itself, as a walk handles it. */
function driven({ clock, inspect: observe }: World): ChartDriver<"pushed"> {
  const actor = createActor(machine, { clock, inspect: observe }).start();
  return { actor, stimuli: { pushed: () => actor.send({ type: "push" }) } };
}

function walking(parts: (world: World) => object, start?: Given): Promise<string> {
  return orRefused(async () => {
    const model = exploreChart(machine, { stimuli: { pushed: { events: [{ type: "push" }] } } });
    const driver = (world: World) => ({ ...driven(world), ...parts(world) });
    const walk = walkChart({ model, paths: [model.edges], start: (start ?? driver) as never });
    const walked = await Promise.race([walk, waited()]);
    return walked === undefined ? "waits" : `${walked.steps} steps`;
  });
}

async function waited(): Promise<undefined> {
  for (let turn = 0; turn < 10; turn += 1) await promisesSettle();
  return undefined;
}

/** Gives the function that says what the process has been warned of, each once. */
function listenForWarnings(): () => Promise<readonly string[]> {
  const warnings = new Set<string>();
  const note = ({ message }: Error): void => void warnings.add(`warning: ${message}`);
  process.on("warning", note);
  return async () => {
    await waited();
    process.off("warning", note);
    return [...warnings];
  };
}

/** What the process is warned of, where an exchange's listener fails. */
function listeningToExchange(onEvent: Given): Promise<string> {
  return orRefused(async () => {
    const clock = new VirtualClock();
    const exchange = createMemoryExchange({ clock, onEvent });
    const warnings = listenForWarnings();
    const world = startSupervisor({
      target: "wss://stream.example/stream",
      transport: exchange.transport,
      clock,
    });
    clock.advance(1_000);
    const { sessions } = exchange;
    world.feed.terminate();
    exchange.stop();
    return [`${sessions} session`, ...(await warnings())].join(", ");
  });
}

export const toolRows = [
  ...(["debug", "info", "warn", "error"] as const).map((level) => ({
    option: `Logger.${level}`,
    fine: "2 of 2 heard",
    promised: all("2 of 2 heard", {
      throws: '2 of 2 heard, callback.failed listener of "*"',
      rejects: '2 of 2 heard, callback.failed listener of "*"',
    }),
    right: () => undefined,
    live: logging(level),
  })),
  {
    option: "AlertOptions.sinks",
    fine: "told outage, 0 failures",
    promised: all("told outage, 0 failures", {
      throws: "told outage, 1 failures",
      rejects: "told outage, 1 failures",
    }),
    right: () => undefined,
    live: alerting((given, told) => ({
      sinks: [given, ({ kind }: RaisedAlert) => told.push(kind)],
    })),
  },
  {
    option: "AlertOptions.onSinkFailed",
    fine: "told outage, 1 failures",
    promised: all("told outage, 1 failures", {
      throws: "told outage, 1 failures, warning: onSinkFailed failed: not my day",
      rejects: "told outage, 1 failures, warning: onSinkFailed failed: not my day",
    }),
    right: () => undefined,
    live: alerting((given, told) => {
      const failing = () => Promise.reject(new Error("no"));
      return { sinks: [failing, ({ kind }: RaisedAlert) => told.push(kind)], onSinkFailed: given };
    }),
  },
  {
    option: "WebhookOptions.body",
    fine: 'delivered, {"content":"down"}',
    promised: all("thrown: the webhook's body() gave what is no JSON", {
      async: "OptionError body",
      throws: "thrown: not my day",
    }),
    right: ({ text }: RaisedAlert) => ({ content: text }),
    live: posting((body) => ({ body })),
  },
  {
    option: "WebhookOptions.fetch",
    fine: "delivered",
    promised: all("thrown: the webhook's fetch() gave no response", {
      async: "delivered",
      throws: "thrown: the webhook was not reached",
      rejects: "thrown: the webhook was not reached",
      hangs: "thrown: the webhook gave no answer within 5000 ms",
    }),
    right: () => Promise.resolve({ status: 204 }),
    live: posting((fetch) => ({ fetch })),
  },
  {
    option: "InspectorOptions.reveal",
    fine: "shown",
    promised: all("not shown", { async: "OptionError reveal" }),
    right: () => true,
    live: revealing,
  },
  {
    option: "InspectorOptions.bridges",
    fine: "inspected, 0 failures",
    promised: all("OptionError bridges[0]()", {
      async: "OptionError bridges[0]",
      throws: "thrown: not my day",
    }),
    right: () => dialect({}),
    live: bridging,
  },
  {
    option: "Dialect.open",
    fine: "0 failures",
    promised: all("1 failures"),
    right: () => ({ receive: () => undefined }),
    live: (open) => speaking({ open }),
  },
  {
    option: "SpokenDialect.hear",
    fine: "0 failures",
    promised: all("0 failures", { throws: "1 failures", rejects: "1 failures" }),
    right: () => undefined,
    live: (hear) => speaking({ hear }),
  },
  {
    option: "Talk.receive",
    fine: "0 failures",
    promised: all("0 failures", { throws: "1 failures", rejects: "1 failures" }),
    right: () => undefined,
    live: (receive) => speaking({ open: () => ({ receive }) }),
  },
  {
    option: "Talk.ended",
    fine: "0 failures",
    promised: all("0 failures", { throws: "1 failures", rejects: "1 failures" }),
    right: () => undefined,
    live: (ended) => speaking({ open: () => ({ receive: () => undefined, ended }) }),
  },
  {
    option: "ExchangeOptions.onEvent",
    fine: "1 session",
    promised: all("1 session", {
      throws: "1 session, warning: onEvent failed: not my day",
      rejects: "1 session, warning: onEvent failed: not my day",
    }),
    right: () => undefined,
    live: listeningToExchange,
  },
  {
    option: "ChartStimulus.events",
    fine: "2 states",
    promised: all("thrown: the model's `events` must give a list of events, at once", {
      throws: "thrown: not my day",
    }),
    right: () => [{ type: "push" }],
    live: (events) => exploring({ stimulus: { events } }),
  },
  {
    option: "ChartStimulus.when",
    fine: "2 states",
    promised: all("thrown: the model's `when` must give true or false, at once", {
      throws: "thrown: not my day",
      undefined: "2 states",
    }),
    right: () => true,
    live: (when) => exploring({ stimulus: { when } }),
  },
  {
    option: "ExploreOptions.answer",
    fine: "2 states",
    promised: all("thrown: the model's `answer` must give an event or undefined, at once", {
      throws: "thrown: not my day",
      undefined: "2 states",
    }),
    right: () => undefined,
    live: (answer) => exploring({ explore: { answer } }),
  },
  {
    option: "ExploreOptions.key",
    fine: "2 states",
    promised: all("thrown: the model's `key` must give a text, at once", {
      throws: "thrown: not my day",
    }),
    right: ({ value }: Json) => JSON.stringify(value),
    live: (key) => exploring({ explore: { key } }),
  },
  {
    option: "WalkOptions.start",
    fine: "2 steps",
    promised: all("thrown: after the start: not my day", {
      async: "2 steps",
      map: "thrown: after the start: Cannot convert undefined or null to object",
      null: "thrown: after the start: Cannot read properties of null (reading 'stimuli')",
      undefined: "thrown: after the start: Cannot read properties of undefined (reading 'stimuli')",
      hangs: "waits",
    }),
    right: driven,
    live: (start) => walking(() => ({}), start),
  },
  {
    option: "ChartDriver.stimuli",
    fine: "2 steps",
    promised: all(
      'thrown: after the start > pushed: the model takes ["door.closed: on push -> door.open"], the real thing []',
      {
        async: "2 steps",
        throws: "thrown: after the start > pushed: not my day",
        rejects: "thrown: after the start > pushed: not my day",
        hangs: "waits",
      },
    ),
    right: (push: () => void) => push(),
    live: (pushed) =>
      walking((world) => {
        const { actor, stimuli } = driven(world);
        return { actor, stimuli: { pushed: () => pushed(stimuli.pushed) as unknown } };
      }),
  },
  {
    option: "ChartDriver.fire",
    fine: "2 steps",
    promised: all(
      'thrown: after the start > pushed > timer 1000: the model takes ["door.open: after 1000 -> door.closed"], the real thing []',
      {
        async: "2 steps",
        throws: "thrown: after the start > pushed > timer 1000: not my day",
        rejects: "thrown: after the start > pushed > timer 1000: not my day",
        hangs: "waits",
      },
    ),
    right: (clock: World["clock"], timer: string) => clock.fire(timer),
    live: (fire) =>
      walking(({ clock }) => ({ fire: (timer: string) => fire(clock, timer) as unknown })),
  },
  {
    option: "ChartDriver.check",
    fine: "2 steps",
    promised: all("2 steps", {
      throws: "thrown: after the start: not my day",
      rejects: "thrown: after the start: not my day",
      hangs: "waits",
    }),
    right: () => undefined,
    live: (check) => walking(() => ({ check })),
  },
  {
    option: "ChartDriver.end",
    fine: "2 steps",
    promised: all("2 steps", {
      throws: "thrown: after the start > pushed > timer 1000: not my day",
      rejects: "thrown: after the start > pushed > timer 1000: not my day",
      hangs: "waits",
    }),
    right: () => undefined,
    live: (end) => walking(() => ({ end })),
  },
] satisfies readonly Row[];
