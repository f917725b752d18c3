/** What is told of the topics of a registry: where each stands, and how a replay ended. */
import type { Entry, TopicState } from "./entry.ts";

export interface TopicOutcome {
  readonly topic: string;
  readonly reason: string;
}

/** One topic, as `topics()` shows it. */
export interface TopicStatus {
  readonly topic: string;
  readonly state: TopicState;
  /** How many subscribes have not been taken back. */
  readonly references: number;
}

/** What a settled registry has to say. */
export interface Settlement {
  readonly confirmed: readonly string[];
  readonly rejected: readonly TopicOutcome[];
  readonly timedOut: readonly string[];
  readonly quarantined: readonly string[];
}

type Entries = Iterable<readonly [string, Entry]>;

export function statusesOf(entries: Entries): readonly TopicStatus[] {
  const statuses: TopicStatus[] = [];
  for (const [topic, { references, state }] of entries) {
    if (references > 0) statuses.push({ topic, state, references });
  }
  return statuses;
}

/** Of a registry that has settled: what is neither confirmed nor refused nor held back went unanswered. */
export function settlementOf(
  entries: Entries,
  reasonOf: (topic: string) => string | undefined,
): Settlement {
  const confirmed: string[] = [];
  const rejected: TopicOutcome[] = [];
  const timedOut: string[] = [];
  const quarantined: string[] = [];
  for (const { topic, state } of statusesOf(entries)) {
    if (state === "confirmed") confirmed.push(topic);
    else if (state === "quarantined") quarantined.push(topic);
    else if (state === "rejected") rejected.push({ topic, reason: reasonOf(topic) ?? "" });
    else timedOut.push(topic);
  }
  return { confirmed, rejected, timedOut, quarantined };
}
