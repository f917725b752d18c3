/** What is told of the topics of a registry: where each stands, and how a replay ended. */
import type { Refusal } from "../../machines/refusal.ts";
import type { Entry, TopicState } from "./entry.ts";
import type { RequestKind } from "./request-plan.ts";

export interface TopicOutcome {
  readonly topic: string;
  readonly reason: string;
}

/** What the peer has just refused of one topic. */
export interface TopicRefusal extends TopicOutcome {
  /** `unsubscribe`: its end was refused. */
  readonly request: RequestKind;
  /** Undefined where nothing is known of it. */
  readonly refusal: Refusal | undefined;
  /** Which refusal in a row it is on this socket; 0 when it is not asked for again. */
  readonly times: number;
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
  readonly refused: readonly TopicOutcome[];
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
  const refused: TopicOutcome[] = [];
  const timedOut: string[] = [];
  const quarantined: string[] = [];
  for (const { topic, state } of statusesOf(entries)) {
    if (state === "confirmed") confirmed.push(topic);
    else if (state === "quarantined") quarantined.push(topic);
    else if (state === "rejected") rejected.push({ topic, reason: reasonOf(topic) ?? "" });
    else if (state === "refused") refused.push({ topic, reason: reasonOf(topic) ?? "" });
    else timedOut.push(topic);
  }
  return { confirmed, rejected, refused, timedOut, quarantined };
}
