/**
 * How one server is asked for topics and how it answers: given by a venue profile or by the user.
 *
 * All of these are pure functions. They run guarded: what they throw becomes a fact, never a crash.
 */

import type { Refusal } from "../../machines/refusal.ts";
import { wrongValue } from "../errors.ts";
import { isBytes, isPlainObject } from "../shape.ts";

/** A frame to send: text, bytes, or an object or an array that is sent as JSON. */
export type Frame = string | Uint8Array | { readonly [key: string]: unknown } | readonly unknown[];

/** What a message says about earlier requests. */
export type Acknowledgement =
  /** The answer to the request with this id. All its topics are confirmed but those named. */
  | {
      readonly id: number;
      readonly rejected?: readonly TopicRejection[] | undefined;
      /** The whole request was refused, for this reason. */
      readonly error?: string | undefined;
      /** What that refusal means for the next try. @defaultValue not known: asked again, after a long wait */
      readonly refusal?: Refusal | undefined;
    }
  /** The answer for these topics, whatever request they were in (venues that echo instead of counting). */
  | {
      readonly topics: readonly string[];
      readonly error?: string | undefined;
      readonly refusal?: Refusal | undefined;
    }
  /**
   * All that is subscribed now (venues that answer with their whole state): a topic that waits to be
   * confirmed and is here is confirmed, one that is leaving and is not has left. Others are untouched:
   * the answer to a later request may be on its way.
   */
  | { readonly state: readonly string[] }
  /**
   * Speaks of requests, and matches none: swallowed, as it is no data. An error that names nothing is
   * one too: the request's own deadline tells which it was.
   */
  | { readonly unmatched: true };

/** One topic of a request that was refused. */
export interface TopicRejection {
  readonly topic: string;
  readonly reason: string;
  /** What it means for the next try. @defaultValue not known: asked again, after a long wait */
  readonly refusal?: Refusal | undefined;
}

/** One server's way of subscribing. */
export interface SubscriptionProtocol<M> {
  /** The frame that asks for `topics`. `id` is a positive integer, never used twice. */
  subscribe(topics: readonly string[], id: number): Frame;
  /** The frame that ends them; without it an unwanted topic goes on until the next socket. */
  unsubscribe?(topics: readonly string[], id: number): Frame;
  /**
   * What `message` says about requests; `undefined` when it is data. Such a message is not delivered. One of which
   * something else is said counts as data, and is reported (`callback.failed`).
   * Without this function a topic counts as confirmed when its frame is written.
   */
  acknowledge?(message: M): Acknowledgement | undefined;
  /** Topics that one frame may carry. @defaultValue 100 */
  readonly topicsPerFrame?: number | undefined;
}

/** A topic is the frame itself: sent on every connect, confirmed when written. */
export const topicIsFrame: SubscriptionProtocol<unknown> = {
  subscribe: ([topic]) => topic ?? "",
  topicsPerFrame: 1,
};

/**
 * A frame as `send` takes it. Throws what `JSON.stringify` throws.
 *
 * @throws {@link OptionError} naming `path` for what is no frame: a promise or a `Map` would be sent as `{}`.
 */
export function encodeFrame(frame: Frame | undefined, path = "frame"): string | Uint8Array {
  if (typeof frame === "string" || isBytes(frame)) return frame;
  const text: string | undefined =
    isPlainObject(frame) || Array.isArray(frame) ? JSON.stringify(frame) : undefined;
  if (text !== undefined) return text;
  throw wrongValue(path, "a frame: text, bytes, or an object that is sent as JSON", frame);
}
