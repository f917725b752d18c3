/**
 * What users hold: one supervised connection, its wanted topics, positions, outbox and consumers.
 *
 * It owns what outlives a socket and wires the three flows; it decides nothing. Lifecycle belongs to
 * the chart, which reaches the world through the link made here.
 */
import { createActor } from "xstate";
import type { CloseFrameChoice } from "../../machines/close-frame.ts";
import {
  connectionMachine,
  type ConnectionActor,
  type ConnectionMachine,
} from "../../machines/connection.machine.ts";
import { beginsAgain } from "../../machines/connection.restore.ts";
import type { ConnectionInput } from "../../machines/connection.context.ts";
import type { ConnectionCommand } from "../../machines/connection.events.ts";
import { describeLoss } from "../../machines/loss.ts";
import {
  ConnectionClosedError,
  ConnectionFailedError,
  OptionError,
  type InternalError,
} from "../errors.ts";
import type { Position } from "../sequence/point.ts";
import type { TopicStatus } from "../subscriptions/summary.ts";
import type { Topic } from "../subscriptions/topic.ts";
import { checkSignal, requireFunction } from "../check.ts";
import { isBytes } from "../shape.ts";
import { afterThisTurn } from "../system.ts";
import { checkClose, checkCloseFrame, checkTtl } from "./check-command.ts";
import type { EventName, Listener, SupervisorState } from "./facts.ts";
import type { FeedItem } from "./items.ts";
import type { MessagesOptions } from "./message-queue.ts";
import type { RawMessage, SupervisorOptions, Target } from "./options.ts";
import type { SendFate } from "./outbox.ts";
import { claimName, type ClaimedName } from "./names.ts";
import { Parts } from "./parts.ts";
import type { Platform } from "./platform.ts";
import { Run } from "./run.ts";
import { checkSettings, type Settings } from "./settings.ts";
import type { Status } from "./status.ts";
import { tellParent } from "./tell-parent.ts";
import { reasonOf, whenReady } from "./when-ready.ts";

/** By its registered name: the core imports nothing of Node's. */
const inspectCustom: unique symbol = Symbol.for("nodejs.util.inspect.custom");

/** One supervised connection. Made by `supervise` (running) or `createSupervisor` (to be embedded). */
export class Supervisor<M = RawMessage> implements AsyncDisposable {
  readonly #settings: Settings<M>;
  readonly #parts: Parts<M>;
  readonly #name: ClaimedName;
  /** The running chart; undefined before it is embedded or started. */
  #run: Run | undefined;
  /** Where there is a signal. */
  #onAbort: (() => void) | undefined;
  /** Ends the telling of the chart that embeds it. */
  #untell: (() => void) | undefined;
  /** Closed before it ever ran. */
  #isClosedUnrun = false;
  /** It waits for the end of the turn that made it. */
  #isStarting = false;
  /** Since when it has been in its state, where no chart has run it. */
  #unrunSinceMs = 0;

  constructor(target: Target<M>, options: SupervisorOptions<M>, platform: Platform) {
    let parts: Parts<M> | undefined;
    const report = (callback: string, error: unknown): void => {
      if (parts === undefined) throw error; // before any I/O, and before a listener can hear of it
      parts.publisher.callbackFailed(callback, error);
    };
    const settings = checkSettings(target, options, report, platform);
    this.#settings = settings;
    parts = new Parts(this, settings, (owner, parent) => {
      this.#isStarting = false;
      this.#name.take(); // it may have ended before
      this.#run?.detach();
      this.#parts.publisher.begin();
      this.#run = new Run(owner, settings.clock, this.#parts);
      this.#parts.run = this.#run;
      this.#untell?.();
      this.#untell = parent === undefined ? undefined : tellParent(this.#parts.publisher, parent);
      this.#heedSignal();
    });
    this.#parts = parts;
    this.#name = claimName(this, settings.name, settings.isNamed);
    this.#parts.onFinish = () => this.#finish();
    this.#heedSignal();
  }

