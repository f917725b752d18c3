/**
 * Names of topics made from their parts, each text made once.
 *
 * A venue that names a channel and an instrument in every message would cost a new string, and its hash,
 * per message. Here the same two parts give the same text object, whose hash the engine keeps.
 */

/** As many as a supervisor follows streams; beyond it names are made anew each time. */
const MAX_NAMES = 10_000;

export class TopicNames {
  readonly #byChannel = new Map<string, Map<string, string>>();
  readonly #separator: string;
  #size = 0;

  constructor(separator = ":") {
    this.#separator = separator;
  }

  /** `channel:item`. */
  of(channel: string, item: string): string {
    let byItem = this.#byChannel.get(channel);
    if (byItem === undefined) {
      byItem = new Map();
      if (this.#size < MAX_NAMES) this.#byChannel.set(channel, byItem);
    }
    const known = byItem.get(item);
    if (known !== undefined) return known;
    const name = `${channel}${this.#separator}${item}`;
    if (this.#size < MAX_NAMES) {
      byItem.set(item, name);
      this.#size += 1;
    }
    return name;
  }
}
