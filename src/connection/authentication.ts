/**
 * The login step: the user's or venue's conversation on a fresh socket, inside the attempt's deadline.
 *
 * While it runs, messages belong to it and not to the consumer; what it leaves unread is delivered
 * afterwards, in order. It may throw or hang: the attempt ends as a loss of class `auth`, or at the
 * deadline.
 */
import { Queue } from "../queue.ts";
import type { AttemptContext } from "./resolvable.ts";
import { encodeFrame, type Frame } from "../subscriptions/protocol.ts";

/** What a login may do. */
export interface AuthenticationSession extends AttemptContext {
  /** Writes one frame; resolves when the kernel has it. */
  send(frame: Frame): Promise<void>;
  /** The next message, in order; rejects when the socket is gone. */
  receive(): Promise<ReceivedFrame>;
}

export interface ReceivedFrame {
  readonly data: Buffer;
  readonly isBinary: boolean;
}

/** Logs in; throws (or rejects) when the credentials are refused. */
export type Authenticate = (session: AuthenticationSession) => void | Promise<void>;

/** More than this unread is no login. */
const MAX_UNREAD = 1_024;

export interface AuthenticationParts extends AttemptContext {
  readonly send: (data: string | Uint8Array, done: (error?: Error) => void) => void;
}

export class Authentication {
  readonly #parts: AuthenticationParts;
  readonly #unread = new Queue<ReceivedFrame>();
  #reader: ((frame: ReceivedFrame) => void) | undefined;
  #fail: (error: Error) => void = () => undefined;

  constructor(parts: AuthenticationParts) {
    this.#parts = parts;
  }

  async run(authenticate: Authenticate): Promise<void> {
    const { signal } = this.#parts;
    const gone = new Promise<never>((_, reject) => {
      this.#fail = reject;
      signal.addEventListener("abort", () => reject(new Error("the attempt is over")), {
        once: true,
      });
    });
    gone.catch(() => undefined);
    const session: AuthenticationSession = {
      reason: this.#parts.reason,
      attempt: this.#parts.attempt,
      signal,
      send: (frame) => optional(Promise.race([this.#send(frame), gone])),
      receive: () => optional(Promise.race([this.#receive(), gone])),
    };
    await Promise.race([authenticate(session), gone]);
    this.#reader = undefined; // one that was given up must not swallow the feed's first message
  }

  /** The next of the frames that the login left unread. */
  take(): ReceivedFrame | undefined {
    return this.#unread.take();
  }

  receive(data: Buffer, isBinary: boolean): void {
    const frame = { data, isBinary };
    const reader = this.#reader;
    if (reader !== undefined) {
      this.#reader = undefined;
      reader(frame);
    } else if (this.#unread.length < MAX_UNREAD) {
      this.#unread.push(frame);
    } else {
      this.#fail(new Error(`more than ${MAX_UNREAD} messages came before the login was done`));
    }
  }

  #send(frame: Frame): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#parts.send(encodeFrame(frame), (error) => {
        if (error === undefined) resolve();
        else reject(error);
      });
    });
  }

  #receive(): Promise<ReceivedFrame> {
    const frame = this.#unread.take();
    if (frame !== undefined) return Promise.resolve(frame);
    return new Promise((resolve) => {
      this.#reader = resolve;
    });
  }
}

/** A login need not await all that it asks for: what nobody awaits must not end the process. */
function optional<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  return promise;
}
