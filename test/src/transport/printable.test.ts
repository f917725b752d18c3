import { describe, expect, it } from "vitest";
import { printable, redactUrl } from "../../../src/transport/printable.ts";

describe("text from outside", () => {
  it("is left alone where it is harmless", () => {
    expect(printable("maintenance in 5 min: für alle 🙂")).toBe(
      "maintenance in 5 min: für alle 🙂",
    );
    expect(printable("")).toBe("");
  });

  it.each([
    ["a forged log line", "bye\r\nINFO all is well", "bye\\u{d}\\u{a}INFO all is well"],
    ["a terminal's escape", "\u001b[31mred", "\\u{1b}[31mred"],
    ["C1 controls", "\u0085\u009b", "\\u{85}\\u{9b}"],
    ["DEL and NUL", "\u007f\u0000", "\\u{7f}\\u{0}"],
    ["line and paragraph separators", "\u2028\u2029", "\\u{2028}\\u{2029}"],
    ["bidi controls", "\u202Etxt\u2066\u200f", "\\u{202e}txt\\u{2066}\\u{200f}"],
    ["a lone surrogate", "a\ud800b", "a\\u{d800}b"],
  ])("shows %s as an escape", (_, text, shown) => {
    expect(printable(text)).toBe(shown);
  });

  it("is cut at 200 characters, not at 199 nor 201", () => {
    expect(printable("x".repeat(200))).toBe("x".repeat(200));
    expect(printable("x".repeat(201))).toBe(`${"x".repeat(199)}…`);
  });

  it("is never cut inside an escape or a character", () => {
    expect(printable("🙂🙂🙂", 5)).toBe("🙂🙂…");
    expect(printable("🙂🙂🙂", 4)).toBe("🙂…");
    expect(printable("\n\n\n", 10)).toBe("\\u{a}…");
    expect(printable(`a${"\n".repeat(200)}`).length).toBeLessThanOrEqual(200);
  });

  it("of a megabyte is read no further than its limit", () => {
    expect(printable("\u0007".repeat(1_000_000))).toBe(`${"\\u{7}".repeat(39)}…`);
  });
});

describe("a URL that is shown", () => {
  it.each([
    ["wss://user:secret@feed.test:8443/ws/v1?token=abc#x", "wss://feed.test:8443/ws/v1"],
    ["https://feed.test", "https://feed.test/"],
    ["file:///etc/passwd", "file:///etc/passwd"],
    ["javascript:alert(document.cookie)", "javascript:"],
    ["ws://feed.test/a\nb\u202e", "ws://feed.test/ab%E2%80%AE"],
  ])("%s keeps scheme, host and path alone", (url, shown) => {
    expect(redactUrl(url)).toBe(shown);
  });

  it("is resolved against where it came from, whose credentials it does not take over", () => {
    expect(redactUrl("/login?next=x", "wss://user:secret@feed.test/ws?token=abc")).toBe(
      "wss://feed.test/login",
    );
  });

  it("is undefined when it is no URL", () => {
    expect(redactUrl("http://[oops", "ws://feed.test/")).toBeUndefined();
    expect(redactUrl("/relative")).toBeUndefined();
  });
});
