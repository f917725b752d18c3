/**
 * What a process holds and how it does: heap after a collection, resident memory, descriptors, handles
 * and timers, the loop's lateness, CPU. Needs `--expose-gc`.
 */
import { readdirSync } from "node:fs";
import { monitorEventLoopDelay } from "node:perf_hooks";

/** What is held at one instant. */
export interface Holdings {
  readonly atMs: number;
  /** After a full collection, buffers outside the heap included. */
  readonly heapMb: number;
  readonly rssMb: number;
  readonly fds: number;
  readonly timers: number;
  /** Sockets, pipes and whatever else keeps a loop alive, but for timers. */
  readonly handles: number;
}

/** Growth over a time, by least squares. */
export interface Slope {
  readonly overMinutes: number;
  readonly heapMbPerMinute: number;
  readonly rssMbPerMinute: number;
}

export interface Vitals {
  readonly start: Holdings;
  readonly end: Holdings;
  readonly slope: Slope;
  /** How late the loop was, in milliseconds; stops by SIGSTOP included. */
  readonly lagMs: { readonly p50: number; readonly p99: number; readonly max: number };
  /** CPU time by time, in percent of one core. */
  readonly cpuPercent: number;
}

const SAMPLE_EVERY_MS = 2_000;
const RESOLUTION_MS = 10;
const MB = 1024 * 1024;

export function look(): Holdings {
  globalThis.gc?.();
  const { heapUsed, external, rss } = process.memoryUsage();
  const resources = process.getActiveResourcesInfo();
  const timers = resources.filter((name) => name === "Timeout").length;
  return {
    atMs: performance.now(),
    heapMb: (heapUsed + external) / MB,
    rssMb: rss / MB,
    fds: countDescriptors(),
    timers,
    handles: resources.length - timers,
  };
}

/** 0 where there is no `/proc`. */
function countDescriptors(): number {
  try {
    return readdirSync("/proc/self/fd").length;
  } catch {
    return 0;
  }
}

/** Watches this process from now on until {@link VitalsWatch.end}. */
export class VitalsWatch {
  readonly #start = look();
  readonly #samples: Holdings[] = [];
  readonly #lag = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  readonly #cpu = process.cpuUsage();
  readonly #sampling: NodeJS.Timeout;

  constructor() {
    this.#lag.enable();
    this.#sampling = setInterval(() => this.#samples.push(look()), SAMPLE_EVERY_MS);
  }

  /** What was held while it ran; how much it grew in the last part of the time. */
  pause(): { readonly slope: Slope; readonly lagMs: Vitals["lagMs"]; readonly cpuPercent: number } {
    clearInterval(this.#sampling);
    this.#lag.disable();
    const { user, system } = process.cpuUsage(this.#cpu);
    const tookMs = performance.now() - this.#start.atMs;
    // The histogram counts from timer to timer: its own pace is no lateness.
    const late = (ns: number): number => Math.max(0, ns / 1e6 - RESOLUTION_MS);
    const { max } = this.#lag;
    return {
      slope: slopeOf(this.#samples.slice(Math.floor(this.#samples.length * 0.4))),
      lagMs: {
        p50: late(this.#lag.percentile(50)),
        p99: late(this.#lag.percentile(99)),
        max: late(max),
      },
      cpuPercent: ((user + system) / 1_000 / tookMs) * 100,
    };
  }

  /** When all is closed: what is still held. Waits a little for what is on its way out. */
  async end(): Promise<Vitals> {
    const measured = this.pause();
    const isBack = (): boolean => countDescriptors() <= this.#start.fds;
    for (let tries = 0; tries < 30 && !isBack(); tries += 1) {
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    return { start: this.#start, end: look(), ...measured };
  }
}

function slopeOf(samples: readonly Holdings[]): Slope {
  const [first] = samples;
  const last = samples.at(-1);
  const spanMs = (last?.atMs ?? 0) - (first?.atMs ?? 0);
  const perMinute = (value: (sample: Holdings) => number): number => {
    const meanAt = mean(samples.map(({ atMs }) => atMs));
    const meanValue = mean(samples.map(value));
    let [along, square] = [0, 0];
    for (const sample of samples) {
      along += (sample.atMs - meanAt) * (value(sample) - meanValue);
      square += (sample.atMs - meanAt) ** 2;
    }
    return square === 0 ? 0 : (along / square) * 60_000;
  };
  return {
    overMinutes: spanMs / 60_000,
    heapMbPerMinute: perMinute(({ heapMb }) => heapMb),
    rssMbPerMinute: perMinute(({ rssMb }) => rssMb),
  };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
