/**
 * Chance as data: a stream of numbers whose whole state is one integer.
 *
 * The state lies in the chart's context, so every jitter is visible before it is waited out and a
 * run replays exactly from its seed.
 */

/**
 * One step of mulberry32.
 *
 * @param state - 32-bit integer; the seed at first, then what the last step gave.
 * @returns a value in [0, 1) and the next state.
 * @see {@link https://github.com/bryc/code/blob/master/jshash/PRNGs.md#mulberry32}
 */
export function nextRandom(state: number): readonly [value: number, state: number] {
  const next = (state + 0x6d2b79f5) | 0;
  let mixed = Math.imul(next ^ (next >>> 15), 1 | next);
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
  return [((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32, next];
}

/** The same stream as a function, for whoever may hold state (the simulated exchange, tests). */
export function createRandom(seed: number): () => number {
  let state = seed | 0;
  return () => {
    const [value, next] = nextRandom(state);
    state = next;
    return value;
  };
}
