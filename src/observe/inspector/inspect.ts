/**
 * The local inspector: a page on 127.0.0.1 that shows what actors do. Nothing leaves the machine.
 *
 * It watches and never changes anything, but for the commands that its owner has switched on.
 */
import type { AnyActorRef } from "xstate";
import { OptionError } from "../../errors.ts";
import { giveCommand, sendEvent } from "./commands.ts";
import { ConnectionWatch } from "./connection-watch.ts";
import { guardDialect } from "./guard-dialect.ts";
import { History } from "./history.ts";
import { checkInspectorOptions, type InspectorOptions, type SpokenDialect } from "./options.ts";
import { PageDialect } from "./page-dialect.ts";
import type { ServerMessage } from "./protocol.ts";
import { Recorder } from "./recorder.ts";
import { InspectorServer } from "./server.ts";
import { STATELY_PATH, StatelyDialect } from "./stately-dialect.ts";
import { isActor, isSupervisor, type Inspectable, type InspectableSupervisor } from "./targets.ts";
import { Viewer } from "./views.ts";
import { Vocabulary } from "./vocabulary.ts";

/** A running inspector. */
export interface Inspector extends AsyncDisposable {
  /** Where the page is, with this start's token in the fragment. Whoever has it can look. */
  readonly url: string;
  /** Where code instrumented with `@statelyai/inspect` may send to, and receivers of it listen. */
  readonly statelyUrl: string;
  /** Where each of the `bridges` is spoken, in their order. */
  readonly bridgeUrls: readonly string[];
  /**
   * Shows another supervisor, or any XState 5 actor with all the actors of its system; running
   * already or not yet. Gives the function that ends it.
   */
  attach(target: Inspectable, options?: { readonly name?: string | undefined }): () => void;
  /** What it had to let go, and how often looking went wrong. */
  counts(): {
    readonly viewers: number;
    readonly viewersDropped: number;
    readonly failures: number;
  };
  close(): Promise<void>;
}

/**
 * Serves the inspector of a supervisor or an actor.
 *
 * @throws {@link OptionError} for what cannot be inspected, or a port that is taken.
 */
export async function inspect(
  target: Inspectable,
  options: InspectorOptions = {},
): Promise<Inspector> {
  const inspector = new LocalInspector(options);
  inspector.attach(target, { name: options.name });
  await inspector.listen();
  return inspector;
}

const nothing = (): void => undefined;

class LocalInspector implements Inspector {
  readonly #settings: ReturnType<typeof checkInspectorOptions>;
  readonly #vocabulary = new Vocabulary();
  readonly #viewer: Viewer;
  readonly #history: History;
  readonly #recorder: Recorder;
  readonly #page: PageDialect;
  /** Beside our own page: `@statelyai/inspect`, then the bridges. */
  readonly #others: readonly SpokenDialect[];
  readonly #server: InspectorServer;
  readonly #watches = new Map<InspectableSupervisor, ConnectionWatch>();
  readonly #detaches = new Set<() => void>();
  #bridgeFailures = 0;

