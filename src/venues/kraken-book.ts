/**
 * One Kraken book, as far as its checksum goes: CRC-32 over the top 10 asks, then the top 10 bids, each
 * price and quantity as it was written, without its dot and the zeros before its first digit. [docs]
 *
 * As it was written: `0.00100000` counts as `100000`, and `JSON.parse` would make it 0.001. So the
 * numbers of books, and of nothing else, are read as text.
 */
import { crc32 } from "node:zlib";
import { parse } from "lossless-json";
import { isRecord } from "./kit/json.ts";
import { PriceLevels } from "./kit/price-levels.ts";

const LEVELS = 10;

export class KrakenBook {
  readonly #levels = new PriceLevels<string>();
  #depth: number;
  /** Its snapshot came with a checksum; else there is nothing to hold it against. */
  #isSummed = true;

  /** @param depth - How many levels of each side are subscribed: what lies beyond is not told of. */
  constructor(depth: number) {
    this.#depth = depth;
  }

  /** A message of the channel `book`, as it came. False when its checksum proves that something was missed. */
  apply(raw: Buffer): boolean {
    const message = parse(raw.toString("utf8"), undefined, asText);
    const rows = isRecord(message) && Array.isArray(message["data"]) ? message["data"] : [];
    const [book] = rows as readonly unknown[];
    if (!isRecord(book) || !isRecord(message)) return true; // nothing is said of a book
    const isSnapshot = message["type"] === "snapshot";
    const { bids, asks, checksum } = book;
    if (isSnapshot) this.#begin(bids, asks);
    this.#set("bid", bids);
    this.#set("ask", asks);
    this.#levels.keepBest(this.#depth);
    if (isSnapshot) this.#isSummed = checksum !== undefined;
    return !this.#isSummed || String(this.#checksum()) === checksum;
  }

  /** A recording may begin without the request that says the depth. */
  #begin(...sides: readonly unknown[]): void {
    const lengths = sides.map((side) => (Array.isArray(side) ? side.length : 0));
    this.#depth = Math.max(this.#depth, ...lengths);
    this.#levels.clear();
  }

  /** In the order in which they stand: one message may change a price twice. [docs] */
  #set(side: "bid" | "ask", levels: unknown): void {
    if (!Array.isArray(levels)) return;
    for (const level of levels as readonly unknown[]) {
      if (!isRecord(level)) continue;
      const { price, qty } = level;
      if (typeof price !== "string" || typeof qty !== "string") continue;
      if (Number(qty) === 0) this.#levels.delete(side, price);
      else this.#levels.set(side, price, qty);
    }
  }

  #checksum(): number {
    const levels = [...this.#levels.best("ask", LEVELS), ...this.#levels.best("bid", LEVELS)];
    return crc32(levels.flat().map(digitsOf).join(""));
  }
}

function digitsOf(number: string): string {
  return number.replace(".", "").replace(/^0+/, "");
}

/** A number as it is written. */
function asText(number: string): string {
  return number;
}
