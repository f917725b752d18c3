/** Listening to the facts of every supervisor of this process, by kind. */
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { channelName, type FactMessage } from "../supervisor/channels.ts";
import type { Fact, FactType } from "../supervisor/facts.ts";
import { callGuarded } from "../warn.ts";
import type { Observed } from "./observed.ts";

/** What is done on which kind of fact. */
export type FactHandlers = {
  readonly [T in FactType]?: (fact: Fact<T>, supervisor: Observed) => void;
};

/**
 * Until the function that it gives is called. Handlers write to libraries that the user brings: what those throw
 * is a warning of the process, as Node takes what a channel's subscriber throws for an uncaught exception.
 */
export function followFacts(handlers: FactHandlers): () => void {
  const ends = Object.entries(handlers).map(([type, handle]) => {
    const name = channelName(type as FactType);
    const listener = (message: unknown): void => {
      const { fact, supervisor } = message as FactMessage;
      const record = handle as (fact: Fact, supervisor: Observed) => void;
      callGuarded(`a reader of ${name}`, () => record(fact, supervisor));
    };
    subscribe(name, listener);
    return () => unsubscribe(name, listener);
  });
  return () => {
    for (const end of ends) end();
  };
}
