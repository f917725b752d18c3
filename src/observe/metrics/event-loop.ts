/** How long this process's event loop was blocked: the worst since it was last asked. */
import { monitorEventLoopDelay } from "node:perf_hooks";

const RESOLUTION_MS = 10;

export interface EventLoopWatch {
  /** In seconds, what a timer is late by itself taken off. */
  worstLagS(): number;
  stop(): void;
}

/** Its timer does not keep the process alive. */
export function watchEventLoop(): EventLoopWatch {
  const delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delays.enable();
  return {
    worstLagS: () => {
      const worstMs = delays.max / 1e6;
      delays.reset();
      return Math.max(worstMs - RESOLUTION_MS, 0) / 1_000;
    },
    stop: () => void delays.disable(),
  };
}
