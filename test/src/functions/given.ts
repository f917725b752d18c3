/** What users write in place of a function that is right: the same mistakes for every option. */

/** A function that is right. */
export type Right = (...args: readonly never[]) => unknown;

/** As loose as the options of users who have no types. */
// oxlint-disable-next-line typescript/no-explicit-any
export type Given = (...args: any[]) => any;

export const mistakes = {
  /** What is right, in a promise. */
  async:
    (right) =>
    async (...args) =>
      right(...(args as never[])),
  throws: () => () => {
    throw new Error("not my day");
  },
  map: () => () => new Map([["a", 1]]),
  null: () => () => null,
  undefined: () => () => undefined,
  rejects: () => () => Promise.reject(new Error("not my day")),
  hangs: () => () => new Promise(() => undefined),
} satisfies Record<string, (right: Right) => Given>;

export type Mistake = keyof typeof mistakes;

export const names = Object.keys(mistakes) as readonly Mistake[];

/** One option, and what comes of each mistake in it. */
export interface Row {
  /** As the sources call it: `SupervisorOptions.decode`. */
  readonly option: string;
  readonly right: Right;
  /** Lives with the function in its place, and says in words what came of it. */
  readonly live: (given: Given) => string | Promise<string>;
  /** What is promised where the function is right. */
  readonly fine: string;
  readonly promised: Readonly<Record<Mistake, string>>;
}

/** The same of every mistake, but for some. */
export function all(text: string, but: Partial<Row["promised"]> = {}): Row["promised"] {
  return { ...(Object.fromEntries(names.map((name) => [name, text])) as Row["promised"]), ...but };
}
