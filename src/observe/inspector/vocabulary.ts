/**
 * Words that may be shown wherever they stand: they come from code, never from data.
 *
 * Text is hidden unless it is such a word: a chart's own names (added as charts are seen), the closed
 * sets of this package, the errno names of the system, the codes of Node's TLS and of `ws`.
 */
import { constants } from "node:os";
import { verdictTable } from "../../../machines/policy/verdict-table.ts";
import { lossClasses, type LossPhase } from "../../../machines/loss.ts";

/** Keys are checked against the types, so that a phase that is added is missed by the compiler. */
const phases: Record<LossPhase, true> = {
  resolve: true,
  dns: true,
  tcp: true,
  tls: true,
  upgrade: true,
  authenticate: true,
  open: true,
  closing: true,
};
/** Reasons of a dial, rulings, kinds of alert, states of a supervisor. */
const others =
  "first retry renewal command rotation now backoff slow refuse loss long-outage retry-budget-empty " +
  "credentials-refused failed " +
  "refused retries-exhausted subscriptions-timed-out topic-refused topic-rejected too-many-streams idle connecting connected " +
  "reconnecting closing closed resubscribing probation stable fixed renewable";

const CODE = /^(?:WS_ERR|ERR_TLS|ERR_SSL|CERT|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO)_[A-Z_]{1,48}$/;

export class Vocabulary {
  readonly #words = new Set<string>([
    ...Object.keys(lossClasses),
    ...Object.keys(phases),
    ...others.split(" "),
    ...verdictTable.map(({ name }) => name),
    ...Object.keys(constants.errno),
  ]);

  add(words: Iterable<string>): void {
    for (const word of words) this.#words.add(word);
  }

  has(text: string): boolean {
    return text === "" || this.#words.has(text) || CODE.test(text);
  }
}
