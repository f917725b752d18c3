/**
 * What a function says of a message, checked: users write `acknowledge` and `control`, and their answer decides
 * whether a message is delivered. Run for messages that say something only; data costs nothing here.
 */
import { isRefusal } from "../../machines/refusal.ts";
import { OptionError, wrongValue } from "../errors.ts";
import { isPlainObject } from "../shape.ts";
import type { Acknowledgement, TopicRejection } from "./protocol.ts";

const EXPECTED = "undefined, or an object with `id`, `topics`, `state` or `unmatched`";

/**
 * An answer to requests. `null` for a part that is left out counts as left out, as JSON has no `undefined`.
 *
 * @throws {@link OptionError} for what is no answer; the rejection of a promise is handled.
 */
export function checkAnswer(value: unknown, path: string): Acknowledgement {
  if (!isPlainObject(value)) throw wrongValue(path, EXPECTED, value);
  if (value["unmatched"] === true) return { unmatched: true };
  if ("state" in value) return { state: checkTopics(value["state"], `${path}.state`) };
  const said = checkRefusal(value, path);
  if ("topics" in value) return { topics: checkTopics(value["topics"], `${path}.topics`), ...said };
  if (!("id" in value)) throw new OptionError(path, EXPECTED, value);
  const { id, rejected } = value;
  if (typeof id !== "number") throw new OptionError(`${path}.id`, "the number of a request", id);
  if (rejected === undefined || rejected === null) return { id, ...said };
  if (!Array.isArray(rejected)) throw new OptionError(`${path}.rejected`, "a list", rejected);
  const list: readonly unknown[] = rejected;
  return { id, ...said, rejected: list.map((one) => checkRejection(one, `${path}.rejected`)) };
}

function checkTopics(value: unknown, path: string): readonly string[] {
  const isNames = Array.isArray(value) && value.every((topic) => typeof topic === "string");
  if (!isNames) throw new OptionError(path, "a list of topics as text", value);
  return value;
}

function checkRejection(value: unknown, path: string): TopicRejection {
  if (!isPlainObject(value)) throw new OptionError(path, "{ topic, reason } in it", value);
  const { topic, reason, refusal } = value;
  if (typeof topic !== "string") throw new OptionError(`${path}.topic`, "a topic as text", topic);
  if (typeof reason !== "string") throw new OptionError(`${path}.reason`, "a string", reason);
  return { topic, reason, refusal: refusalIn(refusal, path) };
}

function checkRefusal({ error, refusal }: Readonly<Record<string, unknown>>, path: string) {
  if (error !== undefined && error !== null && typeof error !== "string") {
    throw new OptionError(`${path}.error`, "a string", error);
  }
  return { error: error ?? undefined, refusal: refusalIn(refusal, path) };
}

function refusalIn(value: unknown, path: string) {
  if (value === undefined || value === null) return undefined;
  if (!isRefusal(value)) throw new OptionError(`${path}.refusal`, "`never` or `later()`", value);
  return value;
}
