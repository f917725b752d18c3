/**
 * Topics of the form `channel:instrument`, which most venues have in one way or another.
 *
 * The venue's own string, or a typed value with the channel and the instrument under the venue's own
 * key, both become one text.
 */
import { isRecord } from "./json.ts";
import type { ParsedTopic, TopicGrammar } from "../venue.ts";
import type { Topic } from "../../subscriptions/topic.ts";

/** What is known of one channel. */
interface ChannelFacts {
  /** The endpoint that serves it. */
  readonly service: string;
  /** Takes no instrument, such as a heartbeat or a status channel. */
  readonly isGlobal?: boolean | undefined;
}

export interface ChannelGrammarParts {
  /** What is wrong with a channel's name is said; a channel beyond this table is refused. */
  readonly channelOf: (channel: string) => ChannelFacts | undefined;
  /** The key of the channel in a typed value. @defaultValue "channel" */
  readonly channelKey?: string | undefined;
  /** The key of the instrument in a typed value: `instId`, `symbol`, `product_id` ... */
  readonly itemKey: string;
  /** How an instrument is written here. */
  readonly item: RegExp;
  /** Between channel and instrument. @defaultValue ":" */
  readonly separator?: string | undefined;
  /** Channels, and a word on instruments, for error messages. */
  readonly expected: string;
  readonly example: string;
}

export function channelGrammar(parts: ChannelGrammarParts): TopicGrammar {
  const { channelOf, channelKey = "channel", itemKey, item, separator = ":" } = parts;
  const { expected, example } = parts;
  const wrong: ParsedTopic = { expected: `${expected}, such as ${example}` };

  function read(channel: string, instrument: string | undefined): ParsedTopic {
    const facts = channelOf(channel);
    if (facts === undefined) return wrong;
    const { service, isGlobal = false } = facts;
    if (isGlobal) return instrument === undefined ? { topic: channel, service } : wrong;
    if (instrument === undefined || !item.test(instrument)) return wrong;
    return { topic: `${channel}${separator}${instrument}`, service };
  }

  return {
    example,
    parse: (topic) => {
      if (typeof topic === "string") {
        const cut = topic.indexOf(separator);
        if (cut < 0) return read(topic, undefined);
        return read(topic.slice(0, cut), topic.slice(cut + separator.length));
      }
      return readTyped(topic, [channelKey, itemKey], read) ?? wrong;
    },
  };
}

function readTyped(
  topic: Topic,
  [channelKey, itemKey]: readonly [channel: string, item: string],
  read: (channel: string, item: string | undefined) => ParsedTopic,
): ParsedTopic | undefined {
  if (!isRecord(topic)) return undefined;
  const { [channelKey]: channel, [itemKey]: item, ...rest } = topic;
  const isKnown = Object.keys(rest).length === 0;
  const isText = typeof channel === "string" && (item === undefined || typeof item === "string");
  return isKnown && isText ? read(channel, item) : undefined;
}

/** The channel and the instrument of a topic that the grammar gave. */
export function splitTopic(topic: string, separator = ":"): [channel: string, item: string] {
  const cut = topic.indexOf(separator);
  return cut < 0 ? [topic, ""] : [topic.slice(0, cut), topic.slice(cut + separator.length)];
}
