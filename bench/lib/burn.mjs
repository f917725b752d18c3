// A planted slowdown: work that costs as long as asked, to see whether the gate notices.

let sink = 0;

function spin(times) {
  for (let i = 0; i < times; i += 1) sink = (Math.imul(sink, 1_664_525) + i) | 0;
}

/** A function that keeps the processor busy for so many nanoseconds; for 0 none. */
export function burner(durationNs) {
  if (!(durationNs > 0)) return undefined;
  const TRIES = 20_000_000;
  spin(TRIES / 10);
  const startNs = process.hrtime.bigint();
  spin(TRIES);
  const perSpinNs = Number(process.hrtime.bigint() - startNs) / TRIES;
  const times = Math.max(Math.round(durationNs / perSpinNs), 1);
  return () => spin(times);
}
