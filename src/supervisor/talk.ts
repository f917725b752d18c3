/**
 * What is spoken on a socket: the venue's words, with the user's own in their place where given.
 *
 * A talk is made anew for every socket, because some servers hand out numbers that hold for one only.
 */
import { OptionError } from "../errors.ts";
import { topicIsFrame, type Frame, type SubscriptionProtocol } from "../subscriptions/protocol.ts";
import type { Conversation, VenueProfile, VenueWord } from "../venues/venue.ts";
import type { SupervisorOptions } from "./options.ts";

/** Every word is named, be it undefined: all talks have one shape, and none a hidden class of its own. */
export type Talk<M> = Required<Pick<Conversation<M>, "subscribe" | "decode">> & {
  readonly [W in Exclude<keyof Conversation<M>, "subscribe" | "decode">]?:
    Conversation<M>[W] | undefined;
};

type Words<M> = Pick<SupervisorOptions<M>, "decode" | "sequence" | "subscriptions">;

/** Gives the maker of talks. `given.subscriptions` was checked. */
export function talksOf<M>(given: Words<M>, venue: VenueProfile<M> | undefined): () => Talk<M> {
  const { decode, sequence, subscriptions } = given;
  const isPlain = (venue ?? decode ?? sequence ?? subscriptions) === undefined;
  return isPlain ? (plainly as () => Talk<M>) : () => talkOf(given, venue?.open());
}

function talkOf<M>(given: Words<M>, own: Conversation<M> | undefined): Talk<M> {
  const { decode, sequence, subscriptions } = given;
  const words = own === undefined || subscriptions !== undefined ? subscriptions : undefined;
  const protocol = words ?? (own === undefined ? topicIsFrame : undefined);
  const asked = protocol === undefined ? asVenueAsks(own) : asUserAsks<M>(protocol, own);
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
const plain = talkOf<unknown>({}, undefined);
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

/** The user's way of asking; what else the venue says is still understood. */
function asUserAsks<M>(
  protocol: SubscriptionProtocol<M>,
  own: Conversation<M> | undefined,
): Asking<M> {
  const acknowledge = protocol.acknowledge?.bind(protocol);
  const venueControl = own?.control?.bind(own);
  const control =
    acknowledge === undefined
      ? venueControl
      : (message: M): VenueWord | undefined => {
          const answer = acknowledge(message) ?? undefined;
          return answer === undefined ? venueControl?.(message) : { kind: "answer", answer };
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
