/**
 * Reads recorded market data, byte for byte as the venue sent it, in any of the formats of
 * `recording-formats.ts`, gzipped or not.
 */
import { messageOf } from "../../shape.ts";
import { isObject, parseJson } from "./json.ts";
import type { RecordingSource } from "./recording-bytes.ts";
import { formatOf, type ParseLine, type RecordedEvent } from "./recording-formats.ts";
import { linesOf } from "./recording-lines.ts";

export type { RecordedEvent } from "./recording-formats.ts";

/** One frame as it was received. */
export interface RecordedFrame {
  /** When, on the recorder's clock, in milliseconds since the epoch. */
  readonly atMs: number;
  /** The frame, unchanged. */
  readonly text: string;
  /** The stream a combined frame names. */
  readonly stream?: string;
}

/**
 * All that a recording tells, in order; frames as the bytes that came, whether they are JSON or not. One that
 * was cut off is told up to there, and ends with the event `cut`.
 *
 * @throws Error that names the file, and the line where there is one.
 */
export async function* readRecordedEvents(
  path: string,
  source: Omit<RecordingSource, "path"> = {},
): AsyncGenerator<RecordedEvent, void> {
  let parse: ParseLine | undefined;
  let last = 0;
  try {
    const lines = linesOf({ ...source, path });
    for (;;) {
      const { value, done } = await lines.next();
      if (done === true) {
        if (value?.kind === "stopped") yield { kind: "stopped", line: last };
        else if (value !== undefined) yield { kind: "cut", line: last, why: value.why };
        else if (parse === undefined) throw new Error("an empty file, not a recording");
        return;
      }
      const { number, bytes, isEnded } = value;
      last = number;
      if (bytes.length === 0) continue;
      parse ??= formatOf(bytes);
      const event = parse?.(bytes, number);
      if (event !== undefined) {
        yield isEnded || event.kind !== "received" ? event : { ...event, isUnended: true };
      } else if (isEnded || parse === undefined) {
        throw unreadable(number, bytes);
      } else {
        const { value: end } = await lines.next();
        const why = end !== undefined && "why" in end ? end.why : "the file ends within this line";
        yield { kind: "cut", line: number, why };
        return;
      }
    }
  } catch (error) {
    throw named(path, error);
  }
}

/**
 * The frames of a recording that the venue sent on the socket, all of them JSON.
 *
 * @throws Error that names the file, and the line where there is one.
 */
export async function* readRecording(path: string): AsyncGenerator<RecordedFrame, void> {
  for await (const event of readRecordedEvents(path)) {
    if (event.kind === "cut") {
      throw named(path, new Error(`line ${event.line}: cannot be read any further: ${event.why}`));
    }
    if (event.kind !== "received") continue;
    const { atMs, line, raw } = event;
    const text = raw.toString("utf8");
    const frame = parseJson(text);
    if (!isObject(frame)) throw named(path, unreadable(line, raw));
    if (atMs === undefined) throw named(path, new Error("a recording without times"));
    const stream = frame["stream"];
    yield typeof stream === "string" ? { atMs, text, stream } : { atMs, text };
  }
}

/** The whole recording at once. */
export async function loadRecording(path: string): Promise<readonly RecordedFrame[]> {
  const frames: RecordedFrame[] = [];
  for await (const frame of readRecording(path)) frames.push(frame);
  return frames;
}

/** A line that is no recorded event. */
class LineError extends Error {
  readonly line: number;

  constructor(line: number, message: string) {
    super(message);
    this.line = line;
  }
}

function unreadable(number: number, line: Buffer): LineError {
  const text = line.toString("utf8", 0, 240);
  const shown = JSON.stringify(text.length > 60 ? `${text.slice(0, 57)}...` : text);
  return new LineError(
    number,
    `expected a recorded frame ("<ns> <json>", "<s>: <json>", an item or JSON), found ${shown}`,
  );
}

function named(path: string, error: unknown): Error {
  const where = error instanceof LineError ? `${path}:${error.line}` : path;
  const message = messageOf(error);
  return new Error(`${where}: ${message}`, { cause: error });
}
