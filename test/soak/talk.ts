/**
 * How the soak's conductor talks with the processes it forks: a method's name and its arguments go
 * out, its result or its error comes back. Types come from the other side's own methods.
 */
import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";

interface Request {
  readonly id: number;
  readonly method: string;
  readonly args: readonly unknown[];
}

type Answer =
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly error: string };

// `never` takes any method; what it takes in truth is checked where it is called.
type Methods<M> = { readonly [K in keyof M]: (...args: never[]) => unknown };

/** Answers the conductor for as long as it lives. */
export function serve<M extends Methods<M>>(methods: M): void {
  const table = new Map(Object.entries(methods) as [string, (...args: unknown[]) => unknown][]);
  process.on("message", ({ id, method, args }: Request) => {
    void (async () => {
      let answer: Answer;
      try {
        answer = { id, result: await table.get(method)?.(...args) };
      } catch (error) {
        answer = { id, error: error instanceof Error ? (error.stack ?? error.message) : "?" };
      }
      if (process.connected) process.send?.(answer);
    })();
  });
  process.on("disconnect", () => process.exit());
}

/** The other end: one forked process. */
export class Worker<M extends Methods<M>> {
  readonly child: ChildProcess;
  readonly #waiting = new Map<number, (answer: Answer) => void>();
  #calls = 0;
  #end: string | undefined;

  constructor(program: URL, execArgv: readonly string[] = []) {
    this.child = fork(program, { execArgv: [...execArgv], serialization: "advanced" });
    process.once("exit", () => this.child.kill("SIGKILL"));
    this.child.on("message", (answer: Answer) => this.#waiting.get(answer.id)?.(answer));
    this.child.on("exit", (code, signal) => {
      this.#end = `a process of the soak ended by itself: ${signal ?? code}`;
      for (const [id, settle] of this.#waiting) settle({ id, error: this.#end });
    });
  }

  call<K extends keyof M & string>(
    method: K,
    ...args: Parameters<M[K]>
  ): Promise<Awaited<ReturnType<M[K]>>> {
    const id = (this.#calls += 1);
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, (answer) => {
        this.#waiting.delete(id);
        if ("error" in answer) reject(new Error(answer.error));
        else resolve(answer.result as Awaited<ReturnType<M[K]>>);
      });
      const request: Request = { id, method, args };
      if (this.#end !== undefined) reject(new Error(this.#end));
      else this.child.send(request);
    });
  }

  /** Ends it; a process that stands still is ended all the same. */
  async stop(): Promise<void> {
    if (this.#end !== undefined) return;
    const gone = once(this.child, "exit");
    this.child.kill("SIGKILL");
    await gone;
  }
}
