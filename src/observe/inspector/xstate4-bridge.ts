/**
 * A bridge to `@xstate/inspect` 0.8, the inspector of XState 4: on its wire our charts are charts of
 * XState 4. Whoever does not ask for it has nothing of it.
 *
 * A viewer says `xstate.inspecting` and is told of every machine; what it sends (`xstate.event`) reaches
 * the actor where commands are switched on.
 */
import { configOf, xstate4 } from "./configs.ts";
import type { Bridge, InspectedEvent, SpokenDialect, WatchedActors } from "./options.ts";
import type { ActorView, ChartView } from "./protocol.ts";
import type { Talk } from "./server.ts";

/** The bridge, for `inspect(feed, { bridges: [xstate4Bridge] })`; it is spoken at `bridgeUrls[0]`. */
export const xstate4Bridge: Bridge = (watched) => new XState4Dialect(watched);

class XState4Dialect implements SpokenDialect {
  readonly path = "/xstate4";
  readonly #watched: WatchedActors;
  readonly #sends = new Set<(text: string) => void>();

  constructor(watched: WatchedActors) {
    this.#watched = watched;
  }

  open(send: (text: string) => void): Talk {
    return {
      receive: (text) => this.#receive(text, send),
      ended: () => void this.#sends.delete(send),
    };
  }

  hear(event: InspectedEvent): void {
    if (this.#sends.size === 0) return;
    const frames = event.type === "actor" ? this.#registration(event.actor) : this.#step(event);
    for (const send of this.#sends) for (const frame of frames) send(JSON.stringify(frame));
  }

  #receive(text: string, send: (text: string) => void): void {
    const message = parse(text);
    if (message["type"] === "xstate.inspecting") {
      this.#sends.add(send);
      const all = this.#watched.actors().flatMap((actor) => this.#registration(actor));
      for (const frame of all) send(JSON.stringify(frame));
    }
    if (message["type"] !== "xstate.event" || typeof message["event"] !== "string") return;
    // As XState 4 wraps it: `{ name, data: { type }, origin: sessionId }`.
    const { name, origin } = parse(message["event"]);
    if (typeof name === "string" && typeof origin === "string") this.#watched.send(origin, name);
  }

  #registration(actor: ActorView): readonly object[] {
    const chart = chartOf(actor, this.#watched);
    if (chart === undefined) return []; // its wire knows machines only
    return [
      {
        type: "service.register",
        machine: JSON.stringify(configOf(chart, xstate4)),
        state: JSON.stringify(stateOf(actor, "xstate.init")),
        id: actor.name,
        sessionId: actor.key,
        ...(actor.parent === null ? {} : { parent: actor.parent }),
      },
    ];
  }

  #step({ step, actor }: Extract<InspectedEvent, { type: "step" }>): readonly object[] {
    if (actor.chart === null) return [];
    const sessionId = actor.key;
    const event = JSON.stringify(wrapped(step.event, step.source));
    const state = JSON.stringify(stateOf(actor, step.event));
    const frames = [
      { type: "service.event", event, sessionId },
      { type: "service.state", state, sessionId },
    ];
    return actor.status === "active" ? frames : [...frames, { type: "service.stop", sessionId }];
  }
}

function chartOf({ chart }: ActorView, watched: WatchedActors): ChartView | undefined {
  return chart === null ? undefined : watched.chart(chart);
}

function wrapped(type: string, origin: string | null): object {
  return {
    name: type,
    data: { type },
    $$type: "scxml",
    type: "external",
    ...(origin === null ? {} : { origin }),
  };
}

/** Everything that XState 4's `State.create` reads. */
function stateOf({ value, context, status, tags }: ActorView, eventType: string): object {
  return {
    value: value ?? {},
    context,
    event: { type: eventType },
    _event: wrapped(eventType, null),
    _sessionid: null,
    actions: [],
    activities: {},
    meta: {},
    events: [],
    configuration: [],
    transitions: [],
    children: {},
    done: status === "done",
    tags,
    changed: true,
  };
}

function parse(text: string): Readonly<Record<string, unknown>> {
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === "object" && parsed !== null ? (parsed as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
