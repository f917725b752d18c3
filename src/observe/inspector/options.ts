/** The options of an inspector, checked before anything listens. */
import { checkClock, checkSync, requireSync } from "../../check.ts";
import { OptionError } from "../../errors.ts";
import { realClock, type Clock } from "../../system.ts";
import type { ActorView, ChartView, StepView } from "./protocol.ts";
import type { Reveal } from "./views.ts";
import type { Dialect } from "./server.ts";

export interface InspectorOptions {
  /** Port on 127.0.0.1; 0 for any. @defaultValue the first free one of 7460-7469, or any */
  readonly port?: number | undefined;
  /** What the first target is called in the page. @defaultValue its chart's or its own id */
  readonly name?: string | undefined;
  /** What the page is titled. @defaultValue "ws-supervisor" */
  readonly title?: string | undefined;
  /**
   * Lets the page connect, reconnect, close a connection, or drop its socket. @defaultValue false
   */
  readonly commands?: boolean | undefined;
  /**
   * Whether a text in a context, an event, an input or an output may be shown. Without it no text is
   * but the names that charts are made of. What its key calls a secret, and the userinfo and query of
   * URLs, are never shown. @defaultValue nothing
   */
  readonly reveal?: Reveal | undefined;
  /** Steps kept per actor. @defaultValue 200 */
  readonly history?: number | undefined;
  /** Actors that have ended and are still shown: each attempt's socket is one. @defaultValue 200 */
  readonly endedActors?: number | undefined;
  /** Pages open at a time. @defaultValue 8 */
  readonly maxViewers?: number | undefined;
  /** Bytes that may wait for a viewer that does not read; then it is dropped. @defaultValue 8 MiB */
  readonly maxBufferedBytes?: number | undefined;
  /** The clock that the inspected things run on. @defaultValue the machine's clock */
  readonly clock?: Clock | undefined;
  /** Bridges to other inspectors, such as `xstate4Bridge`. @defaultValue none */
  readonly bridges?: readonly Bridge[] | undefined;
}

/** A dialect that is told what happens. */
export interface SpokenDialect extends Dialect {
  hear(event: InspectedEvent): void;
}

/** Speaks another inspector's language on a path of its own. */
export type Bridge = (watched: WatchedActors) => SpokenDialect;

/** What a bridge may see of the inspected actors: no more than the page does. */
export interface WatchedActors {
  readonly actors: () => readonly ActorView[];
  readonly chart: (id: string) => ChartView | undefined;
  /** Sends an event to an actor, where commands are allowed; what is wrong with it otherwise. */
  readonly send: (actor: string, eventType: string) => string | undefined;
}

export type InspectedEvent =
  | { readonly type: "actor"; readonly actor: ActorView }
  | { readonly type: "step"; readonly step: StepView; readonly actor: ActorView };

const NAMES = [
  "port",
  "name",
  "title",
  "commands",
  "reveal",
  "history",
  "endedActors",
  "maxViewers",
  "maxBufferedBytes",
  "clock",
  "bridges",
] as const satisfies readonly (keyof InspectorOptions)[];

export function checkInspectorOptions(options: InspectorOptions) {
  for (const name of Object.keys(options)) {
    if (!(NAMES as readonly string[]).includes(name)) {
      throw new OptionError(`options.${name}`, `one of ${NAMES.join(", ")}`, name);
    }
  }
  const { port, title = "ws-supervisor", commands = false, reveal, bridges = [] } = options;
  if (port !== undefined) checkCount(port, "port", 0, 65_535);
  if (typeof commands !== "boolean") throw new OptionError("commands", "a boolean", commands);
  checkSync(reveal, "reveal");
  if (!Array.isArray(bridges)) throw new OptionError("bridges", "a list of functions", bridges);
  for (const [index, bridge] of bridges.entries()) requireSync(bridge, `bridges[${index}]`);
  return {
    port,
    title,
    commands,
    reveal,
    clock: checkClock(options.clock, realClock),
    history: checkCount(options.history ?? 200, "history", 1, 100_000),
    endedActors: checkCount(options.endedActors ?? 200, "endedActors", 0, 100_000),
    maxViewers: checkCount(options.maxViewers ?? 8, "maxViewers", 1, 1_000),
    maxBufferedBytes: checkCount(
      options.maxBufferedBytes ?? 8 * 2 ** 20,
      "maxBufferedBytes",
      1,
      2 ** 31,
    ),
    bridges,
  };
}

function checkCount(value: unknown, name: string, from: number, to: number): number {
  const isFit =
    typeof value === "number" && Number.isInteger(value) && value >= from && value <= to;
  if (!isFit) throw new OptionError(name, `an integer from ${from} to ${to}`, value);
  return value;
}
