/**
 * What an exchange has to say, and when: a generated market or a recording.
 *
 * A source knows no clock. It names the instant of its next event and gives that event when asked;
 * whether anyone listens is not its business, so time goes on while a client is away.
 */
import type { MarketEvent } from "./market-event.ts";

/** The sequence numbers that one event carries. */
export interface EventNumbers {
  readonly first: number;
  readonly last: number;
  /** Whether the next event of the stream begins at `last + 1`. A book ticker's numbers jump. */
  readonly isContiguous: boolean;
  /** The last number of the event before, where the venue says it: numbers may jump then, unseen losses can't be. */
  readonly previous?: number | undefined;
}

/** One recorded frame. */
export interface FrameEvent {
  readonly feed: "recording";
  /** Such as `btcusdt@trade`. Empty for a recorded frame that names none. */
  readonly stream: string;
  /** The whole frame. */
  readonly text: string;
  readonly numbers: EventNumbers | undefined;
}

type SourceEvent = MarketEvent | FrameEvent;

export interface Source {
  /** Frames go out exactly as they are, to every subscriber, whatever streams were asked for. */
  readonly isVerbatim: boolean;
  /** When {@link take} is next due; undefined when nothing more comes, or not before {@link begin}. */
  readonly nextAtMs: number | undefined;
  /** When the source began; a fault plan counts from here. */
  readonly beganAtMs: number | undefined;
  /** The first subscriber has come. Only the first call counts. */
  begin(nowMs: number): void;
  /** The next event. Only while {@link nextAtMs} is defined. */
  take(): SourceEvent;
}

/** Whether the loss of one event with these numbers is seen at the next. */
export function showsLoss(numbers: EventNumbers | undefined): boolean {
  return numbers !== undefined && (numbers.isContiguous || numbers.previous !== undefined);
}
