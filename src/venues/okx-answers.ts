/**
 * What OKX says besides data: answers, pongs and notices. Sources as in `okx.ts`.
 */
import type { Acknowledgement } from "../subscriptions/protocol.ts";
import { textOf } from "./kit/json.ts";
import { refusalBy } from "./kit/refusals.ts";
import type { RequestMemory } from "./kit/request-memory.ts";
import type { TopicNames } from "./kit/topic-names.ts";
import { okxRefusals } from "./refusal-tables.ts";
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
  const error = `${textOf(code ?? event)}: ${textOf(msg ?? "")}`;
  const meaning = refusalBy(okxRefusals, code);
  if (arg !== undefined) return { topics: [nameOf(names, arg)], error, refusal: meaning };
  const requestId = Number(id);
  const topics = asked.of(requestId);
  // What passes is not about one of them.
  if (topics.length === 1 || (topics.length > 0 && meaning?.kind === "later")) {
    return { id: requestId, error, refusal: meaning };
  }
  const [, channel, instId] = NAMED.exec(textOf(msg ?? "")) ?? [];
  const topic = channel === undefined || instId === undefined ? channel : `${channel}:${instId}`;
  return topic !== undefined && topics.includes(topic)
    ? { topics: [topic], error, refusal: meaning }
    : { unmatched: true };
}
