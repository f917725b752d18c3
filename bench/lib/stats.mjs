// What is made of numbers: medians, quantiles, and a median with the range it came from.

/** @param {readonly number[]} values */
export function median(values) {
  return quantile(values, 0.5);
}

/**
 * Between two neighbours it interpolates, so that the median of two is their mean.
 *
 * @param {readonly number[]} values
 * @param {number} share - 0 for the least, 1 for the greatest.
 */
export function quantile(values, share) {
  if (values.length === 0) return NaN;
  const sorted = Float64Array.from(values).sort();
  const place = share * (sorted.length - 1);
  const below = Math.floor(place);
  const lower = sorted[below];
  const upper = sorted[Math.min(below + 1, sorted.length - 1)];
  // Equal neighbours may both be Infinity: something that never happened.
  return lower === upper ? lower : lower + (upper - lower) * (place - below);
}

/** @param {readonly number[]} values */
export function summary(values) {
  return { median: median(values), min: Math.min(...values), max: Math.max(...values) };
}

/** A seeded shuffle: rounds differ in order, runs of the benchmark do not. */
export function shuffled(items, seed) {
  const next = mulberry32(seed);
  const result = [...items];
  for (let i = result.length - 1; i > 0; i -= 1) {
    const j = Math.floor(next() * (i + 1));
    [result[i], result[j]] = [result[j], result[i]];
  }
  return result;
}

/** Uniform in [0, 1), the same for the same seed. */
export function mulberry32(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
