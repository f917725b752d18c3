/** A command run in this process, with streams that remember what was written to them. */
import { Writable } from "node:stream";
import { runCli } from "../../../src/cli/program.ts";

/** A stream that keeps everything. */
export class Collector extends Writable {
  isTTY = false;
  columns = 80;
  rows = 40;
  readonly #chunks: Buffer[] = [];
  readonly #waiters: { readonly isDone: () => boolean; readonly resolve: () => void }[] = [];

  get bytes(): Buffer {
    return Buffer.concat(this.#chunks);
  }

  get text(): string {
    return this.bytes.toString("utf8");
  }

  get lines(): readonly string[] {
    return this.text.split("\n").slice(0, -1);
  }

  /** Resolves when what has been written makes `isDone` true. */
  until(isDone: () => boolean): Promise<void> {
    if (isDone()) return Promise.resolve();
    return new Promise((resolve) => {
      this.#waiters.push({ isDone, resolve });
    });
  }

  async firstLine(): Promise<string> {
    await this.until(() => this.lines.length > 0);
    return this.lines[0] ?? "";
  }

  override _write(chunk: Buffer, _: BufferEncoding, done: (error?: Error) => void): void {
    this.#chunks.push(chunk);
    const waiters = this.#waiters.splice(0);
    for (const waiter of waiters) {
      if (waiter.isDone()) waiter.resolve();
      else this.#waiters.push(waiter);
    }
    done();
  }
}

export interface RunningCommand {
  readonly stdout: Collector;
  readonly stderr: Collector;
  readonly exitCode: Promise<number>;
  /** As SIGINT does. Gives the exit code. */
  stop(): Promise<number>;
}

export function startCommand(...argv: string[]): RunningCommand {
  return startCommandWith(new Collector(), ...argv);
}

export function startCommandWith(stdout: Collector, ...argv: string[]): RunningCommand {
  return startCommandIn({ stdout }, ...argv);
}

/** What a test gives of the process. */
interface GivenIo {
  readonly stdout?: Collector;
  readonly stderr?: Collector;
  readonly env?: Readonly<Record<string, string>>;
}

export function startCommandIn(given: GivenIo, ...argv: string[]): RunningCommand {
  const { stdout = new Collector(), stderr = new Collector(), env = {} } = given;
  const interrupt = new AbortController();
  const exitCode = runCli(argv, { stdout, stderr, env, signal: interrupt.signal });
  return {
    stdout,
    stderr,
    exitCode,
    stop: () => {
      interrupt.abort();
      return exitCode;
    },
  };
}

/** Runs a command to its own end. */
export async function runCommand(...argv: string[]): Promise<{
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}> {
  const { stdout, stderr, exitCode } = startCommand(...argv);
  return { exitCode: await exitCode, stdout: stdout.text, stderr: stderr.text };
}
