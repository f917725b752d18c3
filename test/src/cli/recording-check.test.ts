import { describe, expect, it } from "vitest";
import { RecordingCheck } from "../../../src/cli/recording-check.ts";
import { frameOf, numberedVenue, type Numbered } from "./numbered-venue.ts";

function accountOf(messages: readonly (Numbered | "opened" | Buffer)[], venue = numberedVenue()) {
  const check = new RecordingCheck(venue);
  messages.forEach((message, index) => {
    if (message === "opened") check.opened();
    else {
      const raw = Buffer.isBuffer(message) ? message : frameOf(message);
      check.received(raw, `line ${index + 1}`, index);
    }
  });
  return check.account();
}

const at = (n: number, rest: Partial<Numbered> = {}): Numbered => ({ s: "a", n, ...rest });

describe("the account of a recording", () => {
  it("counts every verdict, stream by stream, and says what is missing", () => {
    const account = accountOf([
      at(1),
      at(2),
      at(5),
      at(5),
      at(4),
      at(9),
      at(1, { restarts: true }),
      { s: "b", n: 7, grows: true },
      { s: "b", n: 7, grows: true },
      { s: "b", n: 90, grows: true },
    ]);
    const none = { next: 0, gaps: 0, duplicates: 0, stale: 0, resets: 0, alive: 0, ranges: [] };
    expect(account.streams).toEqual([
      {
        ...none,
        stream: "a",
        first: 1,
        last: 1,
        messages: 7,
        pairs: 6,
        judged: 6,
        next: 1,
        gaps: 2,
        duplicates: 1,
        stale: 1,
        resets: 1,
        ranges: [
          { from: 3, to: 4 },
          { from: 6, to: 8 },
        ],
      },
      // Where numbers only grow, a loss would not show.
      {
        ...none,
        stream: "b",
        first: 7,
        last: 90,
        messages: 3,
        pairs: 2,
        judged: 0,
        next: 1,
        alive: 1,
      },
    ]);
    expect(account).toMatchObject({
      venue: "numbered",
      messages: 10,
      pairs: 8,
      judged: 6,
      gaps: 2,
      duplicates: 1,
      stale: 1,
      resets: 1,
      invalid: 0,
    });
  });

  it("begins a connection's numbering anew with its sockets, and goes on with a stream's", () => {
    const twoSockets = [at(1), at(2), "opened", at(1), at(2)] as const;
    const perConnection = accountOf(twoSockets, numberedVenue({ scope: "connection" }));
    expect(perConnection).toMatchObject({ gaps: 0, stale: 0, duplicates: 0, pairs: 2 });
    expect(accountOf(twoSockets)).toMatchObject({ stale: 1, duplicates: 1, pairs: 3 });
  });

  it("judges what is no data only where that is numbered too", () => {
    const messages = [at(1), at(2, { ack: true }), at(3)];
    expect(accountOf(messages)).toMatchObject({ gaps: 1, control: 1 });
    const numbered = numberedVenue({ numbersControl: true });
    expect(accountOf(messages, numbered)).toMatchObject({ gaps: 0, control: 1, pairs: 2 });
  });

  it("tells of frames that can't be read, and of numbers that are none, by the first of them", () => {
    const account = accountOf([at(1), Buffer.from("{"), at(1.5), at(2)]);
    expect(account).toMatchObject({ messages: 4, invalid: 2, pairs: 1, gaps: 0 });
    expect(account.firstInvalid).toMatch(/^line 2: .*JSON/);
  });

  it("counts data without numbers, and checksums that do not hold", () => {
    const account = accountOf([
      { s: "a" },
      { s: "a", sum: "wrong" },
      at(1, { sum: "wrong" }),
      at(1, { sum: "wrong" }),
    ]);
    // A copy was applied before: its checksum says nothing.
    expect(account).toMatchObject({ unnumbered: 2, mismatches: 2, duplicates: 1 });
  });

  it("keeps a thousand ranges of a stream, and counts the others", () => {
    const account = accountOf(Array.from({ length: 1_002 }, (_, index) => at(index * 2)));
    expect(account.streams[0]?.ranges).toHaveLength(1_000);
    expect(account.gaps).toBe(1_001);
  });

  it("does not judge more streams than can be followed, and says so", () => {
    const streams = Array.from({ length: 10_001 }, (_, index) => ({ s: `s${index}`, n: 1 }));
    const account = accountOf([...streams, ...streams]);
    expect(account).toMatchObject({ unfollowed: 2, pairs: 10_000, duplicates: 10_000 });
    expect(account.streams).toHaveLength(10_000);
  });
});
