// A steady stream: so many messages a second on each connection, one frame per write, from one ticker.
import { encodeFrame } from "./frames.mjs";

/** Digits of CLOCK_MONOTONIC in nanoseconds, which all processes of a machine share. */
const STAMP_DIGITS = 16;
const TICK_MS = 1;
/** After a stall of the machine the ticker catches up bit by bit: all at once would be a burst. */
const MOST_PER_TICK = 50;

/**
 * @param {readonly any[]} sessions
 * @param {{ perSecond: number, seconds: number, stamped: boolean, set: import("./flood.mjs").FrameSet }} plan
 * @returns {Promise<void>} Done.
 */
export function pace(sessions, { perSecond, seconds, stamped, set }) {
  const filler = " ".repeat(set.frames[0].length - STAMP_DIGITS);
  const nextFrame = stamped
    ? () => encodeFrame(String(process.hrtime.bigint()).padStart(STAMP_DIGITS, "0") + filler)
    : (session) => set.numbered((session.sent += 1));
  return new Promise((resolve) => {
    const startNs = process.hrtime.bigint();
    let sent = 0;
    const ticker = setInterval(() => {
      const elapsedSeconds = Number(process.hrtime.bigint() - startNs) / 1e9;
      const due = Math.floor(Math.min(elapsedSeconds, seconds) * perSecond) - sent;
      const now = Math.min(due, MOST_PER_TICK);
      sent += now;
      for (let i = 0; i < now; i += 1) {
        for (const session of sessions) session.write(nextFrame(session));
      }
      // None is left out: the client waits for as many as were announced.
      if (sent < Math.floor(seconds * perSecond)) return;
      clearInterval(ticker);
      resolve();
    }, TICK_MS);
  });
}
