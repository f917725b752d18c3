/**
 * One Bitfinex book, as far as its checksum goes: CRC-32, signed, over the top 25 levels of both sides
 * interleaved, `bidPrice:bidAmount:askPrice:askAmount:…`. [docs: "Order book checksum"]
 */
import { crc32 } from "node:zlib";
import { PriceLevels } from "./kit/price-levels.ts";

const LEVELS = 25;

export class BitfinexBook {
  readonly #levels = new PriceLevels<number>();
  /** It did not have its checksum, and no snapshot has come since. */
  #isWrong = false;

  /** A snapshot (entries, or none) or a change (one entry): `[price, count, amount]`. */
  apply(payload: readonly unknown[]): void {
    if (payload.length > 0 && !Array.isArray(payload[0])) {
      this.#set(payload);
      return;
    }
    this.#levels.clear();
    this.#isWrong = false;
    for (const entry of payload) this.#set(entry as readonly unknown[]);
  }

  /** False once for a book that is not whole: it is so until its next snapshot. */
  hasChecksum(checksum: unknown): boolean {
    if (this.#isWrong) return true;
    const bids = this.#levels.best("bid", LEVELS);
    const asks = this.#levels.best("ask", LEVELS);
    const parts: number[] = [];
    for (let level = 0; level < LEVELS; level += 1) {
      parts.push(...(bids[level] ?? []), ...(asks[level] ?? []));
    }
    this.#isWrong = (crc32(parts.join(":")) | 0) !== checksum;
    return !this.#isWrong;
  }

  #set([price, count, amount]: readonly unknown[]): void {
    if (typeof price !== "number" || typeof amount !== "number") return;
    const side = amount > 0 ? "bid" : "ask";
    if (count === 0) this.#levels.delete(side, price);
    else this.#levels.set(side, price, amount);
  }
}
