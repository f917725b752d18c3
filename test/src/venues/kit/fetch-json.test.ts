import { describe, expect, it } from "vitest";
import { fetchJson, type Fetch } from "../../../../src/venues/kit/fetch-json.ts";

const url = "https://api.example/v1/depth?symbol=BTCUSDT&token=secret";
const answer =
  (body: string, status = 200): Fetch =>
  () =>
    Promise.resolve({ ok: status < 400, status, text: () => Promise.resolve(body) });
const get = (fetch: Fetch) => fetchJson(fetch, "GET", url, new AbortController().signal);

describe("a question over HTTP", () => {
  it("is answered in JSON, and asked as it is told", async () => {
    const { signal } = new AbortController();
    const asked: unknown[] = [];
    const fetch: Fetch = (...given) => {
      asked.push(given);
      return answer('{"a":[1]}')(...given);
    };
    expect(await fetchJson(fetch, "POST", url, signal)).toEqual({ a: [1] });
    expect(asked).toEqual([[url, { method: "POST", signal }]]);
  });

  it("that is refused names the status, and never the query", async () => {
    await expect(get(answer("no", 429))).rejects.toThrow(
      /^GET https:\/\/api\.example\/v1\/depth answered 429$/,
    );
  });

  it.each([
    ["seconds", { "retry-after": "7" }, 7_000],
    [
      "a date, beside the answer's own",
      { "retry-after": "Fri, 31 Dec 2027 23:59:20 GMT", date: "Fri, 31 Dec 2027 23:59:00 GMT" },
      20_000,
    ],
    ["a date alone", { "retry-after": "Fri, 31 Dec 2027 23:59:10 GMT" }, 10_000],
    ["nothing", {}, 10_000],
  ])(
    "that is refused says how long to wait, where the answer has %s",
    async (_, headers, waitMs) => {
      const refused: Fetch = async () => ({
        ok: false,
        status: 429,
        headers: new Headers(headers),
        text: () => Promise.resolve(""),
      });
      await expect(get(refused)).rejects.toMatchObject({ retryAfterMs: waitMs });
      await expect(get(answer("no", 418))).rejects.toMatchObject({ retryAfterMs: 120_000 });
      await expect(get(answer("no", 503))).rejects.toMatchObject({
        status: 503,
        retryAfterMs: undefined,
      });
    },
  );

  it("that is answered with too much, or with no JSON, fails", async () => {
    const tooMuch = answer(`"${"x".repeat(16 * 1024 * 1024)}"`);
    await expect(get(tooMuch)).rejects.toThrow(
      "GET https://api.example/v1/depth answered too much",
    );
    await expect(get(answer("<html>"))).rejects.toThrow(SyntaxError);
  });

  it("that fails on its way fails with that", async () => {
    await expect(get(() => Promise.reject(new TypeError("fetch failed")))).rejects.toThrow(
      "fetch failed",
    );
  });
});
