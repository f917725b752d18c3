/**
 * Two network namespaces with a link between them that can be cut, slowed and made lossy: what happens to
 * packets, not to sockets. Needs root, `ip`, Python 3 and /dev/net/tun; real time, because the kernels'
 * timers are.
 */
import { execFileSync, spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterEach } from "vitest";

/** The client's side and the server's. */
export const SERVER = "10.78.0.2";
/** On the link, and nobody's: SYNs to it vanish. */
export const NOWHERE = "10.78.0.9";
export const PORT = 9_000;

const programs = join(import.meta.dirname, "programs");
const cleanups: (() => void)[] = [];

afterEach(() => {
  for (const cleanup of cleanups.splice(0).reverse()) cleanup();
});

/** What is missing for these tests; undefined when nothing is. */
export function lacking(): string | undefined {
  if (process.getuid?.() !== 0) return "root";
  if (!existsSync("/dev/net/tun")) return "/dev/net/tun";
  for (const [command, ...question] of [
    ["python3", "--version"],
    ["ip", "netns", "list"],
  ] as const) {
    try {
      execFileSync(command, question, { stdio: "ignore" });
    } catch {
      return command;
    }
  }
  return undefined;
}

/** How the link is, towards one side or both. */
export interface LinkSettings {
  readonly towards?: "client" | "server";
  readonly delay_ms?: number;
  readonly jitter_ms?: number;
  readonly loss?: number;
  readonly is_cut?: boolean;
}

/** One line of a program's, parsed. */
export interface Said {
  readonly type: string;
  readonly loss?: { readonly class: string; readonly phase: string; readonly code?: string };
  readonly rule?: string;
  readonly retryInMs?: number;
  readonly attempt?: number;
  readonly n?: number;
  readonly from?: number;
  readonly to?: number;
}

/** A process that speaks in JSON lines. */
export class Program {
  readonly said: Said[] = [];
  readonly #process: ChildProcessWithoutNullStreams;
  readonly #waiting = new Set<() => void>();

  constructor(namespace: string, file: string, ...more: readonly string[]) {
    const command = ["netns", "exec", namespace, process.execPath, join(programs, file), ...more];
    this.#process = spawn("ip", command);
    this.#process.stderr.pipe(process.stderr);
    cleanups.push(() => this.#process.kill("SIGKILL"));
    createInterface({ input: this.#process.stdout }).on("line", (line) => {
      this.said.push(JSON.parse(line) as Said);
      for (const resolve of this.#waiting) resolve();
      this.#waiting.clear();
    });
  }

  all(type: string): Said[] {
    return this.said.filter((said) => said.type === type);
  }

  /** The `nth` line of a type, when it has been said. */
  async says(type: string, nth = 1): Promise<Said> {
    for (;;) {
      const said = this.all(type)[nth - 1];
      if (said !== undefined) return said;
      await new Promise<void>((resolve) => this.#waiting.add(resolve));
    }
  }

  /** So many lines of a type more than there are now. */
  more(type: string, count = 1): Promise<Said> {
    return this.says(type, this.all(type).length + count);
  }

  tell(line: string): void {
    this.#process.stdin.write(`${line}\n`);
  }
}

let networks = 0;

export class Network {
  readonly #id = `${process.pid}-${++networks}`;
  readonly #client = `wsc-${this.#id}`;
  readonly #server = `wss-${this.#id}`;
  readonly #link: ChildProcessWithoutNullStreams;
  readonly #answers: AsyncIterator<string>;

  private constructor() {
    for (const namespace of [this.#client, this.#server]) {
      ip("netns", "add", namespace);
      cleanups.push(() => ip("netns", "del", namespace));
    }
    this.#link = spawn("python3", [
      join(import.meta.dirname, "link.py"),
      this.#client,
      this.#server,
    ]);
    this.#link.stderr.pipe(process.stderr);
    cleanups.push(() => this.#link.kill("SIGKILL"));
    this.#answers = createInterface({ input: this.#link.stdout })[Symbol.asyncIterator]();
  }

  static async create(): Promise<Network> {
    const network = new Network();
    await network.#answers.next(); // ready
    return network;
  }

  /** The link is so from now on. */
  async link({ towards, ...settings }: LinkSettings): Promise<void> {
    const side = towards === undefined ? "both" : towards === "client" ? "a" : "b";
    await this.#tell({ towards: side, ...settings });
  }

  /** The link goes down and up again so many times. */
  flap(times: number, downMs: number, upMs: number): Promise<void> {
    return this.#tell({ flap: times, down_ms: downMs, up_ms: upMs });
  }

  /** `ip` in the client's namespace. */
  clientIp(...command: readonly string[]): void {
    ip("-n", this.#client, ...command);
  }

  /** A feed that listens in the server's namespace. */
  async serve(): Promise<Program> {
    const server = new Program(this.#server, "server.mjs", String(PORT));
    await server.says("listening");
    return server;
  }

  /** A supervisor in the client's namespace. */
  dial(dist: string, url: string, options: object = {}): Program {
    return new Program(this.#client, "client.mjs", dist, url, JSON.stringify(options));
  }

  async #tell(command: object): Promise<void> {
    this.#link.stdin.write(`${JSON.stringify(command)}\n`);
    await this.#answers.next();
  }
}

function ip(...command: readonly string[]): void {
  execFileSync("ip", command);
}
