/** Checksums of a recording: how many were verified, and how many do not hold. */
import type { Conversation } from "../venues/venue.ts";

export class Checksums {
  #verified = 0;
  #mismatches = 0;

  get verified(): number {
    return this.#verified;
  }

  get mismatches(): number {
    return this.#mismatches;
  }

  verify(talk: Conversation<unknown>, message: unknown): void {
    if (talk.verify === undefined) return;
    if (carriesChecksum(talk, message)) this.#verified += 1;
    if (!isWhole(talk, message)) this.#mismatches += 1;
  }
}

function carriesChecksum(talk: Conversation<unknown>, message: unknown): boolean {
  try {
    return talk.carriesChecksum?.(message) === true;
  } catch {
    return false;
  }
}

/** A `verify` that throws counts as a mismatch. */
function isWhole(talk: Conversation<unknown>, message: unknown): boolean {
  try {
    return talk.verify?.(message) ?? true;
  } catch {
    return false;
  }
}
