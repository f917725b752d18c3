/**
 * The law of silence for data: while messages come for a topic that is wanted and confirmed, a listener is
 * given one, or is told something of that topic or of the connection, within a bound. How it came to be
 * silent (a discard, a number, a recovery that is given up, a mute server) does not matter here.
 */
import type { Fact } from "../../../../src/index.ts";
import type { Scene } from "../scene.ts";

/** A message that was read is delivered, or spoken of, within this time. */
const READ_MS = 2_000;
/** A server that keeps all data for itself is found out, and spoken of, within this time. */
const MUTE_MS = 180_000;

interface Silent {
  readonly atMs: number;
  /** How often the process had been stopped by then: time in which nothing could be said. */
  readonly stops: number;
}

export interface SilenceParts {
  /** Wanted, and confirmed on the open socket. */
  readonly isServed: (topic: string) => boolean;
  /** It was told, and holds: the stream is not whole. */
  readonly isInvalid: (topic: string) => boolean;
}

export class Silence {
  readonly #scene: Scene;
  readonly #parts: SilenceParts;
  /** Topics of which something new was read, and nothing was told since. */
  readonly #read = new Map<string, Silent>();
  /** Topics of which the server has kept something for itself. */
  readonly #withheld = new Map<string, Silent>();

  constructor(scene: Scene, parts: SilenceParts) {
    this.#scene = scene;
    this.#parts = parts;
  }

  /** Something new of this topic was read. */
  read(topic: string): void {
    if (!this.#read.has(topic)) this.#read.set(topic, this.#now);
  }

  /** The server had something new of this topic, and kept it. */
  withheld(topic: string): void {
    if (!this.#withheld.has(topic)) this.#withheld.set(topic, this.#now);
  }

  /** A listener was given a message of this topic. */
  given(topic: string): void {
    this.#read.delete(topic);
    this.#withheld.delete(topic);
  }

  heard(fact: Fact): void {
    const names = namesIn("alert" in fact ? fact.alert : fact);
    if (names.length === 0) {
      this.#read.clear();
      this.#withheld.clear();
    } else for (const name of names) this.given(name);
  }

  /** After each step. */
  check(): void {
    if (!this.#scene.character.hasTap) return;
    this.#judge(this.#read, READ_MS, "was read");
    // Who has switched it off is told nothing.
    if (this.#scene.character.features.mute !== null)
      this.#judge(this.#withheld, MUTE_MS, "was withheld");
  }

  #judge(silent: Map<string, Silent>, boundMs: number, what: string): void {
    const { process, toleranceMs, violate } = this.#scene;
    for (const [topic, { atMs, stops }] of silent) {
      if (!this.#parts.isServed(topic) || stops !== process.stops) {
        silent.delete(topic);
        continue;
      }
      const silentMs = process.nowMs() - atMs;
      if (silentMs <= boundMs + toleranceMs || this.#parts.isInvalid(topic)) continue;
      violate("silence", `${topic} ${what} ${silentMs} ms ago, and nothing was told since`);
    }
  }

  get #now(): Silent {
    const { process } = this.#scene;
    return { atMs: process.nowMs(), stops: process.stops };
  }
}

/** The streams and topics that a fact is about; none where it is about the connection. */
function namesIn(about: object): readonly string[] {
  const {
    stream,
    topic,
    topics = [],
    overflow,
  } = about as {
    readonly stream?: string | null;
    readonly topic?: string;
    readonly topics?: readonly string[];
    readonly overflow?: { readonly streams: readonly { readonly stream: string }[] };
  };
  const dropped = overflow?.streams.map((range) => range.stream) ?? [];
  return [stream ?? [], topic ?? [], topics, dropped].flat();
}
