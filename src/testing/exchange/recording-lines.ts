/**
 * Lines of a recording, however the chunks fall: linear in their bytes, and none longer than the cap.
 *
 * Not `node:readline`: it also ends a line at U+2028 and U+2029, which JSON may hold.
 */
import { bytesOf, type EarlyEnd, type RecordingSource } from "./recording-bytes.ts";

/** The longest line that is read: a message of 4 MiB with every byte escaped, and some room. */
const MAX_LINE_BYTES = 32 * 1024 * 1024;

/** One line, without its line end (LF or CR LF) and, of the first, without a byte order mark. */
export interface RecordedLine {
  readonly number: number;
  readonly bytes: Buffer;
  /** False for a last line that no line feed ends: it may have been cut off. */
  readonly isEnded: boolean;
}

/** A line of a recording is longer than {@link MAX_LINE_BYTES}. */
class LineTooLongError extends Error {
  readonly code = "ERR_LINE_TOO_LONG";

  constructor(number: number) {
    super(`line ${number} is longer than ${MAX_LINE_BYTES.toLocaleString("en-US")} bytes`);
    this.name = "LineTooLongError";
  }
}

const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;
const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf]);

/**
 * All lines that are not empty.
 *
 * @returns Why they ended early; undefined at their end.
 * @throws {@link LineTooLongError}, and what {@link bytesOf} throws.
 */
export async function* linesOf(
  source: RecordingSource,
): AsyncGenerator<RecordedLine, EarlyEnd | undefined> {
  const bytes = bytesOf(source);
  /** What has come of the line that is being read. */
  let parts: Buffer[] = [];
  let length = 0;
  let number = 0;
  const take = (isEnded: boolean): RecordedLine => {
    const [only] = parts;
    const whole = parts.length === 1 && only !== undefined ? only : Buffer.concat(parts);
    parts = [];
    length = 0;
    number += 1;
    return { number, bytes: trim(whole, number), isEnded };
  };
  try {
    for (;;) {
      const { value, done } = await bytes.next();
      if (done === true) {
        if (length > 0) yield take(false);
        return value;
      }
      let start = 0;
      for (let end = value.indexOf(LINE_FEED); end !== -1; end = value.indexOf(LINE_FEED, start)) {
        if (end === start && length === 0) {
          number += 1;
        } else {
          parts.push(value.subarray(start, end));
          length += end - start;
          if (length > MAX_LINE_BYTES) throw new LineTooLongError(number + 1);
          yield take(true);
        }
        start = end + 1;
      }
      if (start === value.length) continue;
      parts.push(value.subarray(start));
      length += value.length - start;
      if (length > MAX_LINE_BYTES) throw new LineTooLongError(number + 1);
    }
  } finally {
    await bytes.return(undefined);
  }
}

function trim(line: Buffer, number: number): Buffer {
  const isMarked = number === 1 && line.subarray(0, 3).equals(BYTE_ORDER_MARK);
  const end = line.at(-1) === CARRIAGE_RETURN ? line.length - 1 : line.length;
  return line.subarray(isMarked ? 3 : 0, end);
}
