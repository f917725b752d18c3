/**
 * A fault plan in one line, as a command takes it.
 *
 *   reset@5s                  at 5 s
 *   silence@10s+8s            at 10 s, for 8 s
 *   close:1012@20s            with close code 1012
 *   status:503:2@30s+3s       HTTP 503 with `Retry-After: 2`, for 3 s
 *   flap:40ms@40s+10s         drops after 40 ms whoever connects, for 10 s
 *   reset@1s..9s/2s           at 1, 3, 5, 7 and 9 s
 *
 * Separated by commas. Times are `250ms`, `1.5s`, `2m` or `1h`.
 */
import { OptionError } from "../../errors.ts";
import {
  faultKinds,
  OVERSIZED_BYTES,
  venueFaultKinds,
  type Fault,
  type FaultPlan,
} from "./faults.ts";

const UNITS_MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 } as const;

/** What one token may say beyond its kind. */
interface Token {
  readonly text: string;
  readonly args: readonly string[];
  readonly durationMs: number | undefined;
}

/**
 * Reads a plan.
 *
 * @param text - a comma list as above; `none`; or `default`, which stands for `defaultPlan`.
 * @throws OptionError that names the token it can't read.
 */
export function parseFaultPlan(text: string, defaultPlan: FaultPlan = []): FaultPlan {
  const trimmed = text.trim();
  if (trimmed === "none") return [];
  if (trimmed === "default") return defaultPlan;
  return trimmed
    .split(",")
    .flatMap((token) => parseToken(token.trim()))
    .sort((one, other) => one.atMs - other.atMs);
}

function parseToken(text: string): FaultPlan {
  const match = /^([a-z-]+)((?::[^:@]+)*)@([^+]+)(?:\+(.+))?$/.exec(text);
  const [, kind = "", args = "", when = "", duration] = match ?? [];
  if (match === null) throw wrong("a fault such as reset@5s or silence@10s+8s", text);
  const token: Token = {
    text,
    args: args.split(":").slice(1),
    durationMs: duration === undefined ? undefined : parseTime(duration, text),
  };
  const fault = parseFault(kind, token);
  return parseWhen(when, text).map((atMs) => ({ atMs, fault }));
}

function parseFault(kind: string, token: Token): Fault {
  switch (kind) {
    case "reset":
    case "fin":
    case "garbage":
    case "protocol-error":
    case "shutdown-notice":
    case "renumber":
    case "mute":
      expectShape(token, 0, "no duration");
      return { kind };
    case "skip":
    case "repeat":
      expectShape(token, 1, "no duration");
      return { kind, count: integer(token, 0, 1, 1_000_000) ?? 1 };
    case "oversized":
      expectShape(token, 1, "no duration");
      return { kind, bytes: integer(token, 0, 1, 2 ** 28) ?? OVERSIZED_BYTES };
    case "close": {
      expectShape(token, 2, "no duration");
      const code = closeCode(token);
      const [, reason] = token.args;
      return reason === undefined ? { kind, code } : { kind, code, reason };
    }
    case "silence": {
      expectShape(token, 0, "any");
      const { durationMs } = token;
      return durationMs === undefined ? { kind } : { kind, durationMs };
    }
    case "stall":
    case "pause":
    case "refuse":
    case "never-answer":
      expectShape(token, 0, "a duration");
      return { kind, durationMs: token.durationMs ?? 0 };
    case "status": {
      expectShape(token, 2, "a duration");
      const status = integer(token, 0, 200, 599);
      if (status === undefined) throw wrong("an HTTP status, such as status:503@5s+2s", token.text);
      const retryAfterSeconds = integer(token, 1, 0, 1e9);
      const { durationMs = 0 } = token;
      return retryAfterSeconds === undefined
        ? { kind, status, durationMs }
        : { kind, status, retryAfterSeconds, durationMs };
    }
    case "flap": {
      expectShape(token, 1, "a duration");
      const [after = "40ms"] = token.args;
      return { kind, afterMs: parseTime(after, token.text), durationMs: token.durationMs ?? 0 };
    }
  }
  throw wrong(`one of ${[...faultKinds, ...venueFaultKinds].join(", ")}`, token.text);
}

function expectShape(
  token: Token,
  most: number,
  duration: "a duration" | "no duration" | "any",
): void {
  if (token.args.length > most) throw wrong(`at most ${most} values after the kind`, token.text);
  const hasDuration = token.durationMs !== undefined;
  if (duration === "a duration" && !hasDuration) throw wrong("a duration, such as +2s", token.text);
  if (duration === "no duration" && hasDuration) throw wrong("no duration", token.text);
}

/** Codes that `ws` can put on the wire. */
function closeCode(token: Token): number {
  const code = integer(token, 0, 1000, 4999);
  const isSendable =
    code !== undefined &&
    (code >= 3000 || (code <= 1014 && code !== 1004 && code !== 1005 && code !== 1006));
  if (!isSendable) throw wrong("a close code such as 1001, 1012 or 4000", token.text);
  return code;
}

function integer(token: Token, index: number, least: number, most: number): number | undefined {
  const text = token.args[index];
  if (text === undefined) return undefined;
  const value = /^\d+$/.test(text) ? Number(text) : NaN;
  if (value >= least && value <= most) return value;
  throw wrong(`a whole number from ${least} to ${most} for "${text}"`, token.text);
}

/** One instant, or `from..to/every`. */
function parseWhen(when: string, token: string): readonly number[] {
  const series = /^(.+)\.\.(.+)\/(.+)$/.exec(when);
  if (series === null) return [parseTime(when, token)];
  const [fromMs = 0, toMs = 0, everyMs = 0] = series.slice(1).map((time) => parseTime(time, token));
  if (everyMs <= 0 || toMs < fromMs) throw wrong("a series such as reset@1s..9s/2s", token);
  const count = Math.floor((toMs - fromMs) / everyMs) + 1;
  if (count > 100_000) throw wrong("at most 100,000 faults", token);
  return Array.from({ length: count }, (_, index) => fromMs + index * everyMs);
}

function parseTime(text: string, token: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text);
  const [, amount, unit] = match ?? [];
  const unitMs = Object.entries(UNITS_MS).find(([name]) => name === unit)?.[1];
  if (unitMs === undefined) throw wrong(`a time such as 250ms, 1.5s or 2m for "${text}"`, token);
  return Number(amount) * unitMs;
}

function wrong(expected: string, token: string): OptionError {
  return new OptionError("faults", expected, token);
}
