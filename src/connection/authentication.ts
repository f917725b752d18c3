/**
 * The login step: the user's or venue's conversation on a fresh socket, inside the attempt's deadline.
 *
 * While it runs, messages belong to it and not to the consumer; what it leaves unread is delivered
 * afterwards, in order. It may throw or hang: the attempt ends as a loss of class `auth`, or at the
 * deadline.
 */
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
  #unread: ReceivedFrame[] = [];
  #reader: ((frame: ReceivedFrame) => void) | undefined;
  #fail: (error: Error) => void = () => undefined;

  constructor(parts: AuthenticationParts) {
    this.#parts = parts;
  }

  /** Gives the frames that were left unread. */
  async run(authenticate: Authenticate): Promise<readonly ReceivedFrame[]> {
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
      send: (frame) => Promise.race([this.#send(frame), gone]),
      receive: () => Promise.race([this.#receive(), gone]),
    };
    await Promise.race([authenticate(session), gone]);
    return this.#unread;
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
    const frame = this.#unread.shift();
    if (frame !== undefined) return Promise.resolve(frame);
    return new Promise((resolve) => {
      this.#reader = resolve;
    });
  }
}
