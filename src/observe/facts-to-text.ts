/**
 * A fact as one line for people, or as one line of JSON. Pure.
 *
 * Losses are escaped where they are made; names of streams and topics come from the peer or the user
 * and are escaped here, so that no line can be forged and no terminal driven.
 */
import { describeLoss } from "../../machines/loss.ts";
import type { MuteAction } from "../../machines/policy/mute.ts";
import type { Position } from "../sequence/position.ts";
import type { Alert, Fact } from "../supervisor/facts.ts";
import type { DroppedRange } from "../supervisor/items.ts";
import { isErrorObject, isMap, messageOf } from "../shape.ts";
import type { OutageReport } from "../supervisor/outage.ts";
import { printable } from "../transport/printable.ts";
import { showMs } from "./durations.ts";

/** How many names one line lists. */
const MOST_NAMES = 5;

/** `2026-11-23T00:31:12.345Z  down  dropped (ECONNRESET) in phase open; next attempt in 84 ms`. */
export function factToLine(fact: Fact): string {
  return `${isoTime(fact.atMs)}  ${labelOf(fact).padEnd(LABEL_WIDTH)}  ${factToText(fact)}`;
}

/** The longest usual label; longer ones push their text to the right. */
const LABEL_WIDTH = 14;

/** What kind of thing happened, in a word or two. */
export function labelOf(fact: Fact): string {
  return fact.type === "subscriptions.settled" ? "subscriptions" : fact.type;
}

const MUTE_ACTIONS: Readonly<Record<MuteAction, string>> = {
  resubscribe: "all topics are asked for again",
  reconnect: "a new socket is dialled",
  report: "nothing is done about it now",
};

/** What happened, without when. */
export function factToText(fact: Fact): string {
  switch (fact.type) {
    case "state":
      return fact.state;
    case "up":
      return `ready after ${count(fact.attempt, "attempt")}`;
    case "down":
      return `${describeLoss(fact.loss)}; ${nextAttempt(fact.retryInMs)}`;
    case "attempt.failed":
      return `attempt ${fact.attempt}: ${describeLoss(fact.loss)}; ${nextAttempt(fact.retryInMs)}`;
    case "command.delayed":
      return `too many commands lately: ${fact.command} dials in ${showMs(fact.retryInMs)}`;
    case "gap":
      return `${printable(fact.stream)} ${rangeToText(fact.from, fact.to)} never came`;
    case "reset":
      return `${printable(fact.stream)} numbers start over`;
    case "in-doubt":
      return `${printable(fact.stream)} holds ${count(fact.messages, "message")} with lower numbers: late, or numbered from the start`;
    case "numbering-stuck":
      return `${printable(fact.stream)} repeats number ${fact.position} in different messages; delivered unjudged`;
    case "mismatch":
      return `${printable(fact.stream)} is not what was sent: its checksum differs`;
    case "invalid":
      return `${printable(fact.stream)} is not whole (${fact.cause}); it is being recovered`;
    case "snapshot":
      return `${printable(fact.stream)} begins anew at ${fact.position}`;
    case "valid":
      return `${printable(fact.stream)} is whole again`;
    case "recovery.abandoned":
      return `${printable(fact.stream)} is not wanted any more, and was not whole`;
    case "notice": {
      const within = fact.withinMs === null ? "" : ` within ${showMs(fact.withinMs)}`;
      return `${fact.action}${within}: ${fact.detail}`;
    }
    case "overflow": {
      const { dropped, streams } = fact.overflow;
      const where = streams.length === 0 ? "" : `: ${list(streams.map(droppedToText))}`;
      return `${count(dropped, "message")} dropped, as the reader is too slow${where}`;
    }
    case "subscriptions.settled":
      return settledToText(fact);
    case "topic.rejected":
      return `${printable(fact.topic)}: ${fact.reason}`;
    case "topic.refused": {
      const { topic, request, reason, retryInMs } = fact;
      const what = request === "unsubscribe" ? "its end was refused" : "refused for now";
      const next = retryInMs === null ? "counts as ended" : `again in ${showMs(retryInMs)}`;
      return `${printable(topic)}: ${what} (${reason}); ${next}`;
    }
    case "topic.stale":
      return `${printable(fact.topic)}: silent for ${showMs(fact.silentMs)}; subscribed anew`;
    case "topic.fresh":
      return `${printable(fact.topic)}: speaks again after ${showMs(fact.silentMs)}`;
    case "mute":
      return `no data for ${showMs(fact.silentMs)}, more than the usual ${showMs(fact.boundMs)}; ${MUTE_ACTIONS[fact.action]}`;
    case "mute.ended":
      return `data again after ${showMs(fact.silentMs)}`;
    case "topic.quarantined":
      return `${printable(fact.topic)}: ${count(fact.strikes, "socket")} died of it; not asked for until ${isoTime(fact.untilMs)}`;
    case "alert":
      return alertToText(fact.alert);
    case "recovered": {
      const { durationMs, startedAtMs, detectedAtMs, attempts, missed } = fact.report;
      const noticed = `noticed after ${showMs(detectedAtMs - startedAtMs)}`;
      const lost = missed.gaps === 0 ? "" : `, ${missedToText(missed)}`;
      return `down for ${showMs(durationMs)}, ${noticed}, ${count(attempts, "attempt")}${lost}`;
    }
    case "failed":
      return `${describeLoss(fact.loss)}; decided by rule "${fact.rule}"`;
    case "internal":
      return printable(fact.error.message);
    case "closed":
      return fact.error === undefined ? "by its owner" : "after an internal error";
    case "message.invalid":
    case "message.unjudged":
      return `${fact.reason}: ${fact.excerpt}`;
    case "message.dropped": {
      const { cause, stream, position } = fact;
      if (stream === null) return "a message of a socket that is over";
      return `${cause}: ${printable(stream)} ${position}; more are only counted for a minute`;
    }
    case "send.dropped": {
      const { frame, reason, bytes, detail } = fact;
      const what = frame === "message" ? "a send" : `a frame (${frame})`;
      return `${what} of ${bytes} B: ${reason}${detail === null ? "" : ` (${detail})`}; more are only counted for a minute`;
    }
    case "send.unknown":
      return `a send of ${fact.bytes} B may or may not have arrived: the socket failed with it; more are only counted for a minute`;
    case "send.restored":
      return "frames are written again";
    case "callback.failed":
      return `${fact.callback}: ${printable(messageOf(fact.error))}`;
  }
}

