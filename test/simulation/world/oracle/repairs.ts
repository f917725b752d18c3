/**
 * Streams that are not whole, followed from what was read: what must wait for a snapshot, what a snapshot
 * covers, what had to go, and what must be said of all that. `feed.ts` asks here what to expect.
 */
import type { Fact } from "../../../../src/index.ts";
import type { Strategy } from "../features.ts";
import type { Scene } from "../scene.ts";
import type { Expectation } from "./feed.ts";
import { RepairDeadlines } from "./repair-deadlines.ts";
import type { UnreliableStreams } from "./unreliable-streams.ts";

/** Numbers, both ends included. */
interface Run {
  readonly first: number;
  readonly last: number;
}

interface Broken {
  readonly strategy: Strategy;
  /** As the product's: a stream that settles is whole, and what its snapshot has may still come. */
  phase: "awaited" | "recovering" | "settling";
  /** The alert was raised: what comes is delivered, but while a slow try is under way, which waits unseen. */
  isFailing: boolean;
  /** How often it broke soon after it was whole, at most: some of that may be forgiven. */
  readonly recurrences: number;
  held: Expectation[];
  /** What was held and had to go, for a snapshot to cover. */
  discarded: Expectation[];
  settledAt: number;
  /** The snapshot and what follows it were delivered: `valid` is due. */
  isJoined: boolean;
  /** What was held has been delivered as it was. */
  isLetGo: boolean;
  /** Nobody wanted it for a while: nobody knows whether it was let go. */
  isUnsure: boolean;
}

/** A stream that was whole for so long begins a new count, as documented. */
const CALM_MS = 600_000;
/** One that broke more often, each time soon after it was whole, must stay so before it is said to be. */
const MAX_RECURRENCES = 5;

export type Reading = "deliver" | "hold" | "cover";

