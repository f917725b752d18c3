/** A supervisor as those see it who only watch: whatever its messages are. */
import type { Fact } from "../supervisor/facts.ts";
import type { Status } from "../supervisor/status.ts";

export interface Observed {
  readonly name: string;
  readonly venue: string | undefined;
  status(): Status;
  on(type: "*", listener: (fact: Fact) => void): () => void;
}
