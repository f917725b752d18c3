/**
 * Facts as structured log lines, on a logger that its user brings: `pino`, `winston` behind an adapter, or
 * `console`-like functions. Nothing is ever written unless somebody calls this.
 *
 * What is usual is `debug`, so that a logger at its default level says when something is wrong and when it
 * is right again. A feed in trouble has thousands of facts a second: per kind of fact and ten seconds only
 * so many lines are written, and the next one says how many were not.
 */
import { requireFunction } from "../../check.ts";
import type { Alert, Fact, FactType } from "../../supervisor/facts.ts";
import { factToText } from "../facts-to-text.ts";
import type { Observed } from "../observed.ts";
import { plainFields } from "./plain.ts";

type Write = (fields: Record<string, unknown>, text: string) => void;

/** What a logger has to have: `pino`'s order of arguments. */
export interface Logger {
  readonly debug: Write;
  readonly info: Write;
  readonly warn: Write;
  readonly error: Write;
}

type Level = keyof Logger;

const LEVELS: readonly Level[] = ["debug", "info", "warn", "error"];

/** All others are `info`. */
const levelOf: Readonly<Partial<Record<FactType, Level>>> = {
  state: "debug",
  reset: "debug",
  "subscriptions.settled": "debug",
  "topic.fresh": "debug",
  invalid: "debug", // the gap before it is a warning; the alert after it, where it lasts
  snapshot: "debug",
  valid: "debug",
  down: "warn",
  "attempt.failed": "warn",
  "command.delayed": "warn",
  gap: "warn",
  mismatch: "warn",
  overflow: "warn",
  "topic.rejected": "warn",
  "topic.refused": "warn",
  "topic.stale": "warn",
  mute: "warn",
  "topic.quarantined": "warn",
  "send.dropped": "warn",
  "send.unknown": "warn",
  "message.invalid": "warn",
  "message.unjudged": "warn",
  "in-doubt": "warn",
  "numbering-stuck": "warn",
  failed: "error",
  internal: "error",
  "callback.failed": "error",
};

const gravest: readonly Alert["kind"][] = ["failed", "internal", "long-outage", "send-broken"];

const WINDOW_MS = 10_000;
const LINES_PER_WINDOW = 20;

interface Window {
  sinceMs: number;
  lines: number;
  suppressed: number;
}

/**
 * Writes every fact of `supervisor` to `logger`, until the function that it gives is called. Text in a line
 * has its control characters escaped; topics and streams are listed up to a bound. A logger that throws, or gives a
 * promise that rejects, is reported as `callback.failed` and changes nothing else.
 */
export function logTo(supervisor: Observed, logger: Logger): () => void {
  for (const level of LEVELS) {
    requireFunction(logger?.[level], `logger.${level}`);
  }
  const windows = new Map<FactType, Window>();
  return supervisor.on("*", (fact) => {
    const suppressed = admit(windows, fact);
    if (suppressed === undefined) return;
    const level = fact.type === "alert" ? levelOfAlert(fact.alert) : (levelOf[fact.type] ?? "info");
    const { name, venue } = supervisor;
    const skipped = suppressed === 0 ? {} : { suppressed };
    const fields = { connection: name, venue, ...plainFields(withoutData(fact)), ...skipped };
    // What it gives is handed on: the supervisor reports the promise of a logger that rejects.
    return logger[level](fields, `${name}: ${fact.type}: ${factToText(fact)}`);
  });
}

/** How many lines of its kind were left out before it; undefined when it is left out itself. */
function admit(windows: Map<FactType, Window>, { type, atMs }: Fact): number | undefined {
  let window = windows.get(type);
  if (window === undefined) {
    window = { sinceMs: atMs, lines: 0, suppressed: 0 };
    windows.set(type, window);
  }
  if (atMs - window.sinceMs >= WINDOW_MS) {
    window.sinceMs = atMs;
    window.lines = 0;
  }
  if (window.lines >= LINES_PER_WINDOW) {
    window.suppressed += 1;
    return undefined;
  }
  window.lines += 1;
  const { suppressed } = window;
  window.suppressed = 0;
  return suppressed;
}

/** A snapshot's data is a message, and as large: no log's business. */
function withoutData(fact: Fact): object {
  return fact.type === "snapshot" ? { ...fact, data: undefined } : fact;
}

function levelOfAlert({ kind }: Alert): Level {
  return gravest.includes(kind) ? "error" : "warn";
}
