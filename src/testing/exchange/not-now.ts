/** What a venue says to a request that it cannot serve now. */

/** Codes with their texts; the usual one first. */
export type NotNowWords = readonly (readonly [code: string, text: string])[];

/** The words for a code, or the usual ones. A code that is not listed comes with the usual text. */
export function notNow(
  words: NotNowWords,
  code: string | undefined,
): { readonly code: string; readonly text: string } {
  const [usual] = words;
  const found = words.find(([each]) => each === code) ?? usual;
  if (found === undefined) throw new Error("a venue without words for not now");
  return { code: code ?? found[0], text: found[1] };
}
