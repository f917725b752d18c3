/**
 * A fault plan in one line, as a command takes it.
 *
 *   reset@5s                  at 5 s
 *   silence@10s+8s            at 10 s, for 8 s
 *   close:1012@20s            with close code 1012
 *   status:503:2@30s+3s       HTTP 503 with `Retry-After: 2`, for 3 s
 *   flap:40ms@40s+10s         drops after 40 ms whoever connects, for 10 s
 *   reset@1s..9s/2s           at 1, 3, 5, 7 and 9 s
 *   renumber:trades:1:offline@5s  trades begin again behind 1, while nobody is connected (or `books`,
 *                             `connection`, `all`; `unannounced`)
 *   absurd-number:1@5s        one message with the number 1
 *   constant-number@5s+10s    numbers stay as they are, for 10 s
 *   retell:50@5s+1m           a new subscription tells the last 50 trades again, for a minute
 *   lag:3s@5s+1m              new connections are 3 s behind, for a minute
 *   refuse-for-now:13028@5s+1m  subscriptions and logins (or `subscriptions`, `logins`) are refused for a
 *                             minute, with this code
 *   http-out:503:2@5s+1m      plain HTTP answers 503 with `Retry-After: 2`; without a status it refuses
 *   wrong-checksum@5s+1m      sums are wrong, for a minute
 *   mute:all:socket@5s        all topics fall silent, until the next connection
 *
 * Separated by commas. Times are `250ms`, `1.5s`, `2m` or `1h`.
 */
import { OptionError } from "../../errors.ts";
import {
  faultKinds,
  MOST_LAG_MS,
  OVERSIZED_BYTES,
  venueFaultKinds,
  type Fault,
  type FaultPlan,
  type NumberedFeed,
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
      expectShape(token, 0, "no duration");
      return { kind };
    case "renumber":
      expectShape(token, 4, "no duration");
      return parseRenumber(token);
    case "mute":
      expectShape(token, 2, "no duration");
      return parseMute(token);
    case "absurd-number": {
      expectShape(token, 1, "no duration");
      return { kind, number: integer(token, 0, 0, Number.MAX_SAFE_INTEGER) };
    }
    case "constant-number":
    case "wrong-checksum":
      expectShape(token, 0, "any");
      return { kind, durationMs: token.durationMs };
    case "retell":
      expectShape(token, 1, "any");
      return { kind, count: integer(token, 0, 1, 200), durationMs: token.durationMs };
    case "lag": {
      expectShape(token, 1, "any");
      const [by] = token.args;
      const lagMs = by === undefined ? undefined : parseTime(by, token.text);
      if ((lagMs ?? 0) > MOST_LAG_MS) throw wrong("a lag of at most 10s", token.text);
      return { kind, lagMs, durationMs: token.durationMs };
    }
    case "refuse-for-now": {
      expectShape(token, 2, "any");
      const of = token.args.find(isRequestKind);
      const code = token.args.find((arg) => !isRequestKind(arg));
      return { kind, of, code, durationMs: token.durationMs };
    }
    case "http-out": {
      expectShape(token, 2, "any");
      const status = integer(token, 0, 300, 599);
      const retryAfterSeconds = integer(token, 1, 0, 1e9);
      return { kind, status, retryAfterSeconds, durationMs: token.durationMs };
    }
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

const NUMBERED = ["books", "trades", "connection", "all"] as const;

/** What is numbered, behind which number, and how: in any order. */
function parseRenumber(token: Token): Fault {
  let of: NumberedFeed | undefined;
  let to: number | undefined;
  const flags = { unannounced: false, offline: false };
  for (const [index, arg] of token.args.entries()) {
    const named = NUMBERED.find((each) => each === arg);
    if (named !== undefined) of = named;
    else if (arg === "unannounced" || arg === "offline") flags[arg] = true;
    else to = integer(token, index, 1, Number.MAX_SAFE_INTEGER);
  }
  return { kind: "renumber", of, to, ...flags };
}

function parseMute(token: Token): Fault {
  const odd = token.args.find((arg) => arg !== "all" && arg !== "socket");
  if (odd !== undefined) throw wrong(`all or socket for "${odd}"`, token.text);
  const until = token.args.includes("socket") ? "socket" : "subscription";
  return { kind: "mute", all: token.args.includes("all"), until };
}

function isRequestKind(text: string): text is "subscriptions" | "logins" | "all" {
  return text === "subscriptions" || text === "logins" || text === "all";
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
