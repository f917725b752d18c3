/**
 * What the functions of a model give, checked: a model is explored at once, and a promise, or what is no answer,
 * would silently merge states or leave some out.
 */
export function checkGiven<T>(
  name: string,
  given: T,
  expected: string,
  isRight: (given: unknown) => boolean,
): T {
  if (isRight(given)) return given;
  // One that rejects must not end the process besides.
  void Promise.resolve(given).then(undefined, () => undefined);
  throw new TypeError(`the model's \`${name}\` must give ${expected}, at once`);
}

export const isText = (given: unknown): boolean => typeof given === "string";

export const isList = (given: unknown): boolean => Array.isArray(given);

export const isFlag = (given: unknown): boolean =>
  given === undefined || typeof given === "boolean";

export const isEvent = (given: unknown): boolean =>
  given === undefined ||
  (typeof given === "object" && given !== null && "type" in given && isText(given.type));
