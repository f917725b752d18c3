/** What a tracker tells its receiver beyond the verdict on the message at hand. */
import type { Held } from "./doubt.ts";
import type { Position } from "./position.ts";

/** A held message that is delivered after all. */
export interface Released<T> extends Held<T> {
  /** Numbers that are missing between the one before it and this one. */
  readonly gap: { readonly from: Position; readonly to: Position } | undefined;
}

export interface TrackerListener<T> {
  /** Whether a stream's name is a topic that is wanted. */
  isTopic(stream: string): boolean;
  /** Something is held now: `settle` is to be called within the time of a doubt. */
  doubted(): void;
  /** Held messages turn out to be known: they came late, or were told again. They are not delivered. */
  stale(stream: string, held: readonly Held<T>[]): void;
  /**
   * Messages are to be delivered after all, in this order. `renumbered`: they were held, and numbering
   * started over with the first of them. `stuck`: they were called duplicates, and the number says nothing.
   */
  released(stream: string, run: readonly Released<T>[], cause: "renumbered" | "stuck"): void;
  /** A doubt has lasted for its time, and only the stream's next message can tell. */
  inDoubt(stream: string, messages: number): void;
  /** The number of a stream does not change any more. */
  stuck(stream: string, position: Position): void;
}

/** For those who ask for verdicts only. */
export const silentListener: TrackerListener<never> = {
  isTopic: () => true,
  doubted: () => undefined,
  stale: () => undefined,
  released: () => undefined,
  inDoubt: () => undefined,
  stuck: () => undefined,
};
