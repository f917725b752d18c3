import { describe, expect, it } from "vitest";
import { defineVenue, type VenueProfile } from "ws-supervisor/venues";
import { detectVenue, type RecordingSample } from "../../../src/cli/detect-venue.ts";
import { allVenues } from "../../../src/cli/venue-catalog.ts";
import { foreignFrames, foreignVenues } from "./foreign-frames.ts";
import { frameOf, numberedVenue, type Numbered } from "./numbered-venue.ts";

const frames = (...messages: readonly Numbered[]) =>
  messages.map((message) => ({ raw: frameOf(message) }));
const sample = frames({ s: "a", n: 1 }, { s: "a", n: 2 });
const texts = (...given: readonly string[]) => given.map((text) => ({ raw: Buffer.from(text) }));

/** The venue that is named, if any. */
function idOf(given: RecordingSample, venues: readonly VenueProfile<unknown>[]) {
  const detected = detectVenue(given, venues);
  return "venue" in detected ? detected.venue.id : undefined;
}

/** Understands everything, and numbers nothing. */
const lax = defineVenue({
  id: "lax",
  url: "wss://lax.test",
  open: () => ({
    subscribe: (topics) => topics.join(),
    decode: (data) => data.toString(),
    topicOf: () => "x",
  }),
});

/** Reads the same frames, and takes each number for a hundredfold. */
const other = defineVenue<Numbered>({
  id: "other",
  url: "wss://other.test",
  open: () => {
    const talk = numberedVenue().open();
    return {
      ...talk,
      sequence: ({ s, n = 0 }) => ({ stream: s, first: n * 100, last: n * 100, scope: "stream" }),
    };
  },
});

describe("the venue of a recording", () => {
  it("is the one whose data most of its frames are, and whose numbers fit", () => {
    for (const venues of [
      [lax, other, numberedVenue()],
      [numberedVenue(), other, lax],
    ]) {
      expect(idOf({ frames: sample }, venues)).toBe("numbered");
    }
  });

  it("is not thought to fit where its numbers only grow, or start over", () => {
    const growing = frames({ s: "a", n: 1, grows: true }, { s: "a", n: 5, grows: true });
    expect(idOf({ frames: growing }, [lax, numberedVenue()])).toBe("lax");
    const restarting = frames({ s: "a", n: 1 }, { s: "a", n: 5, restarts: true });
    expect(idOf({ frames: restarting }, [numberedVenue(), lax])).toBe("lax");
  });

  it("lives at the host that the recording names, whatever another would make of it", () => {
    const at = (url: string) => idOf({ url, frames: sample }, [lax, other, numberedVenue()]);
    expect(at("wss://lax.test/other/path?x=1")).toBe("lax");
    expect(at("wss://numbered.test:8443/")).toBe("numbered");
  });

  it("is not guessed at a host that no profile has: what the frames look like is only told", () => {
    const url = "wss://nowhere.test/ws";
    const looksLike = numberedVenue();
    expect(detectVenue({ url, frames: sample }, [looksLike])).toEqual({
      unknownHost: "nowhere.test",
      looksLike,
    });
    expect(detectVenue({ url, frames: texts("{}") }, [looksLike])).toEqual({
      unknownHost: "nowhere.test",
      looksLike: undefined,
    });
  });

  it("is not sought elsewhere where the one at that host can't read a frame", () => {
    const url = "wss://numbered.test";
    expect(idOf({ url, frames: texts("no JSON") }, [lax, numberedVenue()])).toBe("numbered");
  });

  it.each(["ws://localhost:9", "ws://127.0.0.1:9/ws", "ws://[::1]:9", "ws://10.1.2.3"])(
    "is guessed at %s: a simulated exchange or a relay may be anyone's",
    (url) => {
      expect(idOf({ url, frames: sample }, [numberedVenue()])).toBe("numbered");
    },
  );

  it("is the one that the recording names, and no other", () => {
    const venues = [lax, numberedVenue()];
    expect(idOf({ venue: "lax", frames: sample }, venues)).toBe("lax");
    expect(detectVenue({ venue: "gone", frames: sample }, venues)).toMatchObject({
      unknownVenue: "gone",
      looksLike: { id: "numbered" },
    });
  });

  it("is the one whose topics they are, where all else is equal; then the first", () => {
    const upper = numberedVenue({ id: "upper", topic: /^[A-Z]+$/ });
    const lower = numberedVenue({ id: "lower", topic: /^[a-z]+$/ });
    const any = numberedVenue({ id: "any" });
    const of = (...venues: (typeof any)[]) => idOf({ frames: sample }, venues);
    expect(of(upper, lower)).toBe("lower");
    expect(of(any, lower)).toBe("any");
    expect(of(lower, any)).toBe("lower");
  });

  it("takes half of the frames for too few, and one more for enough", () => {
    const strange = { raw: Buffer.from('{"x":1}') };
    const [one, two] = sample as [(typeof sample)[0], (typeof sample)[0]];
    expect(idOf({ frames: [one, two, strange, strange] }, [numberedVenue()])).toBe(undefined);
    expect(idOf({ frames: [one, two, strange] }, [numberedVenue()])).toBe("numbered");
  });

  it("counts what a venue sends besides data neither for nor against it", () => {
    const alive = frames({ s: "a", ack: true }, { s: "a", ack: true }, { s: "a", ack: true });
    expect(idOf({ frames: alive }, [numberedVenue()])).toBe(undefined);
    expect(idOf({ frames: [...alive, ...sample] }, [numberedVenue()])).toBe("numbered");
  });

  it("is none where most frames are answers that match nothing it asked, and few are its data", () => {
    const trade = (t: number) =>
      JSON.stringify({ stream: "btcusdt@trade", data: { e: "trade", s: "BTCUSDT", t } });
    const mixed = [trade(1), trade(2), ...foreignFrames("gate v4 spot")];
    expect(detectVenue({ frames: texts(...mixed) }, allVenues())).toEqual({ unknownFrames: true });
  });

  it("is nobody's where nobody reads a frame", () => {
    expect(detectVenue({ frames: texts("{}") }, allVenues())).toEqual({ unknownFrames: true });
    expect(detectVenue({ frames: [] }, allVenues())).toEqual({ unknownFrames: true });
  });

  it.each(foreignVenues.filter((venue) => venue !== "bitget"))(
    "is none that is known for the frames of %s",
    (venue) => {
      expect(detectVenue({ frames: texts(...foreignFrames(venue)) }, allVenues())).toEqual({
        unknownFrames: true,
      });
    },
  );

  it("tells Binance's markets apart by their numbers", () => {
    const depth = (U: number, u: number, pu?: number) => ({
      raw: Buffer.from(
        JSON.stringify({
          stream: "btcusdt@depth@100ms",
          data: { e: "depthUpdate", E: 1, T: 1, s: "BTCUSDT", U, u, pu, b: [], a: [] },
        }),
      ),
    });
    const spot = [depth(1, 4), depth(5, 9), depth(10, 10)];
    const futures = [depth(100, 104, 77), depth(250, 280, 104), depth(300, 301, 280)];
    expect(idOf({ frames: spot }, allVenues())).toBe("binance-spot");
    expect(idOf({ frames: futures }, allVenues())).toBe("binance-usdm");
  });
});
