/**
 * What each fact means for alerts: a pure table of what is raised and what is over.
 *
 * Some troubles have an end that a fact tells of (an outage, a stale topic). The others are over when they
 * have not happened for a while.
 */
import { describeLoss, type Loss } from "../../../machines/loss.ts";
import type { Alert, Fact, FactType } from "../../supervisor/facts.ts";
import { showMs } from "../durations.ts";
import { alertToText, factToText } from "../facts-to-text.ts";

export type AlertSeverity = "info" | "warning" | "critical";

/** The chart's and the supervisor's own alerts, and what else a person may have to act on. */
export type AlertKind =
  | "outage"
  | "gap"
  | "mismatch"
  | "overflow"
  | "message-invalid"
  | "callback-failed"
  | Exclude<Alert["kind"], "long-outage" | "failed">;

export type AlertMove =
  | {
      readonly does: "raise";
      readonly kind: AlertKind;
      readonly severity: AlertSeverity;
      readonly text: string;
      /** What it is about, where one alert is about several things. */
      readonly subjects?: readonly string[];
      /** Waits for a moment whether it ends by itself. */
      readonly isHeld?: boolean;
    }
  /** Over; where it is about several things, for these. */
  | {
      readonly does: "resolve";
      readonly kind: AlertKind;
      readonly text: string;
      readonly subjects?: readonly string[];
    }
  /** Over for all things but these. */
  | {
      readonly does: "keep";
      readonly kind: AlertKind;
      readonly text: string;
      readonly subjects: readonly string[];
    }
  | { readonly does: "end"; readonly text: string }
  /** Nothing follows any more, and nothing is over. */
  | { readonly does: "abandon" };

/** Kinds that are over when they have not happened for a while. */
export const passing: readonly AlertKind[] = [
  "gap",
  "mismatch",
  "overflow",
  "message-invalid",
  "callback-failed",
];

export const gravity: Readonly<Record<AlertSeverity, number>> = {
  info: 0,
  warning: 1,
  critical: 2,
};

type Rules = { readonly [T in FactType]?: (fact: Fact<T>) => readonly AlertMove[] };

const troubled = ({ loss }: { readonly loss: Loss }): readonly AlertMove[] => [
  { does: "raise", kind: "outage", severity: "warning", text: describeLoss(loss), isHeld: true },
];

/** Facts that are not here mean nothing to a person. */
const rules: Rules = {
  down: troubled,
  "attempt.failed": troubled,
  up: () =>
    (["loss", "credentials-refused", "retry-budget-empty"] as const).map((kind) =>
      resolve(kind, "ready again"),
    ),
  recovered: ({ report }) => [resolve("outage", `recovered after ${showMs(report.durationMs)}`)],
  "subscriptions.settled": ({ confirmed, rejected, refused, timedOut, quarantined }) => [
    keep("subscriptions-timed-out", timedOut, "answered"),
    keep("topic-refused", namesOf(refused), "no topic is refused for now any more"),
    keep("topic-rejected", namesOf(rejected), "no topic is refused any more"),
    keep("topic-quarantined", quarantined, "asked for again"),
    keep(
      "topic-stale",
      [...confirmed, ...namesOf(rejected), ...namesOf(refused), ...timedOut, ...quarantined],
      "no longer wanted",
    ),
  ],
  "topic.fresh": (fact) => [
    { does: "resolve", kind: "topic-stale", subjects: [fact.topic], text: factToText(fact) },
  ],
  "send.restored": (fact) => [resolve("send-broken", factToText(fact))],
  "mute.ended": (fact) => [resolve("mute", factToText(fact))],
  valid: ({ stream }) => [
    { does: "resolve", kind: "recovery-failed", subjects: [stream], text: "whole again" },
  ],
  "recovery.abandoned": ({ stream }) => [
    { does: "resolve", kind: "recovery-failed", subjects: [stream], text: "not wanted any more" },
  ],
  gap: (fact) => [raise("gap", fact)],
  mismatch: (fact) => [raise("mismatch", fact)],
  overflow: (fact) => [raise("overflow", fact)],
  "message.invalid": (fact) => [raise("message-invalid", fact)],
  "callback.failed": (fact) => [raise("callback-failed", fact)],
  alert: ({ alert }) => [raiseAlert(alert)],
  closed: ({ error }) => [
    error === undefined ? { does: "end", text: "closed by its owner" } : { does: "abandon" },
  ],
};

export function movesOf(fact: Fact): readonly AlertMove[] {
  const rule = rules[fact.type] as ((fact: Fact) => readonly AlertMove[]) | undefined;
  return rule?.(fact) ?? [];
}

/** The others are warnings. */
const severityOf: Readonly<Partial<Record<Alert["kind"], AlertSeverity>>> = {
  "retry-budget-empty": "info", // attempts go on as soon as they may: nothing to do
  internal: "critical",
  "send-broken": "critical",
};

function raiseAlert(alert: Alert): AlertMove {
  const text = alertToText(alert);
  if (alert.kind === "long-outage" || alert.kind === "failed") {
    return { does: "raise", kind: "outage", severity: "critical", text };
  }
  const severity = severityOf[alert.kind] ?? "warning";
  const subjects = subjectsOf(alert);
  return { does: "raise", kind: alert.kind, severity, text, subjects };
}

function subjectsOf(alert: Alert): readonly string[] {
  if ("topics" in alert) return alert.topics;
  if ("topic" in alert) return [alert.topic];
  return "stream" in alert ? [alert.stream] : [];
}

function namesOf(outcomes: Fact<"subscriptions.settled">["rejected"]): readonly string[] {
  return outcomes.map(({ topic }) => topic);
}

function raise(kind: AlertKind, fact: Fact): AlertMove {
  return { does: "raise", kind, severity: "warning", text: factToText(fact) };
}

function resolve(kind: AlertKind, text: string): AlertMove {
  return { does: "resolve", kind, text };
}

function keep(kind: AlertKind, subjects: readonly string[], text: string): AlertMove {
  return { does: "keep", kind, subjects, text };
}
