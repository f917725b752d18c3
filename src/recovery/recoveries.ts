/**
 * Streams that are not whole: what is delivered of them, what waits, and how they become whole again.
 *
 * The data path calls in here with plain functions, and only while some stream is broken. When a recovery
 * runs, is tried again or is failing is decided by its charts (`machines/recover*.machine.ts`), to which
 * this is the door. In band a consumer sees, in order: the gap, `invalid`, then either what the venue sends
 * anew or a fetched snapshot with the deltas that follow it, and `valid`.
 */
import type {
  RecoveryDesk,
  RecoveryDoor,
  RecoveryFailed,
  SnapshotFact,
} from "../../machines/recovery.door.ts";
import type { SequencePoint } from "../sequence/point.ts";
import type { InvalidItem, MessageItem } from "../supervisor/items.ts";
import { SparseMap } from "../sparse-map.ts";
import { explain } from "../connection/explain.ts";
import { printable } from "../transport/printable.ts";
import { BrokenStream, type StreamStatus } from "./broken-stream.ts";
import { DeskLine } from "./desk-line.ts";
import { fetchSnapshot } from "./fetch-snapshot.ts";
import { PastBreaks } from "./past-breaks.ts";
import { newRecoveryCounts, type RecoveriesParts } from "./parts.ts";
import type { Recovery, Snapshot } from "./recovery.ts";

export class Recoveries<M> implements RecoveryDoor {
  readonly counts = newRecoveryCounts();
  readonly #parts: RecoveriesParts<M>;
  /** At most as many as there are streams followed. */
  readonly #streams = new SparseMap<string, BrokenStream<M>>();
  /** Streams that look whole after they broke again and again, which is not said yet. */
  readonly #proving = new SparseMap<string, BrokenStream<M>>();
  readonly #past = new PastBreaks();
  readonly #desk: DeskLine;
  /** The socket is over, and the next one has not come: what is still read begins no recovery. */
  #isBetweenSockets = false;

  constructor(parts: RecoveriesParts<M>) {
    this.#parts = parts;
    this.#desk = new DeskLine(() => parts.wantDesk());
  }

  // What the data path tells.

  /** True while every stream is whole. */
  get isIdle(): boolean {
    return this.#streams.size === 0;
  }

