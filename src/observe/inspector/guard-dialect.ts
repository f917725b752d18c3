/** A bridge that a user brings, made total: what fails in it is counted, and ends neither viewer nor process. */
import { wrongValue } from "../../errors.ts";
import { onRejection } from "../../shape.ts";
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
  const { path: place, open, hear } = (given ?? {}) as Partial<SpokenDialect>;
  const isDialect = [open, hear].every((method) => typeof method === "function");
  if (!isDialect || typeof place !== "string") {
    throw wrongValue(path, "a dialect, with `path`, `open()` and `hear()`", given);
  }
  const guarded = (call: () => unknown): unknown => {
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
    path: place,
    hear: (event) => void guarded(() => given.hear(event)),
    open: (send) => {
      const talk = guarded(() => given.open(send)) as Partial<ReturnType<SpokenDialect["open"]>>;
      return {
        receive: (text) => void guarded(() => talk?.receive?.(text)),
        ended: () => void guarded(() => talk?.ended?.()),
      };
    },
  };
}
