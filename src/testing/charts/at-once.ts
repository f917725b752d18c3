/** A model is explored at once: a promise where a value is meant would be taken for an answer. */
export function atOnce<T>(name: string, given: T): T {
  const isPromise = typeof given === "object" && given !== null && "then" in given;
  if (!isPromise) return given;
  void Promise.resolve(given).then(undefined, () => undefined);
  throw new TypeError(`the model's \`${name}\` gave a promise: a model is explored at once`);
}
