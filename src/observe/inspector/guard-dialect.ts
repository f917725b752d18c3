/** A bridge that a user brings, made total: what fails in it is counted, and ends neither viewer nor process. */
import { wrongValue } from "../../errors.ts";
import { hasMethods, onRejection } from "../../shape.ts";
import type { SpokenDialect } from "./options.ts";

/**
 * @param failed - Called for each failure.
 * @throws {@link OptionError} for what is no dialect
 */
export function guardDialect(
  given: SpokenDialect,
  path: string,
  failed: () => void,
): SpokenDialect {
  if (!hasMethods(given, ["open", "hear"]) || typeof given.path !== "string") {
    throw wrongValue(path, "a dialect, with `path`, `open()` and `hear()`", given);
  }
  const guarded = <T>(call: () => T): T | undefined => {
    try {
      const result = call();
      onRejection(result, failed);
      return result;
    } catch {
      failed();
      return undefined;
    }
  };
  return {
    path: given.path,
    hear: (event) => guarded(() => given.hear(event)),
    open: (send) => {
      const talk = guarded(() => {
        const opened = given.open(send);
        if (hasMethods(opened, ["receive"])) return opened;
        throw wrongValue(`${path}.open()`, "an object with `receive()`", opened);
      });
      return {
        receive: (text) => guarded(() => talk?.receive(text)),
        ended: () => guarded(() => talk?.ended?.()),
      };
    },
  };
}
