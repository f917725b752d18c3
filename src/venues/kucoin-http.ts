/**
 * What KuCoin gives over HTTP: a token and an address for every socket, and snapshots of books.
 *
 * Only the best 100 levels of a spot book are public; the whole book wants an API key [rest]. Of futures
 * it is public. Sources as in `kucoin.ts`.
 */
import type { Resolvable } from "../connection/resolvable.ts";
import type { SnapshotRecovery } from "../recovery/recovery.ts";
import { bridgeRange } from "../sequence/bridge.ts";
import type { Position } from "../sequence/point.ts";
import { fetchJson, hostOfUrl, HttpError, type Fetch } from "./kit/fetch-json.ts";
import { isRecord, textOf, type JsonRecord } from "./kit/json.ts";
import { splitTopic } from "./kit/topic-grammar.ts";

export interface KucoinHttp {
  /** Scheme, host and port. */
  readonly endpoint: string;
  readonly fetch: Fetch | undefined;
}

/** Asked anew for every socket: a token is valid for 24 hours. [intro] */
export function tokenUrl({ endpoint, fetch }: KucoinHttp): Resolvable<string> {
  return async ({ signal }) => {
    const answer = await fetchJson(fetch, "POST", `${endpoint}/api/v1/bullet-public`, signal);
    const { token, instanceServers } = dataOf(answer);
    const server: unknown = Array.isArray(instanceServers) ? instanceServers[0] : undefined;
    const address = isRecord(server) ? server["endpoint"] : undefined;
    if (typeof token !== "string" || typeof address !== "string" || !URL.canParse(address)) {
      throw new Error("bullet-public gave no token, or no server");
    }
    const url = new URL(address);
    url.searchParams.set("token", token);
    return url.href;
  };
}

/** `end <= sequence` is in the snapshot; the first to follow has `start <= sequence + 1 <= end`. [book] */
export function snapshotRecovery(http: KucoinHttp, path: string): SnapshotRecovery {
  return {
    bridge: bridgeRange,
    host: hostOfUrl(http.endpoint),
    fetchSnapshot: async (stream, signal) => {
      const [, symbol] = splitTopic(stream);
      const url = `${http.endpoint}${path}?symbol=${encodeURIComponent(symbol)}`;
      const data = dataOf(await fetchJson(http.fetch, "GET", url, signal));
      const position = positionOf(data["sequence"]);
      if (position === undefined) throw new HttpError("the snapshot has no sequence", 200);
      return { data, position };
    },
  };
}

/** Every answer is `{"code":"200000","data":{…}}`, or says what was wrong. [rest] */
function dataOf(answer: unknown): JsonRecord {
  const { code, msg, data } = isRecord(answer) ? answer : ({} as JsonRecord);
  if (code !== "200000" || !isRecord(data)) {
    throw new HttpError(`KuCoin answered ${textOf(code ?? "nothing")}: ${textOf(msg ?? "")}`, 200);
  }
  return data;
}

/** A number at futures, its text at spot. [rest] */
function positionOf(sequence: unknown): Position | undefined {
  if (typeof sequence === "string" && /^\d+$/.test(sequence)) {
    const number = Number(sequence);
    return Number.isSafeInteger(number) ? number : BigInt(sequence);
  }
  return Number.isSafeInteger(sequence) ? (sequence as number) : undefined;
}
