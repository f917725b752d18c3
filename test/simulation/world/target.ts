/**
 * What the user of a life gives to `createSupervisor`: Binance's profile with the manners of this life,
 * and functions that may misbehave. Each tells the oracle what it was asked and what it said.
 */
import {
  later,
  never,
  RefusedError,
  type Acknowledgement,
  type AuthenticationSession,
  type SequencePoint,
  type Snapshot,
  type SupervisorOptions,
} from "../../../src/index.ts";
import { bridgeRange } from "../../../src/sequence/bridge.ts";
import type { VirtualClock } from "../../../src/testing/index.ts";
import {
  binanceSpot,
  type BinanceStreamMessage,
  type Conversation,
  type VenueProfile,
  type VenueWord,
} from "../../../src/venues/index.ts";
import type { Character } from "./character.ts";
import type { Meaning, Request } from "./clerk.ts";
import { UserError, type MischiefBox } from "./mischief.ts";
import type { Network } from "./network.ts";
import type { Oracle } from "./oracle/oracle.ts";
import { userRules, userVerdict } from "./oracle/rulings.ts";
import { CANARY } from "./oracle/secrets.ts";
import type { Process } from "./process.ts";
import type { Troubles } from "./troubles.ts";

export interface TargetParts {
  readonly character: Character;
  readonly world: VirtualClock;
  readonly process: Process;
  readonly network: Network;
  readonly oracle: Oracle;
  readonly mischief: MischiefBox;
  readonly troubles: Troubles;
  readonly topics: readonly string[];
  readonly signal: AbortSignal;
  readonly seed: number;
  /** The last number that the exchange has emitted of a stream. */
  readonly lastEmitted: (stream: string) => number;
  /** The exchange loses the next that it emits. */
  readonly losesNext: () => void;
}

type M = BinanceStreamMessage;

const ENDPOINT = "wss://exchange.test";
const URL_TEXT = `${ENDPOINT}/stream?token=${CANARY}`;

const venue = binanceSpot({ endpoint: ENDPOINT });
const binance = venue.open();

export function createTarget(parts: TargetParts): VenueProfile<M> {
  const { character } = parts;
  return {
    ...venue,
    url: character.url === "plain" ? URL_TEXT : (attempt) => resolveUrl(parts, attempt),
    limits: {
      pacing: character.options.pacing,
      countsControlFrames: character.options.countsControlFrames,
      topicsPerConnection: 1_024,
    },
    open: () => {
      const beginnings = new Set<string>();
      return {
        ...createWords(parts, beginnings),
        topicOf: ({ stream }) => stream,
        decode: (data, isBinary) => decode(parts, data, isBinary),
        sequence: (message, raw) => sequence(parts, message, raw, beginnings),
        ...(character.features.silences.has("checksum")
          ? { verify: () => parts.oracle.feed.isChecksumRight() }
          : {}),
      };
    },
  };
}

export function createOptions(parts: TargetParts): SupervisorOptions<M> {
  const { character, network, process, oracle, mischief } = parts;
  const { heartbeat, pacing: _, countsControlFrames: __, ...options } = character.options;
  const fail = (): never => {
    oracle.calls.thrown += 1;
    throw new UserError("on purpose");
  };
  const probe = (): string => {
    if (mischief.take("probe") !== undefined) fail();
    return '{"method":"LIST_SUBSCRIPTIONS","id":"probe"}';
  };
  return {
    ...options,
    quarantine: character.features.quarantine,
    freshness: character.features.freshness,
    mute: character.features.mute,
    maxAgeMs: character.features.maxAgeMs,
    ...createRecovery(parts),
    transport: network.transport,
    clock: process,
    seed: parts.seed,
    signal: parts.signal,
    topics: parts.topics,
    headers: { authorization: `Bearer ${CANARY}` },
    heartbeat: heartbeat === null || !character.hasOwnProbe ? heartbeat : { ...heartbeat, probe },
    authenticate: character.hasLogin ? (session) => login(parts, session) : undefined,
    backoff: character.backoff === "function" ? () => backoff(parts) : character.backoff,
    verdict:
      character.verdict === "function"
        ? (loss) => {
            const how = mischief.take("verdict");
            if (how === "throws") fail();
            if (how === "nonsense") {
              oracle.calls.thrown += 1;
              return { action: "dance" } as never;
            }
            const ruling = userVerdict(loss);
            oracle.lifecycle.waits.verdictSaid = ruling;
            return ruling;
          }
        : character.verdict === "rules"
          ? userRules
          : undefined,
  };
}

function backoff({ oracle, mischief }: TargetParts): number {
  const how = mischief.take("backoff");
  if (how !== undefined) oracle.calls.thrown += 1;
  if (how === "throws") throw new UserError("on purpose");
  const waitMs = how === "nonsense" ? NaN : 400;
  oracle.lifecycle.waits.backoffSaid = Number.isNaN(waitMs) ? undefined : waitMs;
  return waitMs;
}

