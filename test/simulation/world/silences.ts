/**
 * The ways in which an exchange makes a stream fall silent while its sockets stay open: drawn for a life by
 * dice of their own, and done by steps of their own. A life that draws none of them is what it was before.
 */
import { Dice } from "./chance.ts";

/**
 * `numbers` lie, start over or are told again · `http` gives no snapshot · a server is `mute` · a `checksum`
 * is wrong for a while · `refusals` for now, in every place that can refuse · `sends` that sockets do not take.
 */
export const silences = ["numbers", "http", "mute", "checksum", "refusals", "sends"] as const;

export type Silence = (typeof silences)[number];

/** Those that lives have; one that the product does not keep its promise for yet waits here. */
const learned: readonly Silence[] = ["http", "mute", "checksum", "refusals"];

/** How many of the lives have each. */
const SHARE = 0.25;

/** A topic by its index, a stream of the exchange's. */
interface OfTopic {
  readonly do: "numbers";
  readonly topic: number;
}

/** What becomes of a stream's numbers. */
export type NumbersStep =
  /** Numbering starts over: at that number, or so far below or above where it stands. */
  | (OfTopic & {
      readonly how: "renumber";
      readonly from: "number" | "below" | "above";
      readonly by: number;
      readonly when: "now" | "next-socket";
    })
  /** The next message has this number, those after it the usual ones. */
  | (OfTopic & { readonly how: "absurd"; readonly number: number })
  /** So many messages have the number of the last one. */
  | (OfTopic & { readonly how: "stuck"; readonly messages: number })
  /** The last messages come again, `everyMs` apart, before any other, when the topic is asked for. */
  | (OfTopic & {
      readonly how: "retell";
      readonly messages: number;
      readonly everyMs: number;
      readonly marking: "marked" | "unmarked" | "mixed";
      readonly when: "asked" | "next-socket";
    });

export type RefusedPlace = "url" | "login" | "snapshot" | "subscribe" | "topic";

/** What becomes of frames that the client hands to its socket. */
export type SendsStep =
  /** The next so many cannot be sent: the transport says so, or throws. */
  | { readonly do: "refuse-frames"; readonly frames: number; readonly how: "says" | "throws" }
  /** The socket takes none any more; its end is told so long after, or never. */
  | { readonly do: "stop-taking"; readonly endsAfterMs: number | null };

export type SilenceStep =
  | NumbersStep
  | SendsStep
  /** No snapshot can be fetched for so long. */
  | { readonly do: "http-out"; readonly ms: number }
  /** No data on the open socket: for good, or until a topic is asked for on it. */
  | { readonly do: "mute-data"; readonly until: "next-socket" | "asked" }
  /** The user's `verify` says no of this topic's messages for so long. */
  | { readonly do: "checksum"; readonly topic: number; readonly ms: number }
  /** One place refuses for so long, and says to come back after `afterMs`, where it says anything. */
  | {
      readonly do: "refuse";
      readonly where: RefusedPlace;
      readonly ms: number;
      readonly afterMs: number | null;
    };

export interface LearnOptions {
  /** Beside those that lives have, to try one. */
  readonly learn?: readonly Silence[];
}

/** What this life's exchange does: each drawn for itself, so that one more changes none of the others. */
export function drawSilences(seed: number, { learn = [] }: LearnOptions): ReadonlySet<Silence> {
  const drawn = silences.filter(
    (silence) =>
      (learned.includes(silence) || learn.includes(silence)) &&
      new Dice(seed, `silence: ${silence}`).chance(SHARE),
  );
  return new Set(drawn);
}
