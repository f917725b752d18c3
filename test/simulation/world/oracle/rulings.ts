/**
 * What a loss means, said a second time: from the plan's table (faults.md §A3), not from the product's.
 *
 * Only losses that a world can make are here.
 */
import type { FinalRuling, Loss } from "../../../../machines/index.ts";

/** What must follow a loss. Times in milliseconds. */
export interface Expected {
  readonly row: string;
  readonly refuses: boolean;
  /** Without a backoff of our own. */
  readonly isNow: boolean;
  readonly renews: boolean;
  readonly floorMs: number;
  readonly spreadMs: number;
}

/** What is known of the past when a loss is judged. */
export interface Past {
  /** How often this row was met within `withinMs`, this time not counted. */
  readonly times: (row: string, withinMs: number) => number;
  /** The attempt showed renewed credentials, and none were good for the stable time since. */
  readonly hasRenewed: boolean;
  /** It was ready at least once. */
  readonly wasReady: boolean;
  readonly isRenewable: boolean;
}

/** The user's own rows, where a life has some. */
export const userRules = [
  {
    name: "user-busy",
    when: { closeCodes: [4000, 4899] },
    ruling: { action: "slow", floorMs: 2_000, spreadMs: 500 },
    repeated: { times: 3, withinMs: 60_000, ruling: { action: "retry", floorMs: 5_000 } },
  },
  { name: "user-over", when: { closeCode: 4900 }, ruling: { action: "refuse" } },
  { name: "user-teapot", when: { status: 418 }, ruling: { action: "now" } },
] as const;

/** The user's own word, where it is a function. */
export function userVerdict(loss: Loss): FinalRuling | undefined {
  if (loss.closeCode === 4900) return { action: "refuse" };
  if (loss.closeCode === 1001) return { action: "now" };
  if (loss.class === "dropped") return { action: "slow", floorMs: 300, spreadMs: 700 };
  return undefined;
}

const FIVE_MINUTES_MS = 300_000;

/** What the user's row or function said of a loss. */
export interface Said {
  readonly row: string;
  readonly ruling: FinalRuling;
}

export function expectedOf(loss: Loss, past: Past, said: Said | undefined): Expected {
  const retryAfterMs =
    loss.retryAfterMs === undefined ? 0 : Math.min(Math.max(loss.retryAfterMs, 1_000), 3_600_000);
  const wait = (row: string, floorMs: number, spreadMs?: number): Expected => {
    const lowMs = Math.max(floorMs, retryAfterMs);
    return {
      row,
      refuses: false,
      isNow: false,
      renews: false,
      floorMs: lowMs,
      spreadMs: lowMs === 0 ? 0 : (spreadMs ?? 3_000),
    };
  };
  const now = (row: string): Expected => ({ ...wait(row, 0), isNow: true });
  const refuse = (row: string): Expected => ({ ...wait(row, 0), refuses: true });
  const isRepeated = (row: string, times: number, withinMs = FIVE_MINUTES_MS): boolean =>
    past.times(row, withinMs) + 1 >= times;
  const renew = (row: string, fixed = refuse(row)): Expected => {
    if (!past.isRenewable) return fixed;
    return { ...(past.hasRenewed ? wait(row, 10_000) : now(row)), renews: true };
  };
  /** An endpoint that was ready before is not given up. */
  const giveUp = (row: string): Expected => (past.wasReady ? wait(row, 30_000) : refuse(row));

  if (said !== undefined) {
    const { row, ruling } = said;
    if (ruling.action === "refuse") return refuse(row);
    return ruling.action === "now" ? now(row) : wait(row, ruling.floorMs ?? 0, ruling.spreadMs);
  }
  switch (loss.class) {
    case "resolver":
      if (loss.refusal === undefined) return wait("resolver", 0);
      if (loss.refusal === "never") return renew("resolver-never");
      return wait("resolver-later", loss.retryAfterMs === undefined ? 10_000 : 0);
    case "dns-not-found":
    case "local-resource":
      return wait(loss.class, 5_000);
    case "unreachable":
      return loss.code === "EINVAL" ? wait("blackhole", 5_000) : wait("unreachable", 0);
    case "tls-trust":
      return wait("tls-trust", 60_000);
    case "tls-protocol":
    case "abusive-peer":
    case "too-big":
      return wait(loss.class, 10_000);
    case "not-websocket":
      return isRepeated("not-websocket", 3)
        ? giveUp("not-websocket")
        : wait("not-websocket", 10_000);
    case "redirect":
    case "negotiation":
    case "config":
    case "tls-client-certificate":
      return refuse(loss.class);
    case "auth":
      if (loss.refusal === "never") return renew("auth-never");
      if (loss.refusal === "later") {
        return wait("auth-later", loss.retryAfterMs === undefined ? 10_000 : 0);
      }
      return renew("auth", wait("auth", 10_000));
    case "peer-protocol":
      return wait("peer-protocol", isRepeated("peer-protocol", 3) ? 30_000 : 1_000);
    case "http-refusal":
      return ofStatus(loss.status ?? 0);
    case "closed-by-peer":
      return ofCloseCode(loss.closeCode ?? 0);
    case "requested":
    case "planned":
    case "mute":
      return now(loss.class);
    case "dns-transient":
    case "handshake-cut":
    case "handshake-timeout":
    case "dropped":
    case "ended-without-code":
    case "silent":
    case "suspended":
      return wait(loss.class, 0);
  }

  function ofStatus(status: number): Expected {
    switch (status) {
      case 200:
        return isRepeated("no endpoint", 3) ? giveUp("no endpoint") : wait("no endpoint", 10_000);
      case 400:
      case 404:
        return isRepeated("wrong endpoint", 4)
          ? giveUp("wrong endpoint")
          : wait("wrong endpoint", 30_000);
      case 401:
        return renew("http auth");
      case 403:
        return wait("firewall", 60_000); // the venue's own row
      case 451:
        return refuse("legal");
      case 418:
        return wait("ban", retryAfterMs === 0 ? 120_000 : 0);
      case 429:
        return wait("limit", retryAfterMs === 0 ? 10_000 : 0);
      case 503:
        return wait("http", retryAfterMs === 0 ? 1_000 : 0);
      default:
        return wait("http", 0);
    }
  }

  function ofCloseCode(code: number): Expected {
    switch (code) {
      case 1002:
      case 1007:
        return isRepeated("our error", 3) ? giveUp("our error") : wait("our error", 0);
      case 1008:
        return wait("limit", 10_000); // the venue's own row
      case 1012:
      case 1013:
        return wait("restart", 5_000, 25_000);
      case 3000:
        return renew("close auth");
      case 4001:
      case 4401:
      case 4403:
        return renew("private auth", wait("private auth", 10_000));
      case 3003:
        return refuse("forbidden");
      default:
        return wait("close", 0);
    }
  }
}

/** The user's rows stand before all others. */
export function userRow(loss: Loss, past: Past): Said | undefined {
  if (loss.status === 418) return { row: "user-teapot", ruling: { action: "now" } };
  const { closeCode = 0 } = loss;
  if (closeCode === 4900) return { row: "user-over", ruling: { action: "refuse" } };
  if (closeCode < 4000 || closeCode > 4899) return undefined;
  const row = "user-busy";
  return past.times(row, 60_000) + 1 >= 3
    ? { row, ruling: { action: "retry", floorMs: 5_000 } }
    : { row, ruling: { action: "slow", floorMs: 2_000, spreadMs: 500 } };
}
