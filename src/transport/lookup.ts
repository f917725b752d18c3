/**
 * A `lookup` that cannot harm.
 *
 * `net` trusts whatever a lookup answers: an empty list crashes the process with an uncaught
 * TypeError, on Node 20 to 26 (faults.md §0 #13). Here an answer without an address is `ENOTFOUND`, a
 * throw is an error, and a second answer is not heard.
 */
import { lookup, type LookupAddress } from "node:dns";
import type { LookupFunction } from "node:net";
import { OptionError } from "../errors.ts";
import { isPromiseLike, toError } from "../shape.ts";
import { atPrivateAddress, isPrivateAddress } from "./private-address.ts";

type Callback = Parameters<LookupFunction>[2];

/**
 * A lookup that is asked each question once at a time: whoever asks it again meanwhile gets the same
 * answer.
 *
 * The system looks up two names at a time, and nothing that is ended frees its place. With a resolver
 * that is dead each attempt would queue behind the ones that were given up (faults.md §0 #12).
 */
export function shareLookup(ask: LookupFunction): LookupFunction {
  const waiting = new Map<string, Callback[]>();
  return (hostname, options, callback) => {
    const question = JSON.stringify([hostname, options]);
    const others = waiting.get(question);
    if (others !== undefined) {
      others.push(callback);
      return;
    }
    const askers = [callback];
    waiting.set(question, askers);
    try {
      ask(hostname, options, (...answer) => {
        waiting.delete(question);
        for (const asker of askers.splice(0)) asker(...answer);
      });
    } catch (thrown) {
      waiting.delete(question);
      throw thrown;
    }
  };
}

/** One for the whole process. */
const systemLookup = shareLookup(lookup);

/**
 * `lookup`, or the system's, made total.
 *
 * @param deniesPrivate - An answer with a private address in it is an error. Checked here and nowhere
 *   else, because this is the very answer that is dialled.
 */
export function guardLookup(
  lookup: LookupFunction = systemLookup,
  deniesPrivate = false,
): LookupFunction {
  return (hostname, options, callback) => {
    let isAnswered = false;
    const fail = (thrown: unknown): void => answer(toError(thrown), []);
    const answer: typeof callback = (error, address, family) => {
      if (isAnswered) return;
      isAnswered = true;
      if (error) callback(error, address, family);
      else if (!hasAddress(address)) callback(notFound(hostname), []);
      else if (deniesPrivate && addressesOf(address).some(isPrivateAddress))
        callback(atPrivateAddress(hostname), []);
      // One address where a list was asked for: the commonest mistake of a lookup written by hand.
      else if (options.all && typeof address === "string")
        callback(null, [{ address, family: family ?? 0 }]);
      else callback(null, address, family);
    };
    try {
      const given: unknown = lookup(hostname, options, answer);
      if (isPromiseLike(given)) void Promise.resolve(given).then(refuseIn(answer), fail);
      else if (typeof given === "string" || Array.isArray(given)) refuseIn(answer)(given);
    } catch (thrown) {
      fail(thrown);
    }
  };
}

/** What a lookup returns says nothing, as it calls back; but one that returns the answer never will. */
function refuseIn(answer: Callback): (given: unknown) => void {
  return (given) => {
    if (given === undefined) return;
    answer(new OptionError("ws.lookup", "a function that calls back", given), []);
  };
}

/** Whether `net` can read `address` without falling over; that it is an IP, `net` checks itself. */
function hasAddress(address: string | readonly (LookupAddress | null | undefined)[]): boolean {
  if (!Array.isArray(address)) return typeof address === "string" && address !== "";
  return address.length > 0 && address.every((entry) => typeof entry?.address === "string");
}

function addressesOf(answer: string | readonly LookupAddress[]): readonly string[] {
  return typeof answer === "string" ? [answer] : answer.map(({ address }) => address);
}

function notFound(hostname: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`lookup gave no address for ${hostname}`), {
    code: "ENOTFOUND",
    syscall: "lookup",
    hostname,
  });
}
