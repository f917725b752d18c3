/** One edit of the sources that a simulation must find. */
import type { Silence } from "./silences.ts";

export interface PlantedBug {
  readonly name: string;
  readonly file: string;
  readonly find: string;
  readonly replace: string;
  /** Ways to fall silent that a life must be able to have, and does not by default. */
  readonly learn?: readonly Silence[];
}
