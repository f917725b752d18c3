/**
 * `--record FILE`: lines into a file, or into one part after the other.
 *
 * Nothing is ever overwritten. Without rotation the file is created under its own name. With rotation a part is written
 * as `<name>-<time of its beginning><extension>.part` and takes its name without `.part` when it is whole and on
 * the disk: who sees that name sees all of it. What a crash leaves behind ends without an end mark.
 *
 * Lines are kept for one turn of the event loop at most, so that one write takes many; a disk that is slower than the
 * lines makes their writer wait.
 */
import { join, parse as parsePath } from "node:path";
import { OptionError } from "../index.ts";
import { messageOf, toError } from "../shape.ts";
import type { Clock } from "../system.ts";
import { beginToJson, endToJson, type RecordedSource } from "./item-to-json.ts";
import { RecordPart } from "./record-part.ts";

export interface RecordOptions {
  readonly path: string;
  /** A part of more bytes is ended before its next line. */
  readonly rotateBytes?: number | undefined;
  /** A part that is older, in milliseconds, is ended, if there is anything in it. */
  readonly rotateMs?: number | undefined;
  readonly source: RecordedSource;
  readonly clock: Clock;
  /** Called once, with the first write that failed: nothing is recorded after it. */
  readonly onFailed: (error: Error) => void;
}

/** How many bytes may wait for the disk before a writer has to. */
const MOST_WAITING_BYTES = 1024 * 1024;

export class RecordFile {
  readonly #options: RecordOptions;
  #part: RecordPart;
  #waiting: string[] = [];
  /** Bytes that are not on their way to the disk yet, and those that the disk has not taken. */
  #unwrittenBytes = 0;
  #isFlushDue = false;
  /** Bytes given to the part, and lines besides its first. */
  #partBytes = 0;
  #partLines = 0;
  /** What is done to the file, one thing after the other. */
  #tail: Promise<void> = Promise.resolve();
  #timer: unknown;
  #failure: Error | undefined;
  #isClosed = false;

  private constructor(options: RecordOptions, part: RecordPart) {
    this.#options = options;
    this.#part = part;
    this.#begin(part);
  }

  /** @throws {@link OptionError} for a file that is there already, or that cannot be created. */
  static async open(options: RecordOptions): Promise<RecordFile> {
    try {
      return new RecordFile(options, await createPart(options, 1));
    } catch (error) {
      throw new OptionError("--record", `a new file (${messageOf(error)})`, options.path);
    }
  }

  get failure(): Error | undefined {
    return this.#failure;
  }

  /** Writes one line; gives a promise where the disk is slower than the lines. */
  write(line: string): Promise<void> | undefined {
    if (this.#failure !== undefined || this.#isClosed) return undefined;
    const text = `${line}\n`;
    const bytes = Buffer.byteLength(text);
    const { rotateBytes = Infinity } = this.#options;
    if (this.#partLines > 0 && this.#partBytes + bytes > rotateBytes) this.#rotate();
    this.#append(text, bytes);
    this.#partLines += 1;
    if (this.#unwrittenBytes > MOST_WAITING_BYTES) return this.#flush();
    this.#flushSoon();
    return undefined;
  }

  /** Ends the recording: all of it is on the disk when the promise resolves. Never rejects. */
  async close(): Promise<void> {
    if (this.#isClosed) return this.#tail;
    this.#isClosed = true;
    this.#options.clock.clearTimeout(this.#timer);
    this.#append(`${endToJson(false)}\n`);
    void this.#flush();
    const part = this.#part;
    return this.#then(() => part.end());
  }

  #begin(part: RecordPart): void {
    const { source, rotateMs, clock } = this.#options;
    this.#part = part;
    this.#partBytes = 0;
    this.#partLines = 0;
    this.#append(`${beginToJson(source, part.number, part.startedAtMs)}\n`);
    this.#flushSoon();
    if (rotateMs !== undefined) this.#rotateAfter(rotateMs, clock);
  }

  #rotateAfter(delayMs: number, clock: Clock): void {
    this.#timer = clock.setTimeout(() => {
      if (this.#partLines > 0) this.#rotate();
      else this.#rotateAfter(delayMs, clock);
    }, delayMs);
  }

  /** The part is ended behind what was written, and the next one takes what follows. */
  #rotate(): void {
    const { clock } = this.#options;
    clock.clearTimeout(this.#timer);
    this.#append(`${endToJson(true)}\n`);
    void this.#flush();
    const whole = this.#part;
    const next = partOf(this.#options, whole.number + 1);
    this.#begin(next);
    void this.#then(async () => {
      await whole.end();
      await next.create();
    });
  }

  #append(text: string, bytes = Buffer.byteLength(text)): void {
    this.#waiting.push(text);
    this.#unwrittenBytes += bytes;
    this.#partBytes += bytes;
  }

  #flushSoon(): void {
    if (this.#isFlushDue) return;
    this.#isFlushDue = true;
    this.#options.clock.nextTurn(() => {
      this.#isFlushDue = false;
      void this.#flush();
    });
  }

  #flush(): Promise<void> {
    if (this.#waiting.length === 0) return this.#tail;
    const bytes = Buffer.from(this.#waiting.join(""));
    this.#waiting = [];
    const part = this.#part;
    return this.#then(async () => {
      await part.write(bytes);
      this.#unwrittenBytes -= bytes.length;
    });
  }

  /** Once something has failed nothing more is done but letting the file go. */
  #then(action: () => Promise<void>): Promise<void> {
    this.#tail = this.#tail.then(async () => {
      if (this.#failure !== undefined) return;
      try {
        await action();
      } catch (error) {
        this.#failure = toError(error);
        this.#options.clock.clearTimeout(this.#timer);
        await this.#part.abandon();
        this.#options.onFailed(this.#failure);
      }
    });
    return this.#tail;
  }
}

async function createPart(options: RecordOptions, number: number): Promise<RecordPart> {
  const part = partOf(options, number);
  await part.create();
  return part;
}

function partOf({ path, rotateBytes, rotateMs, clock }: RecordOptions, number: number): RecordPart {
  const nowMs = clock.nowMs();
  if (rotateBytes === undefined && rotateMs === undefined)
    return new RecordPart(number, nowMs, path);
  const { dir, name, ext } = parsePath(path);
  const time = new Date(nowMs).toISOString().replaceAll(/[-:]/g, "");
  const whole = join(dir, `${name}-${time}-${String(number).padStart(4, "0")}${ext}`);
  return new RecordPart(number, nowMs, `${whole}.part`, whole);
}
