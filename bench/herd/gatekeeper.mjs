// The server of a herd: accepts so many a second after an outage, and keeps the account of who came when.
//
// A token bucket of a tenth of a second: as exchanges do it, and hard on clients that come in step.

/** The situation of the issue: 1,000 clients dropped at once, 50 accepted a second. */
export const SITUATION = { clients: 1_000, perSecond: 50, roundTripSeconds: 0.02 };

const BUCKET_SECONDS = 0.1;
export const SLOTS_PER_SECOND = 10;

export class Gatekeeper {
  attempts = 0;
  accepted = [];
  gaveUp = 0;
  #perSecond;
  #downUntil;
  #tokens;
  #filledAt = 0;
  #turn = 0;
  #histogram = [];

  /** @param {{ perSecond: number, downSeconds?: number }} options */
  constructor({ perSecond, downSeconds = 0 }) {
    this.#perSecond = perSecond;
    this.#downUntil = downSeconds;
    this.#tokens = this.#bucket;
  }

  get #bucket() {
    return Math.max(1, this.#perSecond * BUCKET_SECONDS);
  }

  isDown(at) {
    return at < this.#downUntil;
  }

  /** Somebody knocks at second `at`. True when let in. */
  admit(at) {
    this.attempts += 1;
    const slot = Math.floor(at * SLOTS_PER_SECOND);
    this.#histogram[slot] = (this.#histogram[slot] ?? 0) + 1;
    this.#tokens = Math.min(this.#bucket, this.#tokens + (at - this.#filledAt) * this.#perSecond);
    this.#filledAt = at;
    if (this.isDown(at) || this.#tokens < 1) return false;
    this.#tokens -= 1;
    this.accepted.push(at);
    return true;
  }

  /** For a server that tells each whom it refuses its turn: in how many seconds that is. */
  turnIn(at) {
    this.#turn = Math.max(this.#turn, at) + 1 / this.#perSecond;
    return this.#turn - at;
  }

  /** Times count from the server's return. */
  report(clients) {
    const times = this.accepted.map((at) => at - this.#downUntil).sort((one, other) => one - other);
    const timeOf = (share) => times[Math.ceil(share * clients) - 1] ?? Infinity;
    const histogram = Array.from(this.#histogram, (count) => count ?? 0).slice(
      Math.round(this.#downUntil * SLOTS_PER_SECOND),
    );
    return {
      peak: Math.max(0, ...histogram),
      attempts: this.attempts / clients,
      t50: timeOf(0.5),
      t99: timeOf(0.99),
      t100: timeOf(1),
      lost: clients - times.length,
      gaveUp: this.gaveUp,
      histogram,
    };
  }
}
