/**
 * The line to the desk of the recoveries, which is opened when the first stream breaks: most connections live
 * without one. What is told while there is none is told again when it comes, by `Recoveries.attach`.
 */
import type { RecoveryDesk, RecoveryRequest, StreamFact } from "../../machines/recovery.door.ts";

export class DeskLine {
  readonly #want: () => void;
  #desk: RecoveryDesk | undefined;
  #isAwaited = false;
  #hearing: readonly ReturnType<RecoveryDesk["on"]>[] = [];

  /** @param want - Asks for a desk; it attaches itself */
  constructor(want: () => void) {
    this.#want = want;
  }

  connect(desk: RecoveryDesk, listen: () => readonly ReturnType<RecoveryDesk["on"]>[]): void {
    for (const hearing of this.#hearing) hearing.unsubscribe();
    this.#desk = desk;
    this.#isAwaited = false;
    this.#hearing = listen();
  }

  tell(fact: StreamFact): void {
    if (this.#isOpen) this.#desk?.send(fact);
  }

  /** Tells of a stream that is to be recovered, and asks for a desk where there is none. */
  request(request: { readonly type: "stream.broken" } & RecoveryRequest): void {
    if (this.#isOpen) {
      this.tell(request);
    } else if (!this.#isAwaited) {
      this.#isAwaited = true;
      this.#want();
    }
  }

  /** Who asked for a desk was the socket. */
  socketEnded(): void {
    this.#isAwaited = false;
    this.tell({ type: "socket.ended" });
  }

  /** One whose connection is over is none. */
  get #isOpen(): boolean {
    return this.#desk?.getSnapshot().status === "active";
  }
}