function resolveUrl(
  { character, oracle, mischief, troubles, process, world }: TargetParts,
  attempt: { readonly reason: string; readonly attempt: number; readonly signal: AbortSignal },
): string | Promise<string> {
  const dial = oracle.dialBegins(attempt.attempt, attempt.reason);
  const asked = `${URL_TEXT}&ask=${dial}`;
  const how = mischief.take("url");
  const refusal = troubles.refusalOf("url");
  if (how === "throws" || how === "rejects") oracle.lifecycle.urlFailed(dial);
  else if (refusal !== undefined) {
    oracle.lifecycle.urlFailed(dial);
    throw refusedForNow(refusal);
  }
  switch (how) {
    case "throws":
      throw new UserError("on purpose");
    case "rejects":
      return process.awaits(Promise.reject(new UserError("on purpose")));
    case "hangs":
      return new Promise(() => {});
    case "nonsense":
      return `http//${CANARY}`;
    case undefined:
  }
  if (character.url === "function") return asked;
  if (character.url === "promise") return process.awaits(Promise.resolve(asked));
  const resolved = new Promise<string>((resolve) => {
    world.setTimeout(() => resolve(asked), 150);
  });
  return process.awaits(resolved);
}

async function login(
  { mischief, troubles, process }: TargetParts,
  session: AuthenticationSession,
): Promise<void> {
  const how = mischief.take("login");
  if (how === "throws") throw new UserError("on purpose");
  const refusal = troubles.refusalOf("login");
  if (refusal !== undefined) throw refusedForNow(refusal);
  const talk = async (): Promise<void> => {
    await session.send('{"method":"LIST_SUBSCRIPTIONS","id":"login"}');
    for (;;) {
      const { data } = await session.receive();
      if (data.includes('"login"')) return;
    }
  };
  const hang = (): Promise<void> =>
    new Promise((_, reject) => {
      session.signal.addEventListener("abort", () => reject(new UserError("given up")));
    });
  await process.awaits(how === "hangs" ? hang() : talk());
}

/** What a user's function throws where a server refuses for now. */
function refusedForNow({ afterMs }: { readonly afterMs: number | null }): RefusedError {
  return new RefusedError("not now", later(afterMs ?? undefined));
}

function decode(
  { oracle, mischief }: TargetParts,
  data: Buffer,
  isBinary: boolean,
): BinanceStreamMessage {
  oracle.feed.settled();
  oracle.calls.decoded += 1;
  try {
    if (mischief.take("decode") !== undefined) throw new UserError("on purpose");
    return binance.decode(data, isBinary);
  } catch (error) {
    oracle.calls.invalid += 1;
    throw error;
  }
}

function sequence(
  { oracle, mischief, network, troubles }: TargetParts,
  message: M,
  raw: Buffer,
  beginnings: Set<string>,
): SequencePoint | undefined {
  if (mischief.take("sequence") !== undefined) {
    oracle.calls.invalid += 1;
    throw new UserError("on purpose");
  }
  // An answer that nobody waits for is a message like any other.
  let point = "stream" in message ? binance.sequence?.(message, raw) : undefined;
  const truth = network.numbering?.truthOf(raw);
  // A venue whose streams can be asked for anew begins each with a snapshot.
  const strategy = oracle.feed.repairs.strategyOf(message.stream ?? "");
  if (point !== undefined && oracle.feed.isNew(point, truth) && beginnings.delete(message.stream)) {
    const restarts = strategy === "resubscribe" || strategy === "reconnect";
    point = { ...point, restarts };
  }
  if (point !== undefined && truth?.isMarked === true) point = { ...point, ...TOLD_AGAIN };
  const isWrong = troubles.isChecksumWrong(message.stream ?? "") && point?.restarts !== true;
  const isNews = oracle.feed.read(message, point, { truth, isWrong });
  if ("stream" in message) oracle.heardOf(message.stream, isNews);
  return point;
}

/** How a user's `sequence` says that a message was told before. */
const TOLD_AGAIN: object = { retold: true };

/** How what was missed is obtained: snapshots come from the exchange's own account. */
function createRecovery(
  parts: TargetParts,
): Pick<SupervisorOptions<M>, "recovery" | "recoveryPolicy"> {
  const { oracle, character } = parts;
  const { recovery } = character.features;
  if (recovery === null) return { recovery: null };
  const { concurrent, spacingMs, timeoutMs, retries, retryMs, bufferMessages } = recovery;
  const bridge = bridgeRange;
  return {
    recovery: (stream) => {
      const strategy = oracle.feed.repairs.strategyOf(stream);
      if (strategy !== "snapshot") return strategy;
      return { bridge, fetchSnapshot: (name) => fetchSnapshot(parts, name, recovery.fetchMs) };
    },
    recoveryPolicy: { concurrent, spacingMs, timeoutMs, retries, retryMs, bufferMessages },
  };
}

