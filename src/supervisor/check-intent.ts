/** The options of what goes out, checked: how topics are asked for, pacing, the outbox, the probe. */
import type { LinkKeepalive } from "../connection/link.ts";
import { OptionError, wrongValue } from "../errors.ts";
import type { PacingWindow } from "../subscriptions/pacer.ts";
import {
  encodeFrame,
  topicIsFrame,
  type Frame,
  type SubscriptionProtocol,
} from "../subscriptions/protocol.ts";
import type { TopicRetryPolicy } from "../subscriptions/topic-retries.ts";
import type { Keepalive, VenueLimits, VenueProfile } from "../venues/venue.ts";
import {
  checkInteger,
  checkKeys,
  checkMs,
  checkOneOf,
  checkSync,
  type ReportFailure,
} from "../check.ts";
import { defaults } from "./options.ts";
import { defaultOutbox, type OutboxPolicy } from "./outbox.ts";

/** How the wanted topics are asked for. */
export interface ResubscribeSettings {
  readonly topicsPerFrame: number;
  readonly requestTimeoutMs: number;
  readonly subscriptionPacing: readonly PacingWindow[];
  readonly topicRetries: TopicRetryPolicy;
}

/** The protocol that says how many topics go into a frame; undefined for the venue's. */
export function checkProtocol<M>(
  given: SubscriptionProtocol<M> | undefined,
  venue: VenueProfile<M> | undefined,
): SubscriptionProtocol<M> | undefined {
  if (given === undefined) return venue === undefined ? topicIsFrame : undefined;
  if (typeof given !== "object" || given === null || typeof given.subscribe !== "function") {
    throw new OptionError("subscriptions", "an object with a subscribe function", given);
  }
  for (const name of ["subscribe", "unsubscribe", "acknowledge"] as const) {
    checkSync(given[name], `subscriptions.${name}`);
  }
  checkInteger(given.topicsPerFrame, "subscriptions.topicsPerFrame", 1, 1);
  return given;
}

export function checkResubscribe<M>(
  value: unknown,
  protocol: SubscriptionProtocol<M> | undefined,
  limits: VenueLimits | undefined,
): ResubscribeSettings {
  const given = value === undefined ? {} : value;
  const keys = ["timeoutMs", "requestTimeoutMs", "retries", "pacing", "topicsPerFrame"] as const;
  const options = checkKeys(given, "resubscribe", keys);
  const { resubscribe } = defaults;
  const wholeMs = checkMs(options.timeoutMs, "resubscribe.timeoutMs", resubscribe.timeoutMs, 1);
  const requestTimeoutMs = checkMs(
    options.requestTimeoutMs,
    "resubscribe.requestTimeoutMs",
    Math.min(resubscribe.requestTimeoutMs, wholeMs),
    1,
  );
  if (requestTimeoutMs > wholeMs) {
    const expected = `at most resubscribe.timeoutMs (${wholeMs})`;
    throw new OptionError("resubscribe.requestTimeoutMs", expected, requestTimeoutMs);
  }
  const perFrame =
    protocol?.topicsPerFrame ??
    (protocol === undefined ? limits?.topicsPerFrame : undefined) ??
    resubscribe.topicsPerFrame;
  const path = "resubscribe.topicsPerFrame";
  const topicsPerFrame = checkInteger(options.topicsPerFrame, path, perFrame, 1);
  if (protocol === topicIsFrame && topicsPerFrame > 1) {
    throw new OptionError(path, "1 where a topic is the frame itself", topicsPerFrame);
  }
  return {
    requestTimeoutMs,
    topicsPerFrame,
    subscriptionPacing:
      options.pacing === undefined
        ? (limits?.subscriptionPacing ?? resubscribe.pacing)
        : checkPacing(options.pacing, [], "resubscribe.pacing"),
    topicRetries: {
      retries: checkInteger(options.retries, "resubscribe.retries", resubscribe.retries),
      firstMs: requestTimeoutMs,
    },
  };
}

export function checkPacing(
  value: unknown,
  fallback: readonly PacingWindow[],
  path = "pacing",
): readonly PacingWindow[] {
  if (value === undefined) return fallback;
  if (value === null) return [];
  const windows: readonly unknown[] = Array.isArray(value) ? value : [value];
  return windows.map((window, index) =>
    checkWindow(window, Array.isArray(value) ? `${path}[${index}]` : path),
  );
}

function checkWindow(value: unknown, path: string): PacingWindow {
  const { frames, perMs } = checkKeys(value, path, ["frames", "perMs"]);
  return {
    frames: checkInteger(frames ?? NaN, `${path}.frames`, 1, 1, 100_000),
    perMs: checkMs(perMs ?? NaN, `${path}.perMs`, 1, 1),
  };
}

export function checkOutbox(value: unknown): OutboxPolicy {
  if (value === undefined) return defaultOutbox;
  const options = checkKeys(value, "outbox", ["messages", "bytes", "ttlMs", "overflow"]);
  const { ttlMs } = options;
  return {
    messages: checkInteger(options.messages, "outbox.messages", defaultOutbox.messages),
    bytes: checkInteger(options.bytes, "outbox.bytes", defaultOutbox.bytes),
    ttlMs: ttlMs === undefined || ttlMs === null ? null : checkMs(ttlMs, "outbox.ttlMs", 0, 1),
    overflow: checkOneOf(
      options.overflow,
      "outbox.overflow",
      ["reject", "drop-oldest", "drop-newest"],
      defaultOutbox.overflow,
    ),
  };
}

export function checkProbe(
  heartbeat: unknown,
  venueProbe: (() => Frame) | undefined,
  report: ReportFailure,
): (() => string | Uint8Array | undefined) | undefined {
  const isGiven = typeof heartbeat === "object" && heartbeat !== null && "probe" in heartbeat;
  const given = isGiven ? heartbeat.probe : undefined;
  checkSync(given, "heartbeat.probe");
  const probe = (given ?? venueProbe) as (() => Frame) | undefined;
  if (probe === undefined) return undefined;
  return guard(probe, "heartbeat.probe", report);
}

/** The frames that a venue wants first on every socket. */
export function checkOpening(
  opening: (() => readonly Frame[]) | undefined,
  report: ReportFailure,
): (() => readonly (string | Uint8Array)[]) | undefined {
  if (opening === undefined) return undefined;
  return () => {
    try {
      const frames: unknown = opening();
      if (!Array.isArray(frames)) {
        throw wrongValue("venue.opening()", "a list of frames", frames);
      }
      return frames.map((frame) => encodeFrame(frame as Frame, "venue.opening()"));
    } catch (error) {
      report("venue.opening", error);
      return [];
    }
  };
}

/** What a venue wants said, whatever else flows; the other modes need nothing of us. */
export function checkKeepalive(
  keepalive: Keepalive | undefined,
  report: ReportFailure,
): LinkKeepalive | undefined {
  if (keepalive?.mode === "client-ping") return { everyMs: keepalive.everyMs };
  if (keepalive?.mode !== "client-message") return undefined;
  const { everyMs, frame } = keepalive;
  return { everyMs, frame: guard(frame, "venue.keepalive.frame", report) };
}

function guard(
  makeFrame: () => Frame,
  name: string,
  report: ReportFailure,
): () => string | Uint8Array | undefined {
  return () => {
    try {
      return encodeFrame(makeFrame(), `${name}()`);
    } catch (error) {
      report(name, error);
      return undefined;
    }
  };
}
