/**
 * What is spoken on a socket: the venue's words, with the user's own in their place where given.
 *
 * A talk is made anew for every socket, because some servers hand out numbers that hold for one only.
 */
import type { ReportFailure } from "../check.ts";
import { OptionError } from "../errors.ts";
import { checkAnswer } from "../subscriptions/check-answer.ts";
import { topicIsFrame, type Frame, type SubscriptionProtocol } from "../subscriptions/protocol.ts";
import { checkConversation } from "../venues/check-venue.ts";
import type { Conversation, VenueProfile, VenueWord } from "../venues/venue.ts";
import type { SupervisorOptions } from "./options.ts";

/** Every word is named, be it undefined: all talks have one shape, and none a hidden class of its own. */
export type Talk<M> = Required<Pick<Conversation<M>, "subscribe" | "decode">> & {
  readonly [W in Exclude<keyof Conversation<M>, "subscribe" | "decode">]?:
    Conversation<M>[W] | undefined;
};

type Words<M> = Pick<SupervisorOptions<M>, "decode" | "sequence" | "subscriptions">;

/**
 * Gives the maker of talks. `given.subscriptions` was checked. What it makes throws what `venue.open()` throws,
 * and an {@link OptionError} where that gives no conversation.
 */
export function talksOf<M>(
  given: Words<M>,
  venue: VenueProfile<M> | undefined,
  report: ReportFailure,
): () => Talk<M> {
  const { decode, sequence, subscriptions } = given;
  const isPlain = (venue ?? decode ?? sequence ?? subscriptions) === undefined;
  if (isPlain) return plainly as () => Talk<M>;
  return () => talkOf(given, venue === undefined ? undefined : openOf(venue), report);
}

function openOf<M>(venue: VenueProfile<M>): Conversation<M> {
  const conversation = venue.open();
  checkConversation(conversation);
  return conversation;
}

function talkOf<M>(
  given: Words<M>,
  own: Conversation<M> | undefined,
  report: ReportFailure,
): Talk<M> {
  const { decode, sequence, subscriptions } = given;
  const words = own === undefined || subscriptions !== undefined ? subscriptions : undefined;
  const protocol = words ?? (own === undefined ? topicIsFrame : undefined);
  const asked = protocol === undefined ? asVenueAsks(own) : asUserAsks<M>(protocol, own, report);
  return {
    subscribe: asked.subscribe,
    unsubscribe: asked.unsubscribe,
    control: asked.control,
    decode: decode ?? own?.decode.bind(own) ?? (decodeRaw as Talk<M>["decode"]),
    sequence: sequence ?? own?.sequence?.bind(own),
    topicOf: own?.topicOf?.bind(own),
    numbersControl: sequence === undefined ? own?.numbersControl : undefined,
    isSnapshot: own?.isSnapshot?.bind(own),
    verify: own?.verify?.bind(own),
  };
}

/** Where nothing is said of messages there is nothing to remember: one talk for all. */
const plain = talkOf<unknown>({}, undefined, () => undefined);
const plainly = (): Talk<unknown> => plain;

type Asking<M> = Pick<Talk<M>, "subscribe" | "unsubscribe" | "control">;

function asVenueAsks<M>(own: Conversation<M> | undefined): Asking<M> {
  if (own === undefined) throw new Error("neither a venue nor a protocol");
  return {
    subscribe: own.subscribe.bind(own),
    unsubscribe: own.unsubscribe?.bind(own),
    control: own.control?.bind(own),
  };
}

/**
 * The user's way of asking; what else the venue says is still understood. What `acknowledge` gives decides
 * whether a message is delivered: where it is no answer, the message counts as data, and the failure is reported.
 */
function asUserAsks<M>(
  protocol: SubscriptionProtocol<M>,
  own: Conversation<M> | undefined,
  report: ReportFailure,
): Asking<M> {
  const acknowledge = protocol.acknowledge?.bind(protocol);
  const venueControl = own?.control?.bind(own);
  const control =
    acknowledge === undefined
      ? venueControl
      : (message: M): VenueWord | undefined => {
          const given: unknown = acknowledge(message) ?? undefined;
          if (given === undefined) return venueControl?.(message);
          try {
            const answer = checkAnswer(given, "subscriptions.acknowledge()");
            return { kind: "answer", answer };
          } catch (error) {
            report("subscriptions.acknowledge", error);
            return venueControl?.(message);
          }
        };
  return {
    subscribe: protocol.subscribe.bind(protocol),
    unsubscribe: insist(protocol.unsubscribe?.bind(protocol)),
    control,
  };
}

/** A venue may have nothing to end; a user who gives nothing has forgotten something. */
function insist(
  unsubscribe: ((topics: readonly string[], id: number) => Frame) | undefined,
): Conversation<never>["unsubscribe"] {
  if (unsubscribe === undefined) return undefined;
  return (topics, id) => {
    const frame: Frame | undefined = unsubscribe(topics, id);
    if (frame === undefined) throw new OptionError("subscriptions.unsubscribe()", "a frame", frame);
    return frame;
  };
}

/** Text as a string, bytes as they are. */
function decodeRaw(data: Buffer, isBinary: boolean): string | Buffer {
  return isBinary ? data : data.toString("utf8");
}
