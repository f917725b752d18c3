/**
 * What becomes of messages and frames on their way out, as facts: the first drop of each kind and reason in a
 * while, and an alert where nothing can be sent at all. A connection that sends nothing is not replaced for it:
 * what throws here throws on the next socket too.
 */
import type { FrameKind, FrameWatch } from "../connection/frame-watch.ts";
import type { Clock } from "../system.ts";
import { FirstInAWhile } from "./first-in-a-while.ts";
import type { DropReason, OutboxListener } from "./outbox.ts";
import type { Facts } from "./publisher.ts";

/** So many frames that are refused with none written between them: it is not the frames. */
const THROWS_OF_BROKEN = 3;

export class SendWatch implements OutboxListener, FrameWatch {
  readonly #clock: Clock;
  readonly #others: { readonly publisher: Pick<Facts, "publish"> };
  readonly #rare = new FirstInAWhile<`${FrameKind}/${DropReason}` | "unknown">();
  /** Frames that were refused since one was written. */
  #throws = 0;

  constructor(clock: Clock, others: { readonly publisher: Pick<Facts, "publish"> }) {
    this.#clock = clock;
    this.#others = others;
  }

  frameWritten(): void {
    if (this.#throws === 0) return;
    const wasBroken = this.#throws >= THROWS_OF_BROKEN;
    this.#throws = 0;
    if (wasBroken) this.#others.publisher.publish("send.restored", {});
  }

  frameDropped(frame: FrameKind, reason: DropReason, bytes: number, detail?: string): void {
    const { publisher } = this.#others;
    if (this.#rare.take(`${frame}/${reason}`, this.#clock.nowMs())) {
      publisher.publish("send.dropped", { frame, reason, bytes, detail: detail ?? null });
    }
    if (reason !== "invalid") return;
    this.#throws += 1;
    if (this.#throws !== THROWS_OF_BROKEN) return;
    const alert = { kind: "send-broken", throws: this.#throws, detail: detail ?? "" } as const;
    publisher.publish("alert", { alert });
  }

  sendDropped(reason: DropReason, bytes: number, detail?: string): void {
    this.frameDropped("message", reason, bytes, detail);
  }

  sendUnknown(bytes: number): void {
    if (!this.#rare.take("unknown", this.#clock.nowMs())) return;
    this.#others.publisher.publish("send.unknown", { bytes });
  }
}