  constructor(options: InspectorOptions) {
    const settings = checkInspectorOptions(options);
    this.#settings = settings;
    this.#viewer = new Viewer(this.#vocabulary, settings.reveal);
    this.#history = new History(settings, {
      chart: (chart) => this.#page.tell({ type: "chart", chart }),
      actor: (actor) => {
        this.#page.tell({ type: "actor", actor });
        for (const other of this.#others) other.hear({ type: "actor", actor });
      },
      step: (step, actor) => {
        this.#page.tell({ type: "step", step });
        for (const other of this.#others) other.hear({ type: "step", step, actor });
      },
      forgotten: (actor) => this.#page.tell({ type: "forgotten", actor }),
    });
    this.#recorder = new Recorder({
      clock: settings.clock,
      viewer: this.#viewer,
      vocabulary: this.#vocabulary,
      history: this.#history,
    });
    const watched = {
      actors: () => this.#history.actors,
      chart: (id: string) => this.#history.charts.find((chart) => chart.id === id),
      send: (actor: string, type: string) => {
        if (!settings.commands) return "commands are off";
        return sendEvent(this.#recorder.refOf(actor), this.#history.actorOf(actor), type);
      },
    };
    this.#page = new PageDialect({
      welcome: () => this.#welcome(),
      nowMs: () => settings.clock.nowMs(),
      history: (actor) => this.#stepsOf(actor),
      command: (actor, command) => {
        if (!settings.commands) return "commands are off";
        return giveCommand(command, this.#supervisorOf(actor), settings.clock.nowMs());
      },
    });
    const stately = new StatelyDialect(watched, {
      history: this.#history,
      viewer: this.#viewer,
      vocabulary: this.#vocabulary,
      nowMs: () => settings.clock.nowMs(),
    });
    const bridges = settings.bridges.map((bridge, index) =>
      guardDialect(bridge(watched), `bridges[${index}]()`, () => {
        this.#bridgeFailures += 1;
      }),
    );
    this.#others = [stately, ...bridges];
    const dialects = [this.#page, ...this.#others];
    this.#server = new InspectorServer({ ...settings, dialects });
  }

  get url(): string {
    return `http://127.0.0.1:${this.#server.port}/#token=${this.#server.access.token}`;
  }

  get statelyUrl(): string {
    return this.#socketUrl(STATELY_PATH);
  }

  get bridgeUrls(): readonly string[] {
    return this.#others.slice(1).map(({ path }) => this.#socketUrl(path));
  }

  listen(): Promise<void> {
    return this.#server.listen();
  }

  attach(target: Inspectable, { name }: { readonly name?: string | undefined } = {}): () => void {
    const detach = isSupervisor(target)
      ? this.#attachSupervisor(target, name ?? target.name)
      : isActor(target)
        ? this.#recorder.attach(target, { name, isConnection: false })
        : undefined;
    if (detach === undefined)
      throw new OptionError("target", "a Supervisor or an XState 5 actor", target);
    const once = (): void => {
      if (this.#detaches.delete(once)) detach();
    };
    this.#detaches.add(once);
    return once;
  }

  counts() {
    const { viewers, viewersDropped } = this.#server;
    return { viewers, viewersDropped, failures: this.#recorder.failures + this.#bridgeFailures };
  }

  async close(): Promise<void> {
    for (const detach of this.#detaches) detach();
    await this.#server.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #socketUrl(path: string): string {
    const { port, access } = this.#server;
    return `ws://127.0.0.1:${port}${path}?token=${access.token}`;
  }

  /** One that does not run yet is attached once it does, and again when another actor runs it. */
  #attachSupervisor(supervisor: InspectableSupervisor, name: string): () => void {
    let attached: AnyActorRef | undefined;
    let detach = nothing;
    const follow = (): void => {
      const { actor } = supervisor;
      if (actor === undefined || actor === attached) return;
      const before = detach;
      attached = actor;
      detach = this.#recorder.attach(actor, { name, isConnection: true });
      before();
    };
    const watch = new ConnectionWatch({
      viewer: this.#viewer,
      nextNumber: () => this.#history.nextNumber(),
      actor: () => (attached === undefined ? undefined : this.#recorder.keyOf(attached)),
      lastOutage: () => supervisor.status().lastOutage,
      onFact: (fact) => this.#page.tell({ type: "fact", fact }),
      onOutages: (actor, outages) => this.#page.tell({ type: "outages", actor, outages }),
    });
    this.#watches.set(supervisor, watch);
    follow();
    const { outage } = supervisor.status();
    if (outage !== undefined) watch.found(outage.cause, outage.sinceMs);
    const off = supervisor.on("*", (fact) => {
      follow();
      watch.note(fact);
    });
    return () => {
      off();
      detach();
      this.#watches.delete(supervisor);
    };
  }

  #supervisorOf(actor: string): InspectableSupervisor | undefined {
    for (const [supervisor, watch] of this.#watches) if (watch.actor === actor) return supervisor;
    return undefined;
  }

  *#welcome(): Generator<ServerMessage> {
    const { title, commands, history, clock } = this.#settings;
    const known = this.#history;
    yield { type: "hello", version: 1, title, nowMs: clock.nowMs(), commands, history };
    for (const chart of known.charts) yield { type: "chart", chart };
    for (const actor of known.actors) yield { type: "actor", actor };
    for (const [actor, { spans }] of known.timelines) yield { type: "timeline", actor, spans };
    for (const { actor, outages } of this.#watches.values()) {
      if (actor !== undefined) yield { type: "outages", actor, outages };
    }
    const facts = [...this.#watches.values()].flatMap((watch) => watch.facts);
    yield { type: "recent", steps: known.recent, facts };
  }

  #stepsOf(actor: string): ServerMessage | undefined {
    const steps = this.#history.stepsOf(actor);
    if (steps === undefined) return undefined;
    return { type: "history", actor, steps: steps.items, dropped: steps.dropped };
  }
}
