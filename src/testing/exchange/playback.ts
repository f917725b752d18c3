/**
 * A recording as a source: it begins with the first subscriber, says each frame once at its pace, and
 * then is silent, or begins again.
 */
import { OptionError } from "../../errors.ts";
import { isObject, parseJson } from "./json.ts";
import type { RecordedFrame } from "./recording.ts";
import type { EventNumbers, FrameEvent, Source } from "./source.ts";

export interface PlaybackOptions {
  /** Times the recorded pace; Infinity says everything at once. @defaultValue 1 */
  readonly speed?: number | undefined;
  /** Begins again after the last frame. @defaultValue false */
  readonly loop?: boolean | undefined;
}

export class Playback implements Source {
  readonly isVerbatim = true;
  readonly #frames: readonly RecordedFrame[];
  readonly #speed: number;
  readonly #loops: boolean;
  #beganAtMs: number | undefined;
  /** When this round's first frame is due. */
  #roundAtMs = 0;
  #index = 0;
  #nextAtMs: number | undefined;

  constructor(frames: readonly RecordedFrame[], options: PlaybackOptions = {}) {
    this.#frames = frames;
    this.#speed = options.speed ?? 1;
    this.#loops = options.loop ?? false;
    if (!(this.#speed > 0)) throw new OptionError("speed", "a number above 0", this.#speed);
    if (this.#loops && this.#speed === Infinity) {
      throw new OptionError("loop", "a finite speed to loop at", this.#speed);
    }
  }

  get beganAtMs(): number | undefined {
    return this.#beganAtMs;
  }

  get nextAtMs(): number | undefined {
    return this.#nextAtMs;
  }

  begin(nowMs: number): void {
    if (this.#beganAtMs !== undefined) return;
    this.#beganAtMs = nowMs;
    this.#roundAtMs = nowMs;
    this.#nextAtMs = this.#frames.length === 0 ? undefined : nowMs;
  }

  take(): FrameEvent {
    const frame = this.#frames[this.#index];
    if (frame === undefined || this.#nextAtMs === undefined) throw new Error("nothing to play");
    this.#index += 1;
    this.#nextAtMs = this.#following(this.#nextAtMs);
    const { stream = "", text } = frame;
    return { feed: "recording", stream, text, numbers: numbersOf(text) };
  }

  #following(afterMs: number): number | undefined {
    if (this.#index === this.#frames.length) {
      if (!this.#loops) return undefined;
      this.#index = 0;
      this.#roundAtMs = afterMs + 1; // a pause, so that a recording of one instant doesn't loop in it
    }
    const offsetMs = this.#atMs(this.#index) - this.#atMs(0);
    // A recorded clock may step back; frames keep their order.
    return Math.max(afterMs, this.#roundAtMs + offsetMs / this.#speed);
  }

  #atMs(index: number): number {
    return this.#frames[index]?.atMs ?? 0;
  }
}

/** What Binance's payloads number themselves with; other venues' frames are only counted. */
function numbersOf(text: string): EventNumbers | undefined {
  const frame = parseJson(text);
  if (!isObject(frame)) return undefined;
  const data = isObject(frame["data"]) ? frame["data"] : frame;
  const [e, t, U, u] = [data["e"], data["t"], data["U"], data["u"]];
  if (e === "trade" && typeof t === "number") return { first: t, last: t, isContiguous: true };
  if (typeof u !== "number") return undefined;
  // With `pu` (USD-M) an event follows on from the one before by that, not by its own `U`.
  const isContiguous = typeof U === "number" && data["pu"] === undefined;
  return { first: isContiguous ? U : u, last: u, isContiguous };
}
