/**
 * The lowest and the highest of the numbers in one frame; NaN where one of them is none, which `Math.min`
 * would make of text and of null. The frame is delivered all the same, unjudged.
 */
export function rangeOf(numbers: readonly number[]): readonly [first: number, last: number] {
  if (!numbers.every(Number.isSafeInteger)) return [NaN, NaN];
  return [Math.min(...numbers), Math.max(...numbers)];
}
