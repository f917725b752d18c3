/** The two ways to get a supervisor. */
import { createWsTransport } from "../transport/ws-transport.ts";
import type { VenueProfile } from "../venues/venue.ts";
import type { RawMessage, SupervisorOptions, Target } from "./options.ts";
import { Supervisor } from "./supervisor.ts";

/**
 * Supervises a connection, starting now.
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
  return createSupervisor(target, options).start();
}

/**
 * A supervisor whose chart somebody else runs: `invoke: { src: connectionMachine, input:
 * supervisor.input }`. The supervisor is still the handle for subscribe, send and messages.
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
  return new Supervisor(target, options, createWsTransport);
}
