/** The browser's clock: as Node's, but for a turn of the event loop, which a page has no `setImmediate` for. */
import { realClock, type Clock } from "../system.ts";

export const browserClock: Clock = {
  ...realClock,
  // A task of its own, behind whatever has come in already.
  nextTurn: (callback) => {
    realClock.setTimeout(callback, 0);
  },
};