  /**
   * Starts `supervisor` when the code that is running now has returned. Until then it is `connecting`,
   * `close()` ends it without a dial, and other commands change nothing.
   */
  static startAfterThisTurn<M>(supervisor: Supervisor<M>): Supervisor<M> {
    if (supervisor.state !== "idle") return supervisor;
    supervisor.#isStarting = true;
    supervisor.#unrunSinceMs = supervisor.#settings.clock.nowMs();
    afterThisTurn(() => {
      if (supervisor.#isStarting) supervisor.#start();
    });
    return supervisor;
  }

  /** The input of `connectionMachine` for whoever embeds it: `invoke: { input: supervisor.input }`. */
  get input(): ConnectionInput {
    return { link: this.#parts.link, policy: this.#settings.policy, seed: this.#settings.seed };
  }

  /**
   * `connectionMachine` as the logic of this supervisor: an actor of it that is restored from a persisted
   * snapshot dials again under this supervisor, which the machine alone cannot. The input is the same.
   */
  get logic(): ConnectionMachine {
    return beginsAgain(connectionMachine, this.input);
  }

  /** The actor that runs the chart, for those who inspect it. Undefined before it runs. */
  get actor(): ConnectionActor | undefined {
    return this.#run?.actor;
  }

  /**
   * What its owner calls it; the same in logs, metrics and alerts. By default its venue's id and service, or
   * "connection", and the lowest number from 2 that no other has where that is taken.
   */
  get name(): string {
    return this.#name.name;
  }

  /** The id of its venue, where it has one. */
  get venue(): string | undefined {
    return this.#settings.venue;
  }

  /** The chart's state now. */
  get state(): SupervisorState {
    if (this.#run !== undefined) return this.#run.state;
    if (this.#isClosedUnrun) return "closed";
    return this.#isStarting ? "connecting" : "idle";
  }

  /** Runs the chart in an actor of its own. `supervise` does this. */
  start(): this {
    if (this.state === "idle") this.#start();
    return this;
  }

  status(): Status {
    const run = this.#run;
    const context = run?.context;
    const isWaiting = run?.state === "reconnecting";
    return {
      state: this.state,
      phase: run?.phase,
      isReady: run?.isReady ?? false,
      sinceMs: run?.sinceMs ?? this.#unrunSinceMs,
      attempt: context?.attempt ?? 0,
      failures: context?.failures ?? 0,
      retryInMs: isWaiting ? (context?.retryInMs ?? null) : null,
      nextAttemptAtMs: isWaiting ? (context?.retryAtMs ?? null) : null,
      lastLoss: context?.lastLoss ?? null,
      outage: this.#parts.outages.current,
      lastOutage: this.#parts.outages.last,
      lastByteAtMs: this.#parts.link.lastHeardAtMs,
      roundTripMs: this.#parts.link.roundTripMs,
      topics: this.#parts.subscriptions.counts(),
      inbound: {
        ...this.#parts.feed.counts,
        late: this.#parts.feed.late,
        inDoubt: this.#parts.feed.inDoubt,
        unfollowed: this.#parts.feed.unfollowed,
      },
      recovery: {
        ...this.#parts.feed.recoveries.counts,
        streams: this.#parts.feed.recoveries.statuses(),
      },
      outbox: {
        ...this.#parts.outbox.counts,
        messages: this.#parts.outbox.messages,
        bytes: this.#parts.outbox.bytes,
        inFlight: this.#parts.outbox.inFlight,
        ownFramesDropped: this.#parts.outgoing.ownFramesDropped,
      },
      queues: this.#parts.consumers.queues(),
      callbackFailures: this.#parts.publisher.callbackFailures,
      listeners: this.#parts.publisher.listeners,
    };
  }

  /**
   * Resolves when the connection is ready: subscriptions settled, sends flow. At once if it is.
   * Rejects with {@link ConnectionFailedError} in `failed`, {@link ConnectionClosedError} when closed and
   * {@link InternalError} when an error inside the chart has ended it.
   */
  ready(options: { readonly signal?: AbortSignal } = {}): Promise<void> {
    const signal = checkSignal(options.signal, "signal");
    if (signal?.aborted === true) return Promise.reject(reasonOf(signal));
    if (this.#run?.isReady === true) return Promise.resolve();
    const failure = this.#failure();
    if (failure !== undefined) return Promise.reject(failure);
    if (this.state === "closed") return Promise.reject(new ConnectionClosedError());
    return whenReady(this.#parts.publisher, signal);
  }

  /**
   * Wants a topic, or several; counted, so as many `unsubscribe`s take it back. May be called in every
   * state: what is wanted is sent on every socket. How it went is told by `subscriptions.settled`,
   * `topic.rejected` and `topics()`. Throws an {@link OptionError} for what cannot be a topic here.
   */
  subscribe(topics: Topic | readonly Topic[]): void {
    this.#parts.subscriptions.want(topics);
    this.#parts.outgoing.pump();
  }

  /** Takes back one `subscribe` of each topic. What is not wanted is ignored. */
  unsubscribe(topics: Topic | readonly Topic[]): void {
    this.#parts.subscriptions.unwant(topics);
    this.#parts.outgoing.pump();
  }

  /** Every wanted topic and how far it is on the current socket. */
  topics(): readonly TopicStatus[] {
    return this.#parts.subscriptions.statuses();
  }

  /**
   * Sends one message when the connection is ready, in order, after what waits already. The promise
   * never rejects: it says how the message ended. Nothing is ever sent twice. Bytes are copied if they have
   * to wait: their owner may reuse them. What need not wait may be of any size; what has to, and is larger
   * than `outbox.bytes`, is dropped (`too-large`).
   *
   * @param options.ttlMs - How long it may wait; `null` for ever. @defaultValue `outbox.ttlMs`
   */
  send(
    data: string | Uint8Array,
    options: { readonly ttlMs?: number | null } = {},
  ): Promise<SendFate> {
    if (typeof data !== "string" && !isBytes(data)) {
      throw new OptionError("data", "a string or a Uint8Array", data);
    }
    const ttlMs = checkTtl(options.ttlMs);
    const { state } = this;
    if (state === "closed" || state === "closing" || state === "failed") {
      const reason = state === "failed" ? "failed" : "closed";
      return Promise.resolve(this.#parts.outbox.reject(data, reason));
    }
    return this.#parts.outbox.add(data, ttlMs, () => this.#parts.outgoing.pump());
  }

  /** Be connected: starts over after `failed`, skips the wait in `reconnecting`; else nothing. */
  connect(): void {
    if (this.#run === undefined) this.start();
    else this.#command({ type: "connect" });
  }

  /**
   * Drops the socket, if there is one, and dials at once: in every state but `closing` and `closed`. The peer
   * of an open socket gets a close frame first.
   *
   * @param frame.code - 1000, or 3000 to 4999. @defaultValue the venue's, or 1000
   * @param frame.reason - At most 123 bytes.
   * @throws OptionError for what no close frame may hold.
   */
  reconnect(frame: CloseFrameChoice = {}): void {
    const { code, reason } = checkCloseFrame(frame);
    if (this.#run === undefined) this.start();
    else this.#command({ type: "reconnect", code, reason });
  }

  /**
   * Ends politely: a closing handshake where there is an open socket, under `closeTimeoutMs`. Resolves
   * when all is over: no timer, no socket, and nothing is delivered any more.
   *
   * @param code - 1000, or 3000 to 4999. @defaultValue the venue's, or 1000
   * @param reason - At most 123 bytes.
   */
  close(code?: number, reason?: string): Promise<void> {
    checkClose(code, reason);
    return this.#end({ type: "close", code, reason });
  }

  /** Ends now, without a handshake and without a close frame. */
  terminate(): void {
    void this.#end({ type: "terminate" });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /**
   * Listens to one kind of fact, to `message`, or to every fact (`*`). Gives the function that ends it.
   * Throws an {@link OptionError} for a name that is none of these.
   */
  on<E extends EventName<M>>(type: E, listener: Listener<M, E>): () => void {
    requireFunction(listener, "listener");
    return this.#parts.publisher.on(type, listener);
  }

  /**
   * The feed as an async iterable: messages with gaps, resets and overflows at their right place.
   * Iterators are independent, each with its own bounded buffer, from the moment of this call. It ends
   * on `close`, and throws the failure on `failed` and the error on `internal`.
   */
  messages(options: MessagesOptions<M> = {}): AsyncIterableIterator<FeedItem<M>> {
    const queue = this.#parts.consumers.open(options);
    const failure = this.#failure();
    if (failure !== undefined || this.state === "closed") queue.end(failure);
    return queue;
  }

  /** Where each numbered stream stands. */
  positions(): ReadonlyMap<string, Position> {
    return this.#parts.feed.positions();
  }

  /** What `console.log` and `util.inspect` of Node show: how it stands. No URL and no credential is in it. */
  [inspectCustom](
    depth: number,
    options: { readonly depth?: number | null },
    inspect: (value: unknown, options: object) => string,
  ): string {
    const { name, venue } = this;
    if (depth < 0) return `[Supervisor ${name}]`;
    const { state, phase, isReady, attempt, retryInMs, lastLoss, topics, inbound } = this.status();
    const { messages, gaps } = inbound;
    const shown = {
      name,
      venue,
      state: phase === undefined ? state : `${state}, ${phase}`,
      isReady,
      attempt,
      retryInMs,
      lastLoss: lastLoss === null ? null : describeLoss(lastLoss),
      topics: { wanted: topics.wanted, confirmed: topics.confirmed },
      inbound: { messages, gaps },
    };
    return `Supervisor ${inspect(shown, { ...options, depth: 1 })}`;
  }

  /** Keeps a supervisor that stands in somebody's context out of snapshots. */
  toJSON(): undefined {
    return undefined;
  }

  /** One that is aborted already closes at once: nothing is dialled. */
  #heedSignal(): void {
    const { signal } = this.#settings;
    if (signal === undefined) return;
    const onAbort = (this.#onAbort ??= () => void this.#end({ type: "close" }));
    if (signal.aborted) onAbort();
    else signal.addEventListener("abort", onAbort, { once: true });
  }

  #start(): void {
    const { clock, inspect } = this.#settings;
    const watched = inspect === undefined ? {} : { inspect };
    this.#parts.isEmbedded = false;
    createActor(connectionMachine, { input: this.input, clock, ...watched }).start();
  }

  /** All is over: nothing of it is left outside. */
  #finish(): void {
    this.#name.release();
    if (this.#onAbort !== undefined) {
      this.#settings.signal?.removeEventListener("abort", this.#onAbort);
    }
  }

  #command(command: ConnectionCommand): void {
    this.#run?.send(command);
  }

  #end(command: ConnectionCommand): Promise<void> {
    const run = this.#run;
    const previous = this.state;
    if (run === undefined && previous !== "closed") {
      this.#isClosedUnrun = true;
      this.#isStarting = false;
      this.#unrunSinceMs = this.#settings.clock.nowMs();
      this.#parts.note("state", { state: "closed", previous });
      this.#parts.note("closed", {});
    }
    if (run === undefined || run.isOver) return Promise.resolve();
    return new Promise((resolve) => {
      const off = this.on("closed", () => {
        off();
        resolve();
      });
      run.send(command);
    });
  }

  #failure(): ConnectionFailedError | InternalError | undefined {
    if (this.#run?.internalError !== undefined) return this.#run.internalError;
    const context = this.#run?.context;
    if (this.state !== "failed" || context?.lastLoss == null) return undefined;
    return new ConnectionFailedError(context.lastLoss, context.lastVerdict?.rule ?? "unknown");
  }
}