/** The fact as JSON: bigints as text, maps as objects, errors as their message. */
export function factToJson(fact: Fact): string {
  const told = fact.type === "snapshot" ? { ...fact, data: undefined } : fact;
  return JSON.stringify(told, (_, value: unknown) => {
    if (typeof value === "bigint") return value.toString();
    if (isMap(value)) return Object.fromEntries(value);
    if (isErrorObject(value)) return messageOf(value);
    return value;
  });
}

/** `118 numbers in 2 gaps`: as many messages, where each has a number of its own. */
export function missedToText({ gaps, numbers }: OutageReport["missed"]): string {
  return `${count(numbers, "number")} in ${count(gaps, "gap")}`;
}

/** `124`, or `124 to 130 (7 numbers)`. */
export function rangeToText(from: Position, to: Position): string {
  if (from === to) return String(from);
  return `${from} to ${to} (${BigInt(to) - BigInt(from) + 1n} numbers)`;
}

/** What a person should know, in a sentence. */
export function alertToText(alert: Alert): string {
  switch (alert.kind) {
    case "long-outage":
      return `down for more than ${showMs(alert.longOutageAfterMs)} after ${count(alert.attempts, "attempt")}; attempts go on, slower`;
    case "retry-budget-empty":
      return `too many attempts lately; the next one is in ${showMs(alert.retryInMs)}`;
    case "failed": {
      const why = alert.cause === "refused" ? "refused for good" : "out of retries";
      return `${why}: ${describeLoss(alert.loss)}`;
    }
    case "credentials-refused":
      return `credentials refused, and no new ones accepted so far: ${describeLoss(alert.loss)}`;
    case "loss":
      return `needs attention: ${describeLoss(alert.loss)}`;
    case "subscriptions-timed-out": {
      const { topics, retryInMs } = alert;
      const next =
        retryInMs === null
          ? "nothing more is asked on this socket"
          : `again in ${showMs(retryInMs)}`;
      return `no answer for ${list(topics.map((topic) => printable(topic)))}; ${next}`;
    }
    case "topic-refused":
      return `refused for now: ${list(alert.topics.map((topic) => printable(topic)))} (${alert.reason}); each is asked for again`;
    case "topic-rejected":
      return `refused: ${list(alert.topics.map((topic) => printable(topic)))} (${alert.reason}); asked for again on the next socket`;
    case "recovery-failed": {
      const { stream, tries, detail } = alert;
      return `${printable(stream)} could not be recovered (${tries} tries): ${detail}; going on slowly`;
    }
    case "internal":
      return `${alert.detail}; the connection is over`;
    case "too-many-streams":
      return `more than ${alert.limit} numbered streams: the others are delivered unjudged`;
    case "topic-stale": {
      const { topics, silentMs } = alert;
      const names = list(topics.map((topic) => printable(topic)));
      const are = topics.length === 1 ? "is" : "are";
      return `${names} ${are} subscribed and silent for ${showMs(silentMs)}; subscribing anew did not help`;
    }
    case "mute":
      return `connected, but no data for ${showMs(alert.silentMs)}, more than the usual ${showMs(alert.boundMs)}`;
    case "send-broken":
      return `nothing can be sent: the socket refused ${alert.throws} frames in a row (${alert.detail})`;
    case "topic-quarantined":
      return `${printable(alert.topic)} killed the sockets that asked for it; not asked for until ${isoTime(alert.untilMs)}`;
  }
}

function settledToText(settled: Extract<Fact, { type: "subscriptions.settled" }>): string {
  const parts = [`${settled.confirmed.length} confirmed`];
  const { rejected, refused, timedOut, quarantined } = settled;
  if (rejected.length > 0) {
    parts.push(`rejected ${list(rejected.map(({ topic }) => printable(topic)))}`);
  }
  if (refused.length > 0) {
    parts.push(`refused for now ${list(refused.map(({ topic }) => printable(topic)))}`);
  }
  if (timedOut.length > 0) {
    parts.push(`no answer for ${list(timedOut.map((topic) => printable(topic)))}`);
  }
  if (quarantined.length > 0) {
    parts.push(`quarantined ${list(quarantined.map((topic) => printable(topic)))}`);
  }
  return parts.join(", ");
}

function isoTime(atMs: number): string {
  return new Date(atMs).toISOString();
}

function droppedToText({ stream, from, to }: DroppedRange): string {
  return `${printable(stream)} ${rangeToText(from, to)}`;
}

function nextAttempt(retryInMs: number | null): string {
  return retryInMs === null ? "no further attempt" : `next attempt in ${showMs(retryInMs)}`;
}

function list(names: readonly string[]): string {
  const shown = names.slice(0, MOST_NAMES).join(", ");
  return names.length > MOST_NAMES ? `${shown} and ${names.length - MOST_NAMES} more` : shown;
}

export function count(amount: number, noun: string): string {
  return `${amount} ${noun}${amount === 1 ? "" : "s"}`;
}
