/** What the registry remembers of one topic, and what follows from it. */
import type { RequestKind } from "./request-plan.ts";

/** How far a topic is on the current socket. */
export type TopicState =
  | "unsent"
  | "pending"
  | "confirmed"
  /** Refused for good, as far as this socket goes. */
  | "rejected"
  /** Refused for now: it waits to be asked for again. */
  | "refused"
  | "timed-out"
  | "leaving"
  /** It kept killing sockets: not asked for, for a while. */
  | "quarantined";

export interface Entry {
  references: number;
  state: TopicState;
  /** The request that this entry waits for. */
  requestId: number;
  /** Requests in a row that were not answered. One that has any is asked for alone. */
  timeouts: number;
  /** Refusals for now in a row. One that has any is asked for alone. */
  refusals: number;
  /** Its end was refused for now: not to be asked for until the registry is told to. */
  isEndHeld: boolean;
  /** Wanted, and not to be asked for until the registry is told to ask. */
  isHeld: boolean;
  /** Asked for apart from all that were not held. */
  isOnTrial: boolean;
  /** To be ended and asked for anew. */
  isRenewing: boolean;
}

export function newEntry(): Entry {
  return {
    references: 0,
    state: "unsent",
    requestId: 0,
    timeouts: 0,
    refusals: 0,
    isEndHeld: false,
    isHeld: false,
    isOnTrial: false,
    isRenewing: false,
  };
}

/** What an entry needs sent now; undefined while it is in order, or waits for an answer. */
export function needOf(entry: Entry): RequestKind | undefined {
  const { references, state, timeouts, isHeld, isRenewing, isEndHeld } = entry;
  if (references > 0 && state === "unsent") return isHeld ? undefined : "subscribe";
  if (isEndHeld) return undefined;
  if (references > 0) return isRenewing && state !== "leaving" ? "unsubscribe" : undefined;
  // Also where no answer came: the peer may have heard.
  const mayBeServed = state === "confirmed" || state === "timed-out" || timeouts > 0;
  return mayBeServed && state !== "leaving" && state !== "pending" ? "unsubscribe" : undefined;
}

/** An answer may come late: also to a topic that is about to be asked for again. */
export function isWaiting({ state, timeouts }: Entry): boolean {
  if (state === "unsent") return timeouts > 0;
  return state === "pending" || state === "leaving" || state === "timed-out";
}

/** A peer that refused may serve the topic after all, unasked, or say so late. */
export function isRefused({ state, refusals }: Entry): boolean {
  return state === "refused" || state === "rejected" || (state === "unsent" && refusals > 0);
}
