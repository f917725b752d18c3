// Server and clients run in processes of their own and are spoken to over their IPC channel.
//
// `ask` sends a question and resolves with the answer; answers come in the order of the questions. A process
// that dies, or answers `{ error }`, rejects what was asked; each is ended through its own handle.
import { fork } from "node:child_process";
import { join } from "node:path";

export const benchRoot = join(import.meta.dirname, "..");

const ANSWER_WITHIN_MS = 120_000;

export class BenchProcess {
  #child;
  #stderr = "";
  /** Who waits for a word, oldest first. */
  #waiting = [];
  #death;

  /**
   * @param {string} file - Below `bench/`.
   * @param {readonly string[]} args
   * @param {readonly string[]} execArgv - Flags of Node.
   */
  constructor(file, args = [], execArgv = []) {
    this.#child = fork(join(benchRoot, file), args, {
      stdio: ["ignore", "ignore", "pipe", "ipc"],
      execArgv: ["--no-warnings", ...execArgv],
    });
    this.#child.stderr.setEncoding("utf8").on("data", (text) => {
      this.#stderr = (this.#stderr + text).slice(-2_000);
    });
    this.#child.on("message", (answer) => {
      if (typeof answer.error === "string") this.#settle("reject", new Error(answer.error));
      else this.#settle("resolve", answer);
    });
    this.#child.on("exit", (code, signal) => {
      const how = signal ?? `exit ${code}`;
      this.#death = new Error(`${file} ${args.join(" ")}: ${how} ${this.#stderr.trim()}`);
      while (this.#waiting.length > 0) this.#settle("reject", this.#death);
    });
  }

  /** The next thing the process says, without asking: its first word when it is ready. */
  hear() {
    if (this.#death !== undefined) return Promise.reject(this.#death);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#settle("reject", new Error(`no answer within ${ANSWER_WITHIN_MS} ms`));
      }, ANSWER_WITHIN_MS);
      this.#waiting.push({ resolve, reject, timer });
    });
  }

  ask(question) {
    const answer = this.hear();
    this.#child.send(question);
    return answer;
  }

  signal(name) {
    this.#child.kill(name);
  }

  stop() {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return Promise.resolve();
    const gone = new Promise((resolve) => {
      this.#child.once("exit", resolve);
    });
    this.#child.kill("SIGKILL");
    return gone;
  }

  #settle(how, value) {
    const waiting = this.#waiting.shift();
    if (waiting === undefined) return;
    clearTimeout(waiting.timer);
    waiting[how](value);
  }
}

/** The server, listening; `url(path)` is where a client finds it, `tlsUrl(path)` over TLS. */
export async function startServer() {
  const server = new BenchProcess("server/main.mjs");
  const { port, tlsPort } = await server.hear();
  return Object.assign(server, {
    port,
    hasTls: tlsPort !== undefined,
    url: (path) => `ws://127.0.0.1:${port}/${path}`,
    tlsUrl: (path) => `wss://127.0.0.1:${tlsPort}/${path}`,
  });
}