export class Repairs {
  readonly #scene: Scene;
  readonly #unreliable: UnreliableStreams;
  readonly #isWanted: (topic: string) => boolean;
  readonly #streams = new Map<string, Broken>();
  /** Snapshots that were given and not told of. */
  readonly #served = new Map<unknown, { readonly stream: string; readonly position: number }>();
  /** Streams that delivered what was held, without a reason so far. */
  readonly #released = new Set<string>();
  readonly #owedOverflows: {
    readonly stream: string;
    readonly from: number;
    readonly to: number;
  }[] = [];
  readonly #deadlines: RepairDeadlines;
  /** When streams became whole, and how often they had broken soon after that. */
  readonly #whole = new Map<string, { readonly atMs: number; readonly recurrences: number }>();
  #isOver = false;
  /** Numbers that need not be delivered any more, by stream. */
  readonly covered = new Map<string, Run[]>();

  constructor(scene: Scene, unreliable: UnreliableStreams, isWanted: (topic: string) => boolean) {
    this.#scene = scene;
    this.#unreliable = unreliable;
    this.#isWanted = isWanted;
    this.#deadlines = new RepairDeadlines(scene);
  }

  /** Some stream keeps breaking. */
  get hasRecurring(): boolean {
    return [...this.#streams.values()].some(({ recurrences }) => recurrences > MAX_RECURRENCES);
  }

  /** Streams of which consumers know, or should, that they are not whole. */
  get invalid(): readonly string[] {
    return [...this.#streams].filter(([, { phase }]) => phase !== "settling").map(([name]) => name);
  }

  /** Another looks after this stream from here on. Gives what was held of it. */
  abandon(stream: string): readonly Expectation[] {
    const { held = [], discarded = [] } = this.#streams.get(stream) ?? {};
    this.#streams.delete(stream);
    this.#released.delete(stream);
    return [...discarded, ...held];
  }

  /** A stream may be ended and asked for anew, for itself. */
  mayResubscribe(stream: string): boolean {
    if (this.#unreliable.has(stream)) return this.strategyOf(stream) === "resubscribe";
    return this.#streams.get(stream)?.strategy === "resubscribe";
  }

  /** Some stream may ask for another socket. */
  get mayReconnect(): boolean {
    return (
      [...this.#streams.values()].some(({ strategy }) => strategy === "reconnect") ||
      this.#unreliable.invalid.some((stream) => this.strategyOf(stream) === "reconnect")
    );
  }

  /** A number shows that a stream is not whole. True when that must be said. */
  breaks(stream: string, cause: "gap" | "start" | "checksum"): boolean {
    const strategy = this.strategyOf(stream);
    const broken = this.#streams.get(stream);
    if (broken?.phase === "awaited" || broken?.phase === "recovering") {
      discard(broken);
      if (isProving(broken)) broken.isFailing = true;
      broken.isJoined = false;
      return false;
    }
    if (strategy === "none" || (cause === "start" && strategy !== "snapshot")) return false;
    this.#streams.set(stream, {
      strategy,
      phase: strategy === "snapshot" ? "awaited" : "recovering",
      isFailing: false,
      recurrences: this.#recurrencesOf(stream),
      held: [],
      discarded: [],
      settledAt: broken?.phase === "settling" ? broken.settledAt : 0,
      isJoined: false,
      isLetGo: false,
      isUnsure: broken?.isUnsure ?? !this.#isWanted(stream),
    });
    return true;
  }

  /** What becomes of a message that has just been read. One that waits does so once it was told about. */
  read(stream: string, message: Expectation): Reading {
    const broken = this.#streams.get(stream);
    if (broken === undefined || message.isRestart) return "deliver";
    if (broken.phase === "settling") {
      if (message.last <= broken.settledAt) {
        this.#cover(stream, [message]);
        return "cover";
      }
      this.#streams.delete(stream);
      return "deliver";
    }
    if (isProving(broken)) {
      if (message.last > broken.settledAt) return "deliver";
      this.#cover(stream, [message]);
      return "cover";
    }
    if (message.last <= broken.settledAt) {
      broken.phase = "recovering";
      this.#cover(stream, [message]);
      return "cover";
    }
    if (broken.isFailing) {
      broken.phase = "recovering";
      return "deliver";
    }
    // What still comes when it was let go is given as it is; else it waits.
    // Without a listener nobody sees which.
    const { hasTap } = this.#scene.character;
    if (broken.isUnsure && !this.#isWanted(stream) && hasTap) return "deliver";
    if (broken.strategy === "snapshot") return "hold";
    broken.phase = "recovering";
    return "deliver";
  }

  /** A message waits for a snapshot. */
  hold(stream: string, message: Expectation): void {
    const broken = this.#streams.get(stream);
    if (broken === undefined) return;
    const { bufferMessages = 0 } = this.#scene.character.features.recovery ?? {};
    if (broken.held.length >= bufferMessages) discard(broken);
    broken.phase = "recovering";
    broken.isLetGo = false;
    broken.held.push(message);
  }

  /** Whether it is right that a message which was not owed was not delivered after all: it is held then. */
  maybeHolds(stream: string, message: Expectation): boolean {
    const broken = this.#streams.get(stream);
    if (broken?.strategy !== "snapshot" || !(broken.isUnsure || broken.isFailing)) return false;
    if (broken.phase === "settling" || isProving(broken)) return false;
    this.hold(stream, message);
    return true;
  }

  /** The user's function gave a snapshot. */
  served(stream: string, position: number, data: unknown): void {
    this.#served.set(data, { stream, position });
  }

  /** A snapshot was told. Gives what must be delivered now. */
  snapshotTold({ stream, data, position }: Fact<"snapshot">): readonly Expectation[] {
    const served = this.#served.get(data);
    this.#served.delete(data);
    if (served?.stream !== stream || served.position !== position) {
      this.#wrong(`a snapshot of ${stream} at ${position} that nobody gave`);
    }
    const broken = this.#streams.get(stream);
    if (broken?.strategy !== "snapshot" || broken.phase !== "recovering") {
      this.#wrong(`a snapshot of ${stream} (${broken?.phase ?? "whole"})`);
      return [];
    }
    const at = Number(position);
    const lost = broken.discarded.find(({ last }) => last > at);
    if (lost !== undefined) this.#wrong(`${stream} ${lost.last} is not in the snapshot at ${at}`);
    const follow = broken.held.filter(({ last }) => last > at);
    const [next] = follow;
    if (next !== undefined && next.first > at + 1) {
      this.#wrong(`the snapshot of ${stream} at ${at} does not reach ${next.first}`);
    }
    this.#cover(stream, [
      ...broken.discarded,
      ...broken.held.slice(0, -follow.length || undefined),
    ]);
    [broken.held, broken.discarded] = [[], []];
    broken.isJoined = true;
    broken.settledAt = follow.length === 0 ? at : -1;
    return follow;
  }

  /** A stream was said to be whole. `restarted`: a message with which it begins anew was delivered. */
  validTold(stream: string, restarted: boolean): void {
    const broken = this.#streams.get(stream);
    if (broken === undefined || broken.phase === "settling" || !(broken.isJoined || restarted)) {
      this.#wrong(`${stream} is valid (${broken?.phase ?? "whole"})`);
      return;
    }
    const atMs = this.#scene.process.nowMs();
    this.#whole.set(stream, { atMs, recurrences: broken.recurrences });
    if (broken.isJoined && broken.settledAt >= 0) {
      broken.phase = "settling";
      broken.isFailing = false;
      broken.isJoined = false;
    } else this.#streams.delete(stream);
  }

  /** It was started over. */
  restarted(stream: string): void {
    const broken = this.#streams.get(stream);
    if (broken === undefined || broken.recurrences <= MAX_RECURRENCES) return;
    broken.isJoined = true;
    broken.settledAt = -1;
  }

  /** The fast tries of a recovery are used up: what was held is delivered, or was. */
  givenUp(stream: string, tries: number): void {
    const broken = this.#streams.get(stream);
    const { retries = 0 } = this.#scene.character.features.recovery ?? {};
    this.#released.delete(stream);
    const recurs = (broken?.recurrences ?? 0) >= tries && tries > MAX_RECURRENCES;
    if (tries !== retries + 1 && !recurs) this.#wrong(`${stream} is failing after ${tries} tries`);
    if (broken !== undefined) broken.isFailing = true;
    // Whoever was given what had waited may have ended the socket: then all begins anew.
    // Without a listener nobody sees that it was given.
    const { hasTap } = this.#scene.character;
    if (broken?.phase === "awaited" && (broken.isLetGo || !hasTap)) return;
    if (broken?.isUnsure === true) return;
    if (broken?.phase !== "recovering") this.#wrong(`${stream} is failing, and does not recover`);
    if (broken === undefined) return;
    if (hasTap && broken.held.length > 0) {
      this.#wrong(`${stream} is failing, and keeps what waited`);
    }
    // What nobody saw was delivered all the same.
    if (!hasTap) [broken.held, broken.discarded] = [[], []];
  }

  /** A message was delivered that nothing owed. Gives all that must follow it where it was held. */
  release(stream: string, message: unknown): readonly Expectation[] | undefined {
    const broken = this.#streams.get(stream);
    if (broken === undefined) return undefined;
    if (broken.held[0]?.data !== message && (broken.isFailing || !this.#isWanted(stream))) {
      // It was taken back before what waited had to go: by a listener that was told of the next gap, or when
      // the socket had ended and was not left yet.
      const index = broken.discarded.findIndex(({ data }) => data === message);
      if (index >= 0) broken.held = [...broken.discarded.splice(index), ...broken.held];
    }
    if (broken.held[0]?.data !== message) return undefined;
    this.#letGo(stream, broken);
    const released = broken.held;
    broken.held = [];
    return released;
  }

  /** Something was dropped, perhaps of what was held. */
  overflowTold({ overflow: { streams } }: Fact<"overflow">): void {
    const [dropped] = streams;
    if (dropped === undefined || streams.length > 1) return;
    const { stream, from, to } = dropped;
    const owed = this.#owedOverflows.findIndex(
      (one) => one.stream === stream && one.from === from && one.to === to,
    );
    if (owed >= 0) {
      this.#owedOverflows.splice(owed, 1);
      return;
    }
    const broken = this.#streams.get(stream);
    if (broken === undefined) return;
    const isGone = ({ first, last }: Run): boolean => first >= from && last <= to;
    const gone = broken.discarded.filter(isGone);
    const range = rangeOf(gone);
    if (range?.first !== from || range.last !== to) return;
    // What was taken back when the socket had ended, and before it was left, is still held.
    if (gone.length < broken.discarded.length && this.#isWanted(stream)) return;
    this.#cover(stream, gone);
    broken.discarded = broken.discarded.filter((message) => !isGone(message));
  }

  unwanted(stream: string): void {
    const broken = this.#streams.get(stream);
    if (broken !== undefined) broken.isUnsure = true;
  }

  /** Its topic was refused: nothing is recovered before the venue sends some of it. */
  refused(stream: string): void {
    const broken = this.#streams.get(stream);
    if (broken === undefined || broken.phase === "settling" || isProving(broken)) return;
    if (!broken.isFailing) discard(broken);
    broken.phase = "awaited";
  }

  /** The socket is over. */
  socketEnded(): void {
    this.#deadlines.clear();
    for (const [stream, broken] of this.#streams) {
      if (broken.phase === "settling") continue;
      // One that is not wanted is let go with its socket.
      if (isProving(broken)) continue;
      // What waited for a slow try is delivered, before or after this is told.
      if (this.#isWanted(stream) && !broken.isFailing) discard(broken);
      broken.phase = "awaited";
      broken.isJoined = false;
    }
  }

  closed(): void {
    this.#isOver = true;
    this.#streams.clear();
    this.#released.clear();
    this.#owedOverflows.length = 0;
  }

  /** After each step. `told` are the streams that the supervisor says are not whole. */
  check(told: readonly string[]): void {
    for (const [stream, broken] of this.#streams) {
      if (!broken.isJoined || isProving(broken) || !this.#isWanted(stream)) continue;
      this.#wrong(`${stream} was joined, and is not valid`);
    }
    for (const stream of this.#released) this.#wrong(`${stream} was let go for no reason`);
    for (const { stream } of this.#owedOverflows) this.#wrong(`${stream} lost some, unsaid`);
    if (this.#isOver) return;
    this.#deadlines.check(
      [...this.#streams].filter(
        ([stream, { phase, isUnsure, isFailing }]) =>
          phase === "recovering" && !isUnsure && !isFailing && this.#isWanted(stream),
      ),
    );
    const isSure = (stream: string): boolean => this.#streams.get(stream)?.isUnsure !== true;
    for (const stream of this.invalid) {
      if (isSure(stream) && !told.includes(stream)) this.#wrong(`${stream} is said to be whole`);
    }
    for (const stream of told) {
      if (this.#unreliable.has(stream)) continue;
      if (isSure(stream) && !this.invalid.includes(stream)) {
        this.#wrong(`${stream} is said not to be whole`);
      }
    }
  }

  strategyOf(stream: string): Strategy {
    const { recovery } = this.#scene.character.features;
    if (recovery === null || stream.endsWith("@bookTicker")) return "none";
    return stream.includes("@depth") ? recovery.books : recovery.trades;
  }

  #letGo(stream: string, broken: Broken): void {
    const gone = rangeOf(broken.discarded);
    if (gone !== undefined) this.#owedOverflows.push({ stream, from: gone.first, to: gone.last });
    this.#cover(stream, broken.discarded);
    broken.discarded = [];
    broken.isLetGo = true;
    // A recovery that was given up says so after this.
    if (this.#isWanted(stream) && !broken.isFailing) this.#released.add(stream);
  }

  #recurrencesOf(stream: string): number {
    const { atMs, recurrences } = this.#whole.get(stream) ?? { atMs: -Infinity, recurrences: 0 };
    return this.#scene.process.nowMs() - atMs < CALM_MS ? recurrences + 1 : 0;
  }

  #cover(stream: string, messages: readonly Expectation[]): void {
    const runs = this.covered.get(stream) ?? [];
    this.covered.set(stream, runs);
    for (const { first, last } of messages) runs.push({ first, last });
  }

  #wrong(what: string): void {
    this.#scene.violate("whole streams", what);
  }
}

/** Whole as far as can be seen, which need not be said yet. */
function isProving({ isJoined, recurrences }: Broken): boolean {
  return isJoined && recurrences > MAX_RECURRENCES;
}

function discard(broken: Broken): void {
  broken.discarded.push(...broken.held);
  broken.held = [];
}

function rangeOf(messages: readonly Expectation[]): Run | undefined {
  if (messages.length === 0) return undefined;
  return {
    first: Math.min(...messages.map(({ first }) => first)),
    last: Math.max(...messages.map(({ last }) => last)),
  };
}
