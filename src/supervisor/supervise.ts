/** The two ways to get a supervisor. */
import { createWsTransport } from "../transport/ws-transport.ts";
import type { VenueProfile } from "../venues/venue.ts";
import type { RawMessage, SupervisorOptions, Target } from "./options.ts";
import type { Platform } from "./platform.ts";
import { Supervisor } from "./supervisor.ts";

const node: Platform = {
  createTransport: createWsTransport,
  warn: (text) =>
    process.emitWarning(text, { type: "WsSupervisorWarning", code: "WS_SUPERVISOR_UNHEARD" }),
};

/**
 * Supervises a connection. It dials as soon as the calling code has returned (in a microtask), so that
 * listeners that are attached until then hear of everything; its state is `connecting` until then. Closed by
 * then, it never dials.
 *
 * @param target - A URL, a function that gives one per attempt, or a venue profile.
 * @throws {@link OptionError} for anything that cannot work, before any I/O.
 */
export function supervise<M>(
  target: VenueProfile<M>,
  options?: SupervisorOptions<M>,
): Supervisor<M>;
export function supervise<M = RawMessage>(
  target: Target<M>,
  options?: SupervisorOptions<M>,
): Supervisor<M>;
export function supervise<M>(target: Target<M>, options?: SupervisorOptions<M>): Supervisor<M> {
  return Supervisor.startAfterThisTurn(createSupervisor(target, options));
}

/**
 * A supervisor whose chart somebody else runs: `invoke: { src: connectionMachine, input:
 * supervisor.input }`. The supervisor is still the handle for subscribe, send and messages. `start()` runs it
 * in an actor of its own, and dials within the call.
 *
 * @throws {@link OptionError} for anything that cannot work, before any I/O.
 */
export function createSupervisor<M>(
  target: VenueProfile<M>,
  options?: SupervisorOptions<M>,
): Supervisor<M>;
export function createSupervisor<M = RawMessage>(
  target: Target<M>,
  options?: SupervisorOptions<M>,
): Supervisor<M>;
export function createSupervisor<M>(
  target: Target<M>,
  options: SupervisorOptions<M> = {},
): Supervisor<M> {
  return new Supervisor(target, options, node);
}
