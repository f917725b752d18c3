/** What every part of the oracle may see and say. */
import type { Character } from "./character.ts";
import type { Log } from "./log.ts";
import type { Invariant } from "./oracle/invariants.ts";
import type { Process } from "./process.ts";

export interface Scene {
  readonly character: Character;
  readonly process: Process;
  readonly log: Log;
  /** How late or early a timer may be, in milliseconds. */
  readonly toleranceMs: number;
  violate(invariant: Invariant, detail: string): void;
}
