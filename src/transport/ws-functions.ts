/**
 * The functions among the options of `ws`, made total.
 *
 * Node calls them from the event loop's own stack, and takes what they give on trust: what they throw there, a
 * promise or anything else that is no stream would end the process as an uncaught TypeError.
 */
import type { Duplex } from "node:stream";
import type { ConnectionOptions } from "node:tls";
import { wrongValue } from "../errors.ts";
import { hasMethods, isError, toError } from "../shape.ts";

type IdentityCheck = NonNullable<ConnectionOptions["checkServerIdentity"]>;

/** What it throws, and what is neither nothing nor an error, refuses the certificate. */
export function guardIdentityCheck(check: IdentityCheck): IdentityCheck {
  return (hostname, certificate) => {
    try {
      const given: unknown = check(hostname, certificate) ?? undefined;
      if (given === undefined || isError(given)) return given;
      return wrongValue("ws.checkServerIdentity()", "undefined or an Error", given);
    } catch (thrown) {
      return toError(thrown);
    }
  };
}

type Created = (error: Error | null, stream?: Duplex) => void;
type Creation = (options: ConnectionOptions, created?: Created) => Duplex | undefined;

/** What it throws, or gives in place of a stream, is an error of the attempt. */
export function guardCreation(create: (options: ConnectionOptions) => Duplex): Creation {
  const createStream: Creation = create;
  return (options, created) => {
    // Node's own convention: a stream that takes time is given to the second argument.
    const isLate = create.length > 1 && created !== undefined;
    const stream = createStream(
      options,
      created && ((error, late) => created(error ?? problemOf(late) ?? null, late)),
    );
    if (stream === undefined && isLate) return undefined;
    const problem = problemOf(stream);
    if (problem !== undefined) throw problem;
    return stream;
  };
}

const METHODS = ["on", "once", "write", "end", "destroy"] as const;

function problemOf(given: unknown): Error | undefined {
  if (hasMethods(given, METHODS)) return undefined;
  return wrongValue("ws.createConnection()", "a Duplex stream", given);
}
