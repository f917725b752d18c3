import { describe, expect, it } from "vitest";
import { defineVenue } from "ws-supervisor/venues";
import { detectVenue } from "../../../src/cli/detect-venue.ts";
import { allVenues } from "../../../src/cli/venue-catalog.ts";
import { frameOf, numberedVenue, type Numbered } from "./numbered-venue.ts";

const frames = (...messages: readonly Numbered[]) => messages.map(frameOf);
const sample = frames({ s: "a", n: 1 }, { s: "a", n: 2 });

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
  it("is the one that reads most of its frames, and whose numbers fit", () => {
    const url = undefined;
    for (const venues of [
      [lax, other, numberedVenue()],
      [numberedVenue(), other, lax],
    ]) {
      expect(detectVenue({ url, frames: sample }, venues)?.id).toBe("numbered");
    }
  });

  it("is not thought to fit where its numbers only grow, or start over", () => {
    const growing = frames({ s: "a", n: 1, grows: true }, { s: "a", n: 5, grows: true });
    const url = undefined;
    expect(detectVenue({ url, frames: growing }, [lax, numberedVenue()])?.id).toBe("lax");
    const restarting = frames({ s: "a", n: 1 }, { s: "a", n: 5, restarts: true });
    expect(detectVenue({ url, frames: restarting }, [numberedVenue(), lax])?.id).toBe("lax");
  });

  it("lives at the host that the recording names, whatever another would make of it", () => {
    const at = (url: string) => detectVenue({ url, frames: sample }, [lax, other, numberedVenue()]);
    expect(at("wss://lax.test/other/path?x=1")?.id).toBe("lax");
    expect(at("wss://nowhere.test")?.id).toBe("numbered");
  });

  it("is sought elsewhere when the one at that host can't read a frame", () => {
    const foreign = [Buffer.from("no JSON")];
    expect(
      detectVenue({ url: "wss://numbered.test", frames: foreign }, [numberedVenue(), lax])?.id,
    ).toBe("lax");
  });

  it("is the one whose topics they are, where all else is equal; then the first", () => {
    const upper = numberedVenue({ id: "upper", topic: /^[A-Z]+$/ });
    const lower = numberedVenue({ id: "lower", topic: /^[a-z]+$/ });
    const any = numberedVenue({ id: "any" });
    const of = (...venues: (typeof any)[]) =>
      detectVenue({ url: undefined, frames: sample }, venues)?.id;
    expect(of(upper, lower)).toBe("lower");
    expect(of(any, lower)).toBe("any");
    expect(of(lower, any)).toBe("lower");
  });

  it("is nobody's where nobody reads a frame", () => {
    const url = undefined;
    expect(detectVenue({ url, frames: [Buffer.from("{}")] }, allVenues())).toBe(undefined);
    expect(detectVenue({ url, frames: [] }, allVenues())).toBe(undefined);
  });

  it("tells Binance's markets apart by their numbers", () => {
    const depth = (U: number, u: number, pu?: number) =>
      Buffer.from(
        JSON.stringify({
          stream: "btcusdt@depth@100ms",
          data: { e: "depthUpdate", E: 1, T: 1, s: "BTCUSDT", U, u, pu, b: [], a: [] },
        }),
      );
    const spot = [depth(1, 4), depth(5, 9), depth(10, 10)];
    const futures = [depth(100, 104, 77), depth(250, 280, 104), depth(300, 301, 280)];
    expect(detectVenue({ url: undefined, frames: spot }, allVenues())?.id).toBe("binance-spot");
    expect(detectVenue({ url: undefined, frames: futures }, allVenues())?.id).toBe("binance-usdm");
  });
});
