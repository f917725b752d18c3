/**
 * A `lookup` that cannot harm.
 *
 * `net` trusts whatever a lookup answers: an empty list crashes the process with an uncaught
 * TypeError, on Node 20 to 26 (faults.md §0 #13). Here an answer without an address is `ENOTFOUND`, a
 * throw is an error, and a second answer is not heard.
 */
import { lookup as systemLookup, type LookupAddress } from "node:dns";
import type { LookupFunction } from "node:net";

/** `lookup`, or the system's, made total. */
export function guardLookup(lookup: LookupFunction = systemLookup): LookupFunction {
  return (hostname, options, callback) => {
    let isAnswered = false;
    const answer: typeof callback = (error, address, family) => {
      if (isAnswered) return;
      isAnswered = true;
      if (error) callback(error, address, family);
      else if (!hasAddress(address)) callback(notFound(hostname), []);
      // One address where a list was asked for: the commonest mistake of a lookup written by hand.
      else if (options.all && typeof address === "string")
        callback(null, [{ address, family: family ?? 0 }]);
      else callback(null, address, family);
    };
    try {
      lookup(hostname, options, answer);
    } catch (thrown) {
      answer(thrown instanceof Error ? thrown : new Error(String(thrown)), []);
    }
  };
}

/** Whether `net` can read `address` without falling over; that it is an IP, `net` checks itself. */
function hasAddress(address: string | readonly (LookupAddress | null | undefined)[]): boolean {
  if (!Array.isArray(address)) return typeof address === "string" && address !== "";
  return address.length > 0 && address.every((entry) => typeof entry?.address === "string");
}

function notFound(hostname: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`lookup gave no address for ${hostname}`), {
    code: "ENOTFOUND",
    syscall: "lookup",
    hostname,
  });
}
