/**
 * The wire of `@statelyai/inspect` 0.7, both ways on one path.
 *
 * Its receivers are told of our actors, redacted as in our own page; code that is instrumented with it
 * (`createWebSocketInspector({ url: inspector.statelyUrl })`) shows in our page.
 */
import { configOf, xstate5 } from "./configs.ts";
import type { InspectedEvent, SpokenDialect, WatchedActors } from "./options.ts";
import type { ActorView, StepView, View, ViewObject } from "./protocol.ts";
import type { Talk } from "./server.ts";
import { StatelyGuests, type GuestParts } from "./stately-guests.ts";

export const STATELY_PATH = "/stately";
const VERSION = "0.7.2";

export class StatelyDialect implements SpokenDialect {
  readonly path = STATELY_PATH;
  readonly #watched: WatchedActors;
  readonly #guestParts: GuestParts;
  readonly #sends = new Set<(text: string) => void>();

  constructor(watched: WatchedActors, guestParts: GuestParts) {
    this.#watched = watched;
    this.#guestParts = guestParts;
  }

  open(send: (text: string) => void): Talk {
    for (const actor of this.#watched.actors()) send(this.#registration(actor));
    this.#sends.add(send);
    const guests = new StatelyGuests(this.#guestParts);
    return {
      receive: (text) => {
        // Who tells is not told: it knows, and would hear its own echo.
        this.#sends.delete(send);
        guests.hear(text);
      },
      ended: () => {
        this.#sends.delete(send);
        guests.leave();
      },
    };
  }

  hear(event: InspectedEvent): void {
    if (this.#sends.size === 0) return;
    const frames =
      event.type === "actor"
        ? [this.#registration(event.actor)]
        : [this.#event(event.step, event.actor), this.#snapshot(event.step, event.actor)];
    for (const send of this.#sends) for (const frame of frames) send(frame);
  }

  #registration(actor: ActorView): string {
    const chart = actor.chart === null ? undefined : this.#watched.chart(actor.chart);
    const definition = chart === undefined ? { id: actor.name } : configOf(chart, xstate5);
    return JSON.stringify({
      type: "@xstate.actor",
      name: actor.name,
      ...(actor.parent === null ? {} : { parentId: actor.parent }),
      definition: JSON.stringify(definition),
      snapshot: snapshotOf(actor, actor.context),
      ...this.#base(actor, actor.sinceMs),
    });
  }

  #event(step: StepView, actor: ActorView): string {
    return JSON.stringify({
      type: "@xstate.event",
      event: eventOf(step),
      ...(step.source === null ? {} : { sourceId: step.source }),
      ...this.#base(actor, step.atMs),
    });
  }

  #snapshot(step: StepView, actor: ActorView): string {
    return JSON.stringify({
      type: "@xstate.snapshot",
      event: eventOf(step),
      snapshot: snapshotOf(actor, actor.context),
      ...this.#base(actor, step.atMs),
    });
  }

  #base(actor: ActorView, atMs: number) {
    const rootId = this.#rootOf(actor);
    return {
      sessionId: actor.key,
      rootId,
      createdAt: String(Math.round(atMs)),
      id: null,
      _version: VERSION,
    };
  }

  #rootOf(actor: ActorView): string {
    const actors = new Map(this.#watched.actors().map((one) => [one.key, one]));
    let root = actor;
    for (
      let above = actors.get(root.parent ?? "");
      above !== undefined;
      above = actors.get(root.parent ?? "")
    ) {
      root = above;
    }
    return root.key;
  }
}

function eventOf({ event, payload }: StepView): object {
  return { ...(isViewObject(payload) ? payload : {}), type: event };
}

function isViewObject(view: View): view is ViewObject {
  return typeof view === "object" && view !== null && !Array.isArray(view);
}

function snapshotOf({ status, value, tags }: ActorView, context: View): object {
  return { status, ...(value === null ? {} : { value }), context, tags, children: {} };
}
