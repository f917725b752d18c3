import { describe, expect, it } from "vitest";
import { bitfinex, kraken } from "ws-supervisor/venues";
import type { Conversation, VenueProfile } from "ws-supervisor/venues";

/** Of each frame: whether it was held against a checksum. */
function carried(venue: VenueProfile<unknown>, frames: readonly unknown[]): readonly boolean[] {
  const talk: Conversation<unknown> = venue.open();
  return frames.map((frame) => {
    const message = talk.decode(Buffer.from(JSON.stringify(frame)), false);
    talk.control?.(message);
    const carries = talk.carriesChecksum?.(message) ?? false;
    talk.verify?.(message);
    return carries;
  });
}

describe("a message carries a checksum", () => {
  it("at Kraken where it is of a book whose snapshot was seen, until one does not hold", () => {
    const book = (type: string, checksum?: number) => ({
      channel: "book",
      type,
      data: [{ symbol: "BTC/USD", bids: [], asks: [], checksum }],
    });
    const ticker = { channel: "ticker", type: "update", data: [{ symbol: "BTC/USD" }] };
    const right = 0; // of an empty book
    const frames = [
      book("update", right),
      ticker,
      book("snapshot", right),
      book("update", right),
      book("update", 1),
      book("update", right),
      book("snapshot"),
      book("update"),
    ];
    expect(carried(kraken(), frames)).toEqual([
      false,
      false,
      true,
      true,
      true,
      false,
      false,
      false,
    ]);
    expect(carried(kraken({ checksums: false }), frames)).not.toContain(true);
  });

  it("at Bitfinex where it is the checksum of a book that is subscribed", () => {
    const frames = [
      [7, "cs", 1, 1],
      {
        event: "subscribed",
        channel: "book",
        chanId: 7,
        symbol: "tBTCUSD",
        prec: "P0",
        freq: "F0",
        len: "25",
      },
      [7, [[100, 1, 1]], 2],
      [7, "cs", 1, 3],
      [7, "hb", 4],
    ];
    expect(carried(bitfinex(), frames)).toEqual([false, false, false, true, false]);
    expect(carried(bitfinex({ checksums: false }), frames)).not.toContain(true);
  });
});
