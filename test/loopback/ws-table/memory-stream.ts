/**
 * A TCP connection without TCP: two streams, each the other's far end.
 *
 * What one writes the other has read before `write` returns, so "it has arrived" needs no waiting. It
 * does what `net.Socket` does for `http` and `ws`: a FIN is seen behind the bytes before it, and at once
 * where there are none, even by a paused reader; a reset destroys with ECONNRESET; a peer that does not
 * read takes some 4 MB and then holds writes up (faults.md §A5).
 */
import { Duplex } from "node:stream";

const KERNEL_BYTES = 4 * 1024 * 1024;

type Done = (error?: Error | null) => void;

/** As `net.connect` takes it. */
interface OnRead {
  readonly buffer: Uint8Array;
  callback(this: unknown, bytes: number, buffer: Uint8Array): boolean;
}

/** What `createConnection` is given beside the documented options. */
export const onreadOf = (options: object): OnRead | undefined =>
  "onread" in options ? (options.onread as OnRead) : undefined;

export class MemoryStream extends Duplex {
  readonly connecting = false;
  /** Takes what is read instead of the stream's own buffer. */
  onread: OnRead | undefined;
  #far: MemoryStream | undefined;
  #held: Done | undefined;

  /** A client's end and its peer's. The peer's may go on after a FIN. */
  static pair(): readonly [MemoryStream, MemoryStream] {
    const near = new MemoryStream({ highWaterMark: KERNEL_BYTES, allowHalfOpen: false });
    const far = new MemoryStream({ highWaterMark: KERNEL_BYTES, allowHalfOpen: true });
    near.#far = far;
    far.#far = near;
    return [near, far];
  }

  /** RST. */
  resetAndDestroy(): this {
    const reset = new Error("read ECONNRESET");
    this.#far?.destroy(Object.assign(reset, { code: "ECONNRESET", syscall: "read" }));
    return this.destroy();
  }

  // What `http` and `ws` ask of any socket.
  setNoDelay(): this {
    return this;
  }
  setKeepAlive(): this {
    return this;
  }
  setTimeout(): this {
    return this;
  }
  ref(): this {
    return this;
  }
  unref(): this {
    return this;
  }

  override _read(): void {
    const done = this.#far?.takeHeld();
    done?.();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: Done): void {
    const far = this.#far;
    // Nobody is there any more: the kernel takes it and drops it.
    if (far === undefined || far.destroyed || far.arrive(chunk)) done();
    else this.#held = done;
  }

  /** What one read brings, as from a peer's `write`; false where that is enough for now. */
  arrive(chunk: Buffer): boolean {
    if (this.onread === undefined) return this.push(chunk);
    const { buffer, callback } = this.onread;
    let hasRoom = true;
    for (let at = 0; at < chunk.length; at += buffer.length) {
      const bytes = chunk.copy(buffer, 0, at);
      hasRoom = callback.call(this, bytes, buffer); // whose it is, as `net` calls it
    }
    return hasRoom;
  }

  override _final(done: Done): void {
    this.#finish();
    done();
  }

  override _destroy(error: Error | null, done: Done): void {
    this.takeHeld()?.(error ?? new Error("write ECANCELED"));
    this.#finish();
    done(error);
  }

  /** The answer to the write that waits for the far end to read. */
  private takeHeld(): Done | undefined {
    const held = this.#held;
    this.#held = undefined;
    return held;
  }

  /** FIN. As `net` does, the far end is made to look, so that it sees it even while paused. */
  #finish(): void {
    const far = this.#far;
    if (far === undefined || far.destroyed) return;
    far.push(null);
    far.read(0);
  }
}
