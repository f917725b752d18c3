/**
 * What OKX says besides data: answers, pongs and notices. Sources as in `okx.ts`.
 */
import type { Acknowledgement } from "../subscriptions/protocol.ts";
import { textOf } from "./kit/json.ts";
import type { RequestMemory } from "./kit/request-memory.ts";
import type { TopicNames } from "./kit/topic-names.ts";
import type { VenueWord } from "./venue.ts";

/** What a subscription names: a channel, and what of. */
export interface OkxArg {
  readonly channel: string;
  readonly instId?: string;
}

/** Before the service goes, as announced by 64008. [notice] */
const NOTICE_WITHIN_MS = 60_000;

export function nameOf(names: TopicNames, { channel, instId }: OkxArg): string {
  return instId === undefined ? channel : names.of(channel, instId);
}

/** What an OKX event says. [connect, codes, notice] */
interface OkxEvent {
  readonly event?: string;
  readonly id?: string;
  readonly arg?: OkxArg;
  readonly code?: string;
  readonly msg?: string;
}

/** One answer per argument, each with its `arg`. [connect, rec] */
export function wordOf(
  message: object,
  names: TopicNames,
  asked: RequestMemory,
): VenueWord | undefined {
  const event: OkxEvent = message;
  const { arg, code, msg } = event;
  switch (event.event) {
    case undefined:
      return undefined;
    case "pong":
    case "channel-conn-count":
      return { kind: "alive" };
    case "subscribe":
    case "unsubscribe":
      if (arg === undefined) return { kind: "answer", answer: { unmatched: true } };
      return { kind: "answer", answer: { topics: [nameOf(names, arg)] } };
    case "notice": {
      const detail = `${textOf(code)}: ${textOf(msg)}`;
      return code === "64008"
        ? { kind: "notice", notice: { action: "replace", withinMs: NOTICE_WITHIN_MS, detail } }
        : { kind: "notice", notice: { action: "status", detail } };
    }
    default:
      return { kind: "answer", answer: refusal(event, names, asked) };
  }
}

/** 60014 too many requests, 64007 the venue's own trouble: not about the topic, so it is asked for again. [codes] */
const PASSING = new Set(["60014", "64007"]);

/** How an error says what does not exist. [codes: 60018] */
const NAMED = /channel:([\w-]+)(?:,instId:([\w-]+))? doesn't exist/;

/**
 * An error may lack its `arg`; then it names the request [book], of which other arguments may be good: only the one that the text
 * names is rejected. What is left is asked for once more after its deadline, alone, and then an error
 * with its id can mean nothing else.
 */
function refusal(
  { event, id, arg, code, msg }: OkxEvent,
  names: TopicNames,
  asked: RequestMemory,
): Acknowledgement {
  if (code !== undefined && PASSING.has(code)) return { unmatched: true };
  const error = `${textOf(code ?? event)}: ${textOf(msg ?? "")}`;
  if (arg !== undefined) return { topics: [nameOf(names, arg)], error };
  const requestId = Number(id);
  const topics = asked.of(requestId);
  if (topics.length === 1) return { id: requestId, error };
  const [, channel, instId] = NAMED.exec(textOf(msg ?? "")) ?? [];
  const topic = channel === undefined || instId === undefined ? channel : `${channel}:${instId}`;
  return topic !== undefined && topics.includes(topic)
    ? { topics: [topic], error }
    : { unmatched: true };
}