/** Comes also when nobody waits for it any more. */
function fetchSnapshot(parts: TargetParts, stream: string, wayMs: number): Promise<Snapshot> {
  const { mischief, troubles, network, process, world, oracle, lastEmitted, losesNext } = parts;
  const how = mischief.take("snapshot");
  if (how === "throws") throw new UserError("on purpose");
  if (how === "rejects") return process.awaits(Promise.reject(new UserError("on purpose")));
  if (how === "hangs") return new Promise(() => {});
  const refusal = troubles.refusalOf("snapshot");
  if (refusal !== undefined) return process.awaits(Promise.reject(refusedForNow(refusal)));
  if (troubles.isHttpOut) return process.awaits(Promise.reject(new UserError("no answer")));
  // One out of a cache is as old as the question, or older than all that waits; numbers are lost meanwhile.
  const asked = lastEmitted(stream);
  const cached = how === "old" ? asked - (asked % 2) * 100 : undefined;
  const lateMs = how === "old" ? 1_000 : 0;
  if (how === "old") world.setTimeout(losesNext, lateMs / 2);
  const fetched = new Promise<Snapshot>((resolve) => {
    world.setTimeout(() => {
      const reached = cached ?? lastEmitted(stream);
      const position =
        how === "nonsense" ? NaN : (network.numbering?.shown(stream, reached) ?? reached);
      const data = { lastUpdateId: position };
      const read = (): void => {
        oracle.feed.served(stream, { position, reached, data });
        resolve({ data, position });
      };
      world.setTimeout(() => process.wake({ read }), wayMs + lateMs);
    }, wayMs);
  });
  return process.awaits(fetched);
}

/** The venue's protocol, in the manner of this life. */
function createWords(
  parts: TargetParts,
  beginnings: Set<string>,
): Pick<Conversation<M>, "subscribe" | "unsubscribe" | "control"> {
  const { oracle, mischief, character } = parts;
  const asked = new Map<number, readonly string[]>();
  const ask = (kind: Request["kind"], topics: readonly string[], id: number) => {
    if (mischief.take("request") !== undefined) {
      oracle.calls.thrown += 1;
      oracle.intents.requestFailed({ kind, id, topics });
      throw new UserError("on purpose");
    }
    asked.set(id, topics);
    for (const topic of topics) {
      if (kind === "subscribe") beginnings.add(topic);
      else beginnings.delete(topic);
    }
    return { method: kind === "subscribe" ? "SUBSCRIBE" : "UNSUBSCRIBE", params: topics, id };
  };
  const control = (message: M): VenueWord | undefined => {
    const word = binance.control?.(message);
    if (word === undefined) return undefined;
    if (word.kind !== "answer") {
      oracle.calls.acknowledged += 1;
      const { noticeWithinMs } = character.features;
      if (word.kind !== "notice" || noticeWithinMs === null) return { kind: "alive" };
      oracle.plans.noticed(noticeWithinMs);
      const { detail } = word.notice;
      return { kind: "notice", notice: { action: "replace", withinMs: noticeWithinMs, detail } };
    }
    const answer = readAnswer(message, word.answer);
    oracle.calls.acknowledged += 1;
    const said = character.manner === "by-topic" ? byTopic(answer, asked) : answer;
    oracle.intents.answered(said);
    return { kind: "answer", answer: said };
  };
  return {
    subscribe: (topics, id) => ask("subscribe", topics, id),
    ...(character.manner === "lasting"
      ? {}
      : { unsubscribe: (topics, id) => ask("unsubscribe", topics, id) }),
    ...(character.manner === "unanswered" ? {} : { control }),
  };
}

/** What the clerk says of single topics, and of what a refusal means: Binance has no words for these. */
interface ClerkWords {
  readonly refused?: readonly string[];
  readonly means?: Meaning;
  readonly afterMs?: number | null;
}

/** Adds what the clerk says of single topics, and of coming back, which Binance has no words for. */
function readAnswer(message: M, answer: Acknowledgement): Acknowledgement {
  if (!("id" in answer)) return answer;
  const { refused = [], means, afterMs }: ClerkWords = message as object;
  const refusal =
    means === "never" ? never : means === "later" ? later(afterMs ?? undefined) : undefined;
  const reason = "not today";
  return { ...answer, refusal, rejected: refused.map((topic) => ({ topic, reason, refusal })) };
}

/** For venues that echo topics instead of counting requests. */
function byTopic(
  answer: Acknowledgement,
  asked: ReadonlyMap<number, readonly string[]>,
): Acknowledgement {
  if (!("id" in answer)) return answer;
  const topics = asked.get(answer.id);
  if (topics === undefined) return { unmatched: true };
  const refused = answer.rejected?.map(({ topic }) => topic) ?? [];
  const { error, refusal } = answer;
  if (refused.length > 0) return { topics: refused, error: "not today", refusal };
  return { topics, error, refusal };
}
