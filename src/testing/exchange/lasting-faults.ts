/** The faults that last, each until its time: at most one of a kind, the last that struck. */
import type { LastingFault } from "./faults.ts";

type Kind = LastingFault["kind"];
type OfKind<K extends Kind> = Extract<LastingFault, { readonly kind: K }>;

export class LastingFaults {
  readonly #active = new Map<Kind, { readonly fault: LastingFault; readonly untilMs: number }>();

  /** When the first of them is over; Infinity for none. */
  get dueAtMs(): number {
    let dueAtMs = Infinity;
    for (const { untilMs } of this.#active.values()) dueAtMs = Math.min(dueAtMs, untilMs);
    return dueAtMs;
  }

  begin(fault: LastingFault, nowMs: number): void {
    this.#active.set(fault.kind, { fault, untilMs: nowMs + (fault.durationMs ?? Infinity) });
  }

  /** The one of this kind, while it lasts. */
  get<K extends Kind>(kind: K): OfKind<K> | undefined {
    const fault = this.#active.get(kind)?.fault;
    return fault !== undefined && isOf(fault, kind) ? fault : undefined;
  }

  /** Takes out one that is over. */
  takePassed(nowMs: number): LastingFault | undefined {
    for (const [kind, { fault, untilMs }] of this.#active) {
      if (untilMs > nowMs) continue;
      this.#active.delete(kind);
      return fault;
    }
    return undefined;
  }
}

function isOf<K extends Kind>(fault: LastingFault, kind: K): fault is OfKind<K> {
  return fault.kind === kind;
}
