/**
 * What goes over the wire between the inspector's server and its page: plain JSON, nothing executable.
 *
 * Types only, so that the page can import them without the server. Instants are milliseconds on the
 * observed service's clock; the page is told what time it is there.
 */

/**
 * A value as it may be shown: redacted, bounded in depth and width. Objects with a `$` stand for what
 * is not shown as it is: `hidden` text, a `function`, what was left out.
 */
export type View = null | boolean | number | string | readonly View[] | ViewObject;
export interface ViewObject {
  readonly [key: string]: View;
}

/** One state of a chart. */
export interface StateView {
  readonly id: string;
  readonly key: string;
  readonly parent: string | null;
  readonly type: "atomic" | "compound" | "parallel" | "final" | "history";
  /** Id of the initial child. */
  readonly initial: string | null;
  readonly description: string | null;
  readonly tags: readonly string[];
  readonly entry: readonly string[];
  readonly exit: readonly string[];
  readonly invokes: readonly string[];
}

/** One transition of a chart, as it is written. */
export interface TransitionView {
  readonly id: string;
  readonly source: string;
  readonly targets: readonly string[];
  /** The type of its event, as the chart hears it; empty for `always`. */
  readonly event: string;
  /** For people: `socket.lost`, `after backoff`, `done heartbeat`, `always`. */
  readonly label: string;
  readonly guard: string | null;
  readonly actions: readonly string[];
  readonly reenter: boolean;
}

/** A chart, once for all the actors that run it. States come parents first, in the order written. */
export interface ChartView {
  readonly id: string;
  readonly name: string;
  readonly states: readonly StateView[];
  readonly transitions: readonly TransitionView[];
}

/** A delayed event that has been scheduled and not yet come. */
export interface ArmedView {
  readonly id: string;
  /** `backoff`, or the type of the event it brings. */
  readonly label: string;
  readonly delayMs: number;
  readonly dueAtMs: number;
}

/** A state value: a name, or names by region. */
export type ValueView = string | { readonly [region: string]: ValueView };

export interface ActorView {
  readonly key: string;
  /** Its own id, such as `heartbeat`; for what was attached under a name, that name. */
  readonly name: string;
  readonly parent: string | null;
  readonly chart: string | null;
  readonly status: "active" | "done" | "error" | "stopped";
  readonly value: ValueView | null;
  readonly tags: readonly string[];
  readonly context: View;
  readonly armed: readonly ArmedView[];
  readonly sinceMs: number;
  readonly endedAtMs: number | null;
  /** Whether a supervisor stands behind it: then it has facts and outages, and takes commands. */
  readonly isConnection: boolean;
}

/** What changed in a context: a value that came, went, or became another. */
export interface Change {
  readonly path: readonly string[];
  readonly from?: View;
  readonly to?: View;
}

/** One event and all that an actor did about it. */
export interface StepView {
  /** Counts over all actors, in the order in which events were sent. */
  readonly n: number;
  readonly actor: string;
  readonly atMs: number;
  readonly event: string;
  readonly payload: View;
  /** The actor that sent it: itself for a timer, null for whoever is no actor. */
  readonly source: string | null;
  readonly transitions: readonly TakenView[];
  readonly actions: readonly string[];
  readonly changes: readonly Change[];
  readonly status: ActorView["status"];
  readonly value: ValueView | null;
  readonly tags: readonly string[];
  readonly armed: readonly ArmedView[];
}

/** A transition that was taken. */
export interface TakenView {
  /** Of the chart's transition; null where it is none that is written there. */
  readonly id: string | null;
  readonly label: string;
  readonly guard: string | null;
  /** How long the chart had waited for it, where a delay brought it. */
  readonly delayMs: number | null;
}

/** What a supervisor told. */
export interface FactView {
  readonly n: number;
  readonly actor: string;
  readonly atMs: number;
  readonly type: string;
  readonly text: string;
  readonly detail: View;
}

/** One stay in a top-level state; it ends where the next one begins. */
export interface SpanView {
  readonly state: string;
  readonly atMs: number;
}

export interface OutageView {
  readonly startedAtMs: number;
  /** Null while it lasts. */
  readonly endedAtMs: number | null;
  readonly cause: string;
  /** What `recovered` brought; null while it lasts. */
  readonly report: View;
}

/** What the server says. */
export type ServerMessage =
  | {
      readonly type: "hello";
      readonly version: 1;
      readonly title: string;
      readonly nowMs: number;
      readonly commands: boolean;
      /** Steps kept per actor. */
      readonly history: number;
    }
  | { readonly type: "chart"; readonly chart: ChartView }
  | { readonly type: "actor"; readonly actor: ActorView }
  | { readonly type: "forgotten"; readonly actor: string }
  | { readonly type: "step"; readonly step: StepView }
  | { readonly type: "fact"; readonly fact: FactView }
  | {
      readonly type: "recent";
      readonly steps: readonly StepView[];
      readonly facts: readonly FactView[];
    }
  | { readonly type: "timeline"; readonly actor: string; readonly spans: readonly SpanView[] }
  | { readonly type: "outages"; readonly actor: string; readonly outages: readonly OutageView[] }
  | {
      readonly type: "history";
      readonly actor: string;
      readonly steps: readonly StepView[];
      /** Steps that the bound has pushed out. */
      readonly dropped: number;
    }
  | { readonly type: "pong"; readonly nowMs: number }
  | { readonly type: "commanded"; readonly actor: string; readonly problem: string | null };

export type Command = "connect" | "reconnect" | "close" | "drop";

/** What a page says. */
export type ViewerMessage =
  | { readonly type: "ping" }
  | { readonly type: "history"; readonly actor: string }
  | { readonly type: "command"; readonly actor: string; readonly command: Command };
