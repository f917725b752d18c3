/**
 * Every fact of every supervisor, told to the whole process on `node:diagnostics_channel`, so that metrics
 * and traces find connections that other code made. docs/observability.md has the names and payloads.
 *
 * One channel per kind of fact, `ws-supervisor:down`; messages are never told. Unheard, a fact costs a look
 * at its channel. The module is asked for at run time: where there is no Node there are no channels.
 */
import type { Fact, FactType } from "./facts.ts";
import type { Supervisor } from "./supervisor.ts";

/** What a channel carries. */
export interface FactMessage {
  /** Hold it weakly, or let it go with its fact `closed`. */
  readonly supervisor: Supervisor<unknown>;
  readonly name: string;
  readonly venue: string | undefined;
  readonly fact: Fact;
}

interface FactChannel {
  readonly hasSubscribers: boolean;
  publish(message: unknown): void;
}

const diagnostics = (
  globalThis as { process?: Partial<NodeJS.Process> }
).process?.getBuiltinModule?.("node:diagnostics_channel");

/** Held: a channel that nobody holds is forgotten with its subscribers' hope of it. */
const channels = new Map<FactType, FactChannel>();

export function channelName(type: FactType): string {
  return `ws-supervisor:${type}`;
}

/** Whether this process subscribed to this kind of fact. */
export function isBroadcast(type: FactType): boolean {
  return channelOf(type)?.hasSubscribers === true;
}

/** Tells those who subscribed to this kind of fact. */
export function broadcast<M>(supervisor: Supervisor<M>, fact: Fact): void {
  const channel = channelOf(fact.type);
  if (channel?.hasSubscribers !== true) return;
  const { name, venue } = supervisor;
  channel.publish({ supervisor, name, venue, fact });
}

function channelOf(type: FactType): FactChannel | undefined {
  let channel = channels.get(type);
  if (channel === undefined && diagnostics !== undefined) {
    channel = diagnostics.channel(channelName(type));
    channels.set(type, channel);
  }
  return channel;
}
