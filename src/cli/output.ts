/**
 * What a command may touch of the process it runs in, and lines written to it without losing any.
 *
 * A pipe whose reader is slow says so; whoever writes waits. A reader that is gone (`| head`) is no
 * error: the command ends quietly.
 */
import type { Readable, Writable } from "node:stream";
import { toJsonLine, toLine } from "./printing.ts";

/** The process, as a command sees it. */
export interface CommandIo {
  /** Undefined where there is none. */
  readonly stdin?: Readable;
  readonly stdout: Writable & {
    readonly isTTY?: boolean | undefined;
    readonly columns?: number | undefined;
    readonly rows?: number | undefined;
    /** Of a terminal; it knows of NO_COLOR. */
    readonly hasColors?: () => boolean;
  };
  readonly stderr: Writable;
  /** Environment variables. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Aborted when the user asks to stop. */
  readonly signal: AbortSignal;
}

const NEW_LINE = Buffer.from("\n");

/** How much may wait for a slow reader of lines that cannot wait themselves. */
const MOST_WAITING_BYTES = 1024 * 1024;

/** Lines to one stream. */
export class Output {
  readonly #stream: CommandIo["stdout"];
  readonly #onGone: () => void;
  #isGone = false;
  #failure: Error | undefined;
  #waiting: (() => void)[] = [];
  /** Lines that were not written since the last one that was. */
  #leftOut = 0;
  #tellsJson = false;

  /** @param onGone - Called once when nobody reads any more, or writing has failed. */
  constructor(stream: CommandIo["stdout"], onGone: () => void = () => undefined) {
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

  /**
   * Writes one line for people, made fit for a terminal. Where the reader is slow, it gives a promise of when it
   * has caught up, as all that write here do.
   */
  line(text: string): Promise<void> | undefined {
    return this.write(`${toLine(text)}\n`);
  }

  /** Writes one line of JSON. */
  json(json: string): Promise<void> | undefined {
    return this.write(`${toJsonLine(json)}\n`);
  }

  /**
   * Writes one line for people that cannot wait for a slow reader: while more than 1 MiB waits for it, lines are left
   * out and counted, and the count is written before the next one.
   */
  tell(text: string): void {
    if (this.#hasRoom()) void this.line(text);
  }

  /** As {@link tell}, for a line of JSON. */
  tellJson(json: string): void {
    this.#tellsJson = true;
    if (this.#hasRoom(true)) void this.json(json);
  }

  /** Writes a message as one line: byte for byte, save to a terminal, for which it is made fit. */
  message(raw: Uint8Array): Promise<void> | undefined {
    if (this.#stream.isTTY === true) return this.line(Buffer.from(raw).toString("utf8"));
    return this.write(Buffer.concat([raw, NEW_LINE]));
  }

  /** Writes what the command itself has composed, such as a table with colours. */
  write(data: string | Uint8Array): Promise<void> | undefined {
    if (this.#isGone || this.#stream.write(data)) return undefined;
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
    });
  }

  /** Says first how many lines were left out, if any. */
  #hasRoom(isJson = false): boolean {
    if (this.#stream.writableLength > MOST_WAITING_BYTES) {
      this.#leftOut += 1;
      return false;
    }
    const leftOut = this.#leftOut;
    this.#leftOut = 0;
    if (leftOut > 0) {
      const lines = `${leftOut} line${leftOut === 1 ? "" : "s"}`;
      if (isJson) void this.json(JSON.stringify({ type: "output.dropped", lines: leftOut }));
      else void this.line(`${lines} left out: the reader was too slow`);
    }
    return true;
  }

  #fail(error: NodeJS.ErrnoException): void {
    if (this.#isGone) return;
    this.#isGone = true;
    if (error.code !== "EPIPE" && error.code !== "ERR_STREAM_DESTROYED") this.#failure = error;
    this.#resume();
    this.#onGone();
  }

  #resume(): void {
    // What was left out is said as soon as the reader has caught up, and not only with the next line.
    if (this.#leftOut > 0) this.#hasRoom(this.#tellsJson);
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resume of waiting) resume();
  }
}
