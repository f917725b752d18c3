/**
 * The process's own time and chance, taken away for the length of a life.
 *
 * `Date.now` is the wall clock, which somebody sets now and then; XState stamps its timers with it and
 * reads it never. All else may not be asked: a life that asked would not be the same twice.
 */

/** A wall clock that a world sets. */
export interface WallClock {
  wallMs(): number;
}

/**
 * Gives the function that puts everything back. `isAlone`: nothing else runs in this process, so timers
 * and chance are taken away as well, and `onUse` is told who reaches for them.
 */
export function takeGlobals(
  wall: WallClock,
  isAlone: boolean,
  onUse: (name: string) => void,
): () => void {
  const { now } = Date;
  const { random } = Math;
  const { setTimeout, setInterval } = globalThis;
  const performanceNow = performance.now.bind(performance);
  const refuse = (name: string) => () => {
    onUse(`${name} ${process.env["TRACE"] ? new Error().stack : ""}`);
    return 0;
  };
  Date.now = () => wall.wallMs();
  if (isAlone) {
    Math.random = refuse("Math.random");
    performance.now = refuse("performance.now");
    Object.assign(globalThis, {
      setTimeout: refuse("setTimeout"),
      setInterval: refuse("setInterval"),
    });
  }
  return () => {
    Date.now = now;
    if (!isAlone) return;
    Math.random = random;
    performance.now = performanceNow;
    Object.assign(globalThis, { setTimeout, setInterval });
  };
}
