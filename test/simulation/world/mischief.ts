/** Functions of the user's that will misbehave when they are called next. */
import type { Mischief } from "./steps.ts";

type Where = Mischief["where"];
type How<W extends Where> = Extract<Mischief, { readonly where: W }>["how"];

export class MischiefBox {
  readonly #armed = new Map<Where, string[]>();

  arm({ where, how }: Mischief, times: number): void {
    const armed = this.#armed.get(where) ?? [];
    for (let count = 0; count < times; count += 1) armed.push(how);
    this.#armed.set(where, armed);
  }

  /** What the function does this time; undefined for what it should. */
  take<W extends Where>(where: W): How<W> | undefined {
    return this.#armed.get(where)?.shift() as How<W> | undefined;
  }

  clear(): void {
    this.#armed.clear();
  }
}

/** What a function of the user's throws. */
export class UserError extends Error {}
