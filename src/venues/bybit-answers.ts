/**
 * What Bybit answers to requests, and what is asked again because of it.
 *
 * An answer counts for a whole request. A refusal names one topic, in its text only, and leaves the
 * request's other topics open: clients report that none of them is subscribed [clients]. So they are
 * asked for again at once, under the same number and without the one that was named, until all is
 * answered. Each round names one more topic, so it ends; where they had been subscribed after all, that
 * is what the rounds say ("already subscribed"). Sources as in `bybit.ts`.
 */
import type { Acknowledgement } from "../subscriptions/protocol.ts";
import { textOf } from "./kit/json.ts";
import { refusalBy } from "./kit/refusals.ts";
import { RequestMemory } from "./kit/request-memory.ts";
import { bybitRefusals } from "./refusal-tables.ts";
import type { VenueWord } from "./venue.ts";

/** `op` and `req_id` are echoed. [docs, probe] */
export interface BybitAnswer {
  readonly success?: boolean;
  readonly ret_msg?: unknown;
  readonly req_id?: unknown;
  readonly op?: string;
}

/** Of options and spreads, which name the topics and no request. [docs] */
export interface BybitCommandResponse {
  readonly type: "COMMAND_RESP";
  readonly data?: { readonly failTopics?: unknown; readonly successTopics?: unknown };
}

export class BybitRequests {
  readonly #asked = new RequestMemory();
  /** The texts of the refusals that a request has met so far. */
  readonly #refusals = new RequestMemory();

  subscribe(topics: readonly string[], id: number) {
    this.#asked.remember(id, topics);
    return this.#frame("subscribe", topics, id);
  }

  unsubscribe(topics: readonly string[], id: number) {
    return this.#frame("unsubscribe", topics, id);
  }

  hear({ success, ret_msg: text, req_id: echoed, op }: BybitAnswer): VenueWord {
    const id = typeof echoed === "string" && echoed !== "" ? Number(echoed) : NaN;
    const reason = textOf(text ?? "");
    if (!Number.isSafeInteger(id)) return { kind: "answer", answer: withoutId(success, reason) };
    const topics = this.#asked.take(id);
    const refusals = this.#refusals.take(id);
    if (op !== "subscribe") {
      return { kind: "answer", answer: success === true ? { id } : refused(id, reason) };
    }
    if (success === true) return { kind: "answer", answer: concluded(id, refusals) };

    const named = topicsNamedIn(reason);
    const rest = topics.filter((topic) => !named.includes(topic));
    if (rest.length === topics.length) return { kind: "answer", answer: refused(id, reason) };
    const known = isAlready(reason) ? refusals : [...refusals, reason];
    if (rest.length === 0) return { kind: "answer", answer: concluded(id, known) };
    this.#refusals.remember(id, known);
    return { kind: "challenge", reply: this.subscribe(rest, id) };
  }

  #frame(op: "subscribe" | "unsubscribe", topics: readonly string[], id: number) {
    return { req_id: String(id), op, args: topics };
  }
}

/** What succeeded and what failed, each by its topics. */
export function hearCommand({ data }: BybitCommandResponse): VenueWord {
  const [succeeded, failed] = [listOf(data?.successTopics), listOf(data?.failTopics)];
  const answers: Acknowledgement[] = [];
  if (succeeded.length > 0) answers.push({ topics: succeeded });
  if (failed.length > 0) answers.push({ topics: failed, error: "among the failed topics" });
  return { kind: "answers", answers };
}

/** All of a request is subscribed but what was refused on the way. */
function concluded(id: number, refusals: readonly string[]): Acknowledgement {
  const rejected = refusals.flatMap((reason) => {
    const refusal = refusalBy(bybitRefusals, reason);
    return topicsNamedIn(reason).map((topic) => ({ topic, reason, refusal }));
  });
  return { id, rejected };
}

/** A refusal without a number still names its topic. */
function withoutId(success: boolean | undefined, reason: string): Acknowledgement {
  const topics = success === true ? [] : topicsNamedIn(reason);
  if (topics.length === 0) return { unmatched: true };
  if (isAlready(reason)) return { topics };
  return { topics, error: reason, refusal: refusalBy(bybitRefusals, reason) };
}

function refused(id: number, error: string): Acknowledgement {
  return { id, error, refusal: refusalBy(bybitRefusals, error) };
}

/** Subscribed already, which is what we want: the first goes on. [probe] */
function isAlready(reason: string): boolean {
  return reason.includes("already subscribed");
}

/** `error:handler not found,topic:X` [probe]; of spot `Invalid symbol :[X]` [clients]. */
function topicsNamedIn(reason: string): readonly string[] {
  const [, one, several] = /,topic:(\S+)$|\[([^\]]+)\]/.exec(reason) ?? [];
  return one === undefined ? (several?.split(/[,\s]+/) ?? []) : [one];
}

function listOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
}
