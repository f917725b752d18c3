/**
 * The owner's end of a socket, on whichever transport: writes down all that it is told and does.
 *
 * The words: a phase (`dns`, `tcp`, `tls`, `upgrade`) as it begins · `opened` · `text hi`, `text 25
 * characters`, `binary 2 bytes` · `pinged`, `pinged ×60` · `sent` and `not sent` for each answer to a send
 * · `(pauses)`, `(resumes)`, `(closes)`, `(terminates)` for what the owner does · the loss.
 */
import type { Loss, LossPhase } from "../../../machines/loss.ts";
import type { SocketSink, TransportSocket } from "../../../src/transport/transport.ts";
import type { LossFacts, Reactions } from "./case.ts";

/** A line of what was heard: a word, or the loss that `ended` told. */
export type Heard = string | LossFacts;

/** Longer texts are told by their length. */
const SHOWN = 24;

export class Client implements SocketSink {
  heard: Heard[] = [];
  readonly #reactions: Reactions;
  readonly #waiting = new Set<() => void>();
  #socket: TransportSocket | undefined;

  constructor(reactions: Reactions = {}) {
    this.#reactions = reactions;
  }

  get socket(): TransportSocket {
    if (this.#socket === undefined) throw new Error("nothing was dialled yet");
    return this.#socket;
  }

  set socket(socket: TransportSocket) {
    this.#socket = socket;
  }

  // What it is told.

  progressed(phase: LossPhase): void {
    this.#hear(phase);
    this.#reactions.progressed?.(this, phase);
  }

  opened(): void {
    this.#hear("opened");
    this.#reactions.opened?.(this, "");
  }

  message(data: Buffer, isBinary: boolean): void {
    const text = data.toString();
    const what = text.length > SHOWN ? `${text.length} characters` : text;
    this.#hear(isBinary ? `binary ${data.length} bytes` : `text ${what}`);
    this.#reactions.message?.(this, text);
  }

  pinged(): void {
    const last = this.heard.at(-1);
    const run = typeof last === "string" ? /^pinged(?: ×(\d+))?$/.exec(last) : null;
    if (run !== null) this.heard.pop();
    this.#hear(run === null ? "pinged" : `pinged ×${Number(run[1] ?? 1) + 1}`);
  }

  ended(loss: Loss): void {
    this.#hear(factsOf(loss));
    this.#reactions.ended?.(this, loss.class);
  }

  // What it does.

  pauses(): void {
    this.#hear("(pauses)");
    this.socket.pause();
  }

  resumes(): void {
    this.#hear("(resumes)");
    this.socket.resume();
  }

  closes(code = 1000, reason = ""): void {
    this.#hear("(closes)");
    this.socket.close(code, reason);
  }

  terminates(): void {
    this.#hear("(terminates)");
    this.socket.terminate();
  }

  sends(data: string | Uint8Array): void {
    this.socket.send(data, (error) => this.#hear(error === undefined ? "sent" : "not sent"));
  }

  /** Resolves when `word` has been heard so many times. */
  async until(word: string, times = 1): Promise<void> {
    while (this.heard.filter((heard) => heard === word).length < times) await this.#more();
  }

  /** Resolves when a loss has been told. */
  async loss(): Promise<void> {
    while (!this.heard.some((heard) => typeof heard !== "string")) await this.#more();
  }

  #more(): Promise<void> {
    return new Promise((resolve) => this.#waiting.add(resolve));
  }

  #hear(what: Heard): void {
    this.heard.push(what);
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }
}

/** A loss without its words, but for those of a close frame, which are the peer's own. */
export function factsOf({ detail, ...facts }: Loss): LossFacts {
  return facts.closeCode === undefined || detail === undefined ? facts : { ...facts, detail };
}
