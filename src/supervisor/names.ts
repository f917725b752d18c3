/**
 * What supervisors are called where their users do not say it: by their venue, and by a number where that name
 * is taken. Metrics, alerts and logs tell connections apart by their names.
 *
 * A name is taken from the making of a supervisor to its end, or until nobody holds it any more; then it is
 * free again, so that a process that makes one connection after the other has few names.
 */

/** How many live supervisors have a name: users may give one to several. */
const taken = new Map<string, number>();

/** For a first part of names: all numbers below this one are taken. Without an entry it is 1. */
const lowest = new Map<string, number>();

/** `quotes`, `quotes-2`, `quotes-3`. */
function numbered(base: string, number: number): string {
  return number === 1 ? base : `${base}-${number}`;
}

/** The lowest free number's. Over many names it looks at each number once, as it goes on from the lowest. */
function freeName(base: string): string {
  let number = lowest.get(base) ?? 1;
  while (taken.has(numbered(base, number))) number += 1;
  lowest.set(base, number + 1);
  return numbered(base, number);
}

/** A name is free: whoever looks for one begins there. */
function freed(name: string): void {
  lowest.delete(name); // number 1 of its kind
  const [, base = "", digits = ""] = /^(.+)-(\d+)$/.exec(name) ?? [];
  const number = Number(digits);
  const known = lowest.get(base);
  if (known !== undefined && number < known && numbered(base, number) === name) {
    lowest.set(base, number);
  }
}

/** The name of one supervisor. */
export class ClaimedName {
  readonly #base: string;
  readonly #isGiven: boolean;
  #name: string;
  #isTaken = false;

  /** @param isGiven - By the user: it stays as it is, whoever else has it. */
  constructor(base: string, isGiven: boolean) {
    this.#base = base;
    this.#isGiven = isGiven;
    this.#name = base;
  }

  /** The last one that was taken; it stays after the end. */
  get name(): string {
    return this.#name;
  }

  /** Takes the name, or another one where it is taken; nothing where it has one. */
  take(): void {
    if (this.#isTaken) return;
    this.#isTaken = true;
    if (!this.#isGiven) this.#name = freeName(this.#base);
    taken.set(this.#name, (taken.get(this.#name) ?? 0) + 1);
  }

  /** The supervisor is over. */
  release(): void {
    if (!this.#isTaken) return;
    this.#isTaken = false;
    const others = (taken.get(this.#name) ?? 1) - 1;
    if (others > 0) taken.set(this.#name, others);
    else {
      taken.delete(this.#name);
      freed(this.#name);
    }
  }
}

/** Those that are dropped without an end, as one that never ran. */
const dropped = new FinalizationRegistry<ClaimedName>((claim) => claim.release());

/** Takes a name for `owner`, until it is released or `owner` is gone. */
export function claimName(owner: object, base: string, isGiven: boolean): ClaimedName {
  const claim = new ClaimedName(base, isGiven);
  claim.take();
  dropped.register(owner, claim);
  return claim;
}
