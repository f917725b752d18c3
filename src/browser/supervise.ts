/** The two ways to get a supervisor in a browser: the same one, over the page's own sockets. */
import { OptionError } from "../errors.ts";
import type { SupervisorOptions, Target } from "../supervisor/options.ts";
import type { Platform } from "../supervisor/platform.ts";
import { Supervisor } from "../supervisor/supervisor.ts";
import { createWebSocketTransport } from "../transport/web-socket-transport.ts";
import { browserClock } from "../system.ts";

/**
 * What a supervisor takes in a browser. Not `headers` and `ws`, which a page's sockets cannot do; and a
 * heartbeat says what it asks by, for there is no ping: `{ probe: () => '{"op":"ping"}' }`, or `null`.
 */
export type BrowserOptions<M> = Omit<
  SupervisorOptions<M>,
  "headers" | "ws" | "heartbeat" | "decode"
> & {
  readonly heartbeat: SupervisorOptions<M>["heartbeat"];
  /** One frame as a message: bytes, and whether they are text. @defaultValue text as a string */
  readonly decode?: ((data: Uint8Array, isBinary: boolean) => M) | undefined;
};

const page: Platform = {
  createTransport: () => createWebSocketTransport(),
  warn: (text) => console.warn(text),
};

/**
 * Supervises a connection of this page's. It dials as soon as the calling code has returned (in a
 * microtask), so that listeners that are attached until then hear of everything.
 *
 * @throws {@link OptionError} for anything that cannot work, before any I/O.
 */
export function supervise<M = string | Uint8Array>(
  target: Target<M>,
  options: BrowserOptions<M>,
): Supervisor<M> {
  return Supervisor.startAfterThisTurn(createSupervisor(target, options));
}

/** A supervisor whose chart somebody else runs, or that is started later. */
export function createSupervisor<M = string | Uint8Array>(
  target: Target<M>,
  options: BrowserOptions<M>,
): Supervisor<M> {
  const given: unknown = options;
  if (typeof given !== "object" || given === null) {
    throw new OptionError("options", "an object with a heartbeat", given);
  }
  const { heartbeat } = options;
  if (heartbeat !== null && heartbeat?.probe === undefined) {
    const expected = "one with a `probe` that the server answers (a page has no ping), or null";
    throw new OptionError("heartbeat", expected, heartbeat);
  }
  const complete = { clock: browserClock, decode: decodeText, ...options } as SupervisorOptions<M>;
  return new Supervisor(target, complete, page);
}

const decoder = new TextDecoder();

/** Text as a string, bytes as they are. */
function decodeText(data: Uint8Array, isBinary: boolean): string | Uint8Array {
  return isBinary ? data : decoder.decode(data);
}
