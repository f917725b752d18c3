/**
 * A topic is what a user wants: a venue's own string, or any JSON value that names it.
 *
 * Its key is its text. Where no subscription protocol is given the text *is* the frame that is sent
 * on every connect, which is what most hand-written clients do in `onopen`.
 */
import { OptionError, wrongValue } from "../errors.ts";
import { isPlainObject } from "../shape.ts";

export type Topic = string | { readonly [key: string]: unknown };

/** The text of a topic. Throws an {@link OptionError} that names `path` for what cannot be sent. */
function topicKey(topic: unknown, path: string): string {
  const expected = "a non-empty string or a JSON-serialisable object";
  if (typeof topic === "string") {
    if (topic === "") throw new OptionError(path, expected, topic);
    return topic;
  }
  // A `Set`, a `Map` or a promise would be sent as "{}".
  if (!isPlainObject(topic) && !Array.isArray(topic)) throw wrongValue(path, expected, topic);
  let text: string | undefined;
  try {
    text = JSON.stringify(topic);
  } catch (error) {
    throw new OptionError(path, `${expected} (${String(error)})`, topic);
  }
  if (text === undefined) throw new OptionError(path, expected, topic);
  return text;
}

/** One topic or several, as keys. */
export function topicKeys(topics: unknown, path: string): readonly string[] {
  const list = isListOfTopics(topics) ? topics : [topics];
  return list.map((topic, index) => topicKey(topic, list === topics ? `${path}[${index}]` : path));
}

/** An array is a list of topics; a topic that is itself an array must be wrapped in one. */
function isListOfTopics(topics: unknown): topics is readonly unknown[] {
  return Array.isArray(topics);
}
