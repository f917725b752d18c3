/**
 * How long a topic may be silent. An acknowledgement is no proof, and a live socket no live topic.
 */

export interface FreshnessPolicy {
  /** From the acknowledgement to the first message, in milliseconds; null for ever. */
  readonly firstMs: number | null;
  /** Between two messages, in milliseconds; null for ever. */
  readonly silenceMs: number | null;
}