  /** A stream is not whole. In band this stands after the gap, before the message that shows it. */
  broken(stream: string, cause: InvalidItem["cause"]): void {
    if (this.#breaksInProof(stream, cause)) return;
    const known = this.#streams.get(stream);
    if (known?.state === "failing") this.#desk.tell(known.request); // one that is refused tries again
    if (known !== undefined && cause !== "checksum") known.settledAt = 0;
    if (known?.breaksAgain() === true) return;
    const recovery = known?.recovery ?? this.#parts.recoveryOf(stream);
    if (recovery === "none") return;
    // Where the venue sends its snapshots itself, a beginning lacks nothing.
    if (cause === "start" && typeof recovery === "string") return;
    const { bufferMessages, clock } = this.#parts;
    const sinceMs = clock.nowMs();
    const isFromNumbers = isByNumbers(cause, recovery);
    const recurrences = this.#past.recurrencesAtBreak(stream, sinceMs, isFromNumbers);
    const past = { recurrences, sinceMs };
    const broken = new BrokenStream<M>(stream, recovery, bufferMessages, past);
    // What its last snapshot has still comes, where its numbers go on.
    if (known !== undefined && cause === "checksum") broken.settledAt = known.settledAt;
    this.#streams.set(stream, broken);
    this.#parts.mark({ kind: "invalid", stream, cause });
    if (typeof recovery === "string") this.#begin(broken);
  }

  /** The message with which a stream was to begin anew fails its own checksum. */
  refuted(stream: string): void {
    const broken = this.#streams.get(stream);
    if (broken?.state === "recovering" || broken?.state === "failing") {
      this.#desk.tell({ type: "stream.refuted", stream });
    } else if (broken?.state === "awaited") {
      broken.relapses();
      this.#begin(broken);
    } else this.broken(stream, "checksum");
  }

  /** True when the message waits for a snapshot instead of being delivered now. */
  take(item: MessageItem<M>, point: SequencePoint): boolean {
    const broken = this.#streams.get(point.stream);
    if (broken === undefined) return false;
    if (broken.state === "settling") return this.#settle(broken, item, point);
    if (broken.state === "left") {
      if (!this.#parts.isWanted(point.stream)) return false; // what still comes is nobody's
      broken.comesBack();
    }
    if (broken.startsOver(item.isSnapshot, point)) return false;
    const { isAwaited } = broken;
    const isCovered = this.#isInLastSnapshot(broken, point);
    const isTaken = isCovered || broken.holds;
    if (isCovered) this.counts.covered += 1;
    else if (!isTaken) broken.deltas.pass(point);
    else if (!broken.deltas.push(item, point)) this.counts.overflowed += 1;
    if (isAwaited) this.#begin(broken);
    return isTaken;
  }

  /** A message with which its stream begins anew was delivered. */
  restarted(stream: string): void {
    const broken = this.#streams.get(stream);
    if (broken === undefined || !broken.isRestartedBy()) return;
    this.counts.covered += broken.deltas.cover();
    const { isAwaited } = broken;
    this.#end(broken);
    // The desk knows nothing of one that was awaited: there is nothing to end, but perhaps to prove.
    if (!isAwaited) this.#desk.tell({ type: "stream.restarted", stream });
    else if (broken.mustProve) this.#desk.request(broken.request);
  }

  /** The number of a stream does not change any more. It would have every message be in the snapshot. */
  unnumbered(stream: string): void {
    if (this.#streams.get(stream)?.state === "settling") this.#streams.delete(stream);
  }

  /** The socket is over, and all that was asked on it. Who is broken waits for the next one. */
  socketEnded(): void {
    const nowMs = this.#parts.clock.nowMs();
    this.#isBetweenSockets = true;
    this.#past.socketEnded();
    for (const broken of this.#streams.values()) this.#await(broken);
    for (const proving of this.#proving.values()) proving.pausesProof(nowMs);
    this.#desk.socketEnded();
  }

  newSocket(): void {
    this.#isBetweenSockets = false;
  }

  /** The connection is ready. What a stream has to prove it proves on this socket. */
  ready(): void {
    const nowMs = this.#parts.clock.nowMs();
    for (const proving of this.#proving.values()) {
      if (proving.resumesProof(nowMs)) this.#desk.request(proving.request);
    }
  }

  /** The venue refuses a topic: there is nothing to recover before it sends some of it. */
  topicRefused(topic: string): void {
    const broken = this.#streams.get(topic);
    if (broken === undefined || broken.state === "settling" || broken.state === "left") return;
    this.#await(broken);
    this.#desk.tell({ type: "stream.unwanted", stream: topic });
  }

  /** Nobody wants this topic any more. A stream that was not whole is no more so when it is wanted again. */
  unwanted(topic: string): void {
    const proving = this.#proving.get(topic);
    const broken = proving ?? this.#streams.get(topic);
    if (broken === undefined || (broken.state === "settling" && proving === undefined)) return;
    const { isFailing } = broken;
    this.#proving.delete(topic);
    this.#streams.set(topic, broken);
    broken.leave();
    this.#release(broken);
    this.#desk.tell({ type: "stream.unwanted", stream: topic });
    if (isFailing) this.#parts.onAbandoned(topic);
  }

  /** Every stream that is not whole. */
  statuses(): readonly StreamStatus[] {
    const broken = [...this.#streams.values()].filter(({ stream }) => !this.#proving.has(stream));
    return [...broken, ...this.#proving.values()].flatMap(({ status }) => status ?? []);
  }

  // What the charts ask.

  attach(desk: RecoveryDesk): void {
    this.#desk.connect(desk, () => [
      desk.on("recovery.failed", (failed) => this.#hearFailure(failed)),
      desk.on("recovery.succeeded", ({ stream }) => this.#hearProof(stream)),
    ]);
    // What it was wanted for, less what has become of it meanwhile.
    for (const broken of this.#streams.values()) {
      if (broken.state === "recovering" || broken.state === "failing")
        this.#desk.tell(broken.request);
    }
    for (const proving of this.#proving.values()) this.#desk.tell(proving.request);
  }

  resubscribe(stream: string): void {
    this.#streams.get(stream)?.countTry();
    this.#parts.resubscribe(stream);
  }

  requestReconnect(stream: string): void {
    this.#streams.get(stream)?.countTry();
    this.#parts.requestReconnect(`numbers are missing in ${printable(stream)}`);
  }

  holdDeltas(stream: string): void {
    this.#streams.get(stream)?.hold();
  }

  fetchSnapshot(stream: string, answer: (fact: SnapshotFact) => void): () => void {
    const broken = this.#streams.get(stream);
    if (broken === undefined || typeof broken.recovery === "string") return () => undefined;
    broken.countTry();
    broken.hold();
    return fetchSnapshot(stream, broken.recovery.fetchSnapshot, {
      given: (snapshot) => answer(this.#join(broken, snapshot)),
      failed: answer,
    });
  }

  toJSON(): undefined {
    return undefined;
  }

  // Within.

  #begin(broken: BrokenStream<M>): void {
    if (this.#isBetweenSockets) return; // it is awaited, until its first message on the next one
    this.counts.started += 1;
    broken.begin();
    this.#desk.request(broken.request);
  }

  /** Snapshot, the deltas that follow it, `valid`: nothing comes between them. */
  #join(broken: BrokenStream<M>, { data, position }: Snapshot): SnapshotFact {
    const { stream, recovery, deltas } = broken;
    if (typeof recovery !== "object" || !this.#is(broken, "recovering")) {
      return { type: "snapshot.outdated" };
    }
    let isJoined: boolean;
    try {
      const joint = deltas.bridge(position, recovery.bridge);
      if (joint.kind === "outdated") {
        this.counts.refetched += 1;
        return { type: "snapshot.outdated" };
      }
      isJoined = joint.kind === "joins";
      this.counts.covered += deltas.cover(joint.kind === "joins" ? joint.index : undefined);
    } catch (error) {
      this.#parts.onCallbackFailed("recovery.bridge", error);
      return { type: "snapshot.failed", detail: explain(error), isHosts: false };
    }
    broken.state = "joining";
    this.#parts.onReached(stream, position);
    const receivedAtMs = this.#parts.clock.nowMs();
    this.#parts.mark({ kind: "snapshot", stream, data, position, receivedAtMs });
    // A consumer may cause more to come while these are delivered.
    do {
      for (const item of deltas.drain()) this.#parts.deliver(item);
    } while (this.#is(broken, "joining") && !deltas.isEmpty);
    if (!this.#is(broken, "joining")) return { type: "snapshot.outdated" };
    this.#end(broken);
    if (!isJoined) {
      broken.settleAt(position);
      this.#streams.set(stream, broken);
    }
    return { type: "snapshot.joined" };
  }

  /** Deltas that the snapshot has may still come; the first that it has not must join it. */
  #settle(broken: BrokenStream<M>, item: MessageItem<M>, point: SequencePoint): boolean {
    const { stream } = broken;
    switch (item.isSnapshot ? "apply" : this.#judge(broken, point)) {
      case "drop":
        this.counts.covered += 1;
        return true;
      case "apply":
        this.#streams.delete(stream);
        return false;
      case "refetch":
        this.broken(stream, "gap");
        return this.take(item, point);
    }
  }

  /** It broke while it settled: a delta that its last snapshot has is not delivered after that. */
  #isInLastSnapshot(broken: BrokenStream<M>, point: SequencePoint): boolean {
    if (broken.settledAt === 0) return false;
    const isIn = this.#judge(broken, point) === "drop";
    if (!isIn) broken.settledAt = 0;
    return isIn;
  }

  #judge({ recovery, settledAt }: BrokenStream<M>, point: SequencePoint) {
    if (typeof recovery !== "object") return "apply";
    try {
      const judgement = recovery.bridge(settledAt, point);
      return judgement === "drop" || judgement === "apply" ? judgement : "refetch";
    } catch (error) {
      this.#parts.onCallbackFailed("recovery.bridge", error);
      return "refetch";
    }
  }

  #end(broken: BrokenStream<M>): void {
    const { stream } = broken;
    this.#streams.delete(stream);
    if (broken.mustProve) {
      broken.proves(this.#parts.clock.nowMs());
      this.#proving.set(stream, broken);
    } else this.#isWhole(broken);
  }

  #isWhole(broken: BrokenStream<M>): void {
    const { stream, recurrences } = broken;
    broken.isOver();
    this.counts.recovered += 1;
    this.#past.wasWhole(stream, recurrences, this.#parts.clock.nowMs());
    this.#parts.mark({ kind: "valid", stream });
  }

  /** It has stayed whole. */
  #hearProof(stream: string): void {
    const proving = this.#proving.get(stream);
    this.#proving.delete(stream);
    if (proving !== undefined) this.#isWhole(proving);
  }

  /** It has not. What was lost with a socket is no failure of its recovery. */
  #breaksInProof(stream: string, cause: InvalidItem["cause"]): boolean {
    const proving = this.#proving.get(stream);
    if (proving === undefined) return false;
    this.#proving.delete(stream);
    this.#streams.set(stream, proving);
    if (proving.hasNewSocket && isByNumbers(cause, proving.recovery)) {
      proving.missesSome(this.#parts.clock.nowMs());
      this.#desk.tell({ type: "stream.unwanted", stream }); // ends the proof; the recovery is a new one
      this.#begin(proving);
    } else {
      proving.failsProof();
      this.#desk.tell(proving.request);
    }
    return true;
  }

  #hearFailure(failed: RecoveryFailed): void {
    const broken = this.#streams.get(failed.stream);
    if (broken?.state !== "recovering" && broken?.state !== "failing") return;
    broken.noteFailure(failed);
    if (!failed.isFailing) return;
    const isNews = broken.fails();
    if (isNews) this.counts.failed += 1;
    this.#release(broken);
    if (isNews) this.#parts.onFailing(failed);
  }

  /** Nothing is asked for it before its next message. */
  #await(broken: BrokenStream<M>): void {
    const { isFailing, state } = broken;
    // What waits for a slow try would have been delivered, had it not been for that.
    if (isFailing && state === "recovering") {
      broken.fails();
      this.#release(broken);
    }
    broken.awaitNextSocket();
  }

  /** No snapshot will have what waits: it is delivered, after the word about what had to go. */
  #release({ deltas }: BrokenStream<M>): void {
    const range = deltas.takeDiscarded();
    const items = deltas.drain();
    if (range !== undefined) {
      const { messages: dropped } = range;
      this.#parts.mark({ kind: "overflow", dropped, streams: [range], resets: [] });
    }
    for (const item of items) this.#parts.deliver(item);
  }

  #is(broken: BrokenStream<M>, state: BrokenStream<M>["state"]): boolean {
    return this.#streams.get(broken.stream) === broken && broken.state === state;
  }
}

/** Numbers show it that go on over sockets. */
function isByNumbers(cause: InvalidItem["cause"], recovery: Recovery): boolean {
  return cause !== "checksum" && recovery !== "reconnect";
}
