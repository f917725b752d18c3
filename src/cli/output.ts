/**
 * What a command may touch of the process it runs in, and lines written to it without losing any.
 *
 * A pipe whose reader is slow says so; whoever writes waits. A reader that is gone (`| head`) is no
 * error: the command ends quietly.
 */
import type { Writable } from "node:stream";

/** The process, as a command sees it. */
export interface CommandIo {
  readonly stdout: Writable & {
    readonly isTTY?: boolean | undefined;
    readonly columns?: number | undefined;
    readonly rows?: number | undefined;
    /** Of a terminal; it knows of NO_COLOR. */
    readonly hasColors?: () => boolean;
  };
  readonly stderr: Writable;
  /** Aborted when the user asks to stop. */
  readonly signal: AbortSignal;
}

const NEW_LINE = Buffer.from("\n");

/** Lines to one stream. */
export class Output {
  readonly #stream: Writable;
  readonly #onGone: () => void;
  #isGone = false;
  #failure: Error | undefined;
  #wake: (() => void) | undefined;

  /** @param onGone - Called once when nobody reads any more, or writing has failed. */
  constructor(stream: Writable, onGone: () => void = () => undefined) {
    this.#stream = stream;
    this.#onGone = onGone;
    // It stays attached for as long as the stream lives: EPIPE may come after the last write.
    stream.on("error", (error: NodeJS.ErrnoException) => this.#fail(error));
    stream.on("drain", () => this.#resume());
    stream.on("close", () => this.#resume());
  }

  /** True once nobody reads any more. */
  get isGone(): boolean {
    return this.#isGone;
  }

  /** Why writing failed, where it was not the reader who went away. */
  get failure(): Error | undefined {
    return this.#failure;
  }

  /** Writes one line; where the reader is slow, gives a promise of when it has caught up. */
  line(line: string | Uint8Array): Promise<void> | undefined {
    if (typeof line === "string") return this.write(`${line}\n`);
    return this.write(Buffer.concat([line, NEW_LINE]));
  }

  write(data: string | Uint8Array): Promise<void> | undefined {
    if (this.#isGone || this.#stream.write(data)) return undefined;
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  #fail(error: NodeJS.ErrnoException): void {
    if (this.#isGone) return;
    this.#isGone = true;
    if (error.code !== "EPIPE" && error.code !== "ERR_STREAM_DESTROYED") this.#failure = error;
    this.#resume();
    this.#onGone();
  }

  #resume(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }
}
