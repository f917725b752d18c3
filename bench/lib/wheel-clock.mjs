// A clock whose timers share one interval: a wheel of slots, as a fleet of connections might bring.
//
// A timer fires up to a slot late, never early; that is the price. Node's own timers are a list per
// duration, so that thousands of different durations are thousands of lists.
const SLOT_MS = 10;

export function createWheelClock() {
  const nowMs = () => performance.timeOrigin + performance.now();
  const slots = new Map();
  let slot = Math.floor(nowMs() / SLOT_MS);
  let ticker;

  function turn() {
    const now = Math.floor(nowMs() / SLOT_MS);
    for (; slot < now; slot += 1) {
      const due = slots.get(slot);
      if (due === undefined) continue;
      slots.delete(slot);
      for (const timer of due) timer.callback();
    }
    if (slots.size > 0) return;
    clearInterval(ticker);
    ticker = undefined;
  }

  return {
    nowMs,
    setTimeout: (callback, delayMs) => {
      const at = Math.floor((nowMs() + delayMs) / SLOT_MS) + 1;
      const timer = { callback, at };
      const due = slots.get(at) ?? new Set();
      slots.set(at, due.add(timer));
      if (ticker === undefined) {
        slot = Math.floor(nowMs() / SLOT_MS);
        ticker = setInterval(turn, SLOT_MS);
      }
      return timer;
    },
    clearTimeout: (timer) => {
      if (timer === undefined || timer === null) return;
      const due = slots.get(timer.at);
      due?.delete(timer);
      if (due?.size === 0) slots.delete(timer.at);
    },
    nextTurn: (callback) => {
      setImmediate(callback);
    },
  };
}
