import { describe, expect, it } from "vitest";
import { OptionError } from "ws-supervisor";
import { redactGiven, redactUrls } from "../../src/redact.ts";

describe("a URL in a text", () => {
  it.each([
    ["wss://host/ws", "wss://host/ws"],
    ["at wss://u:p4ss@host:9/ws?token=abc#x now", "at wss://host:9/ws?… now"],
    ["'wss://u:p4ss@host'", "'wss://host'"],
    ["wss://[::1]:80/a", "wss://[::1]:80/a"],
    ["a ws://one/x?k=v and http://u@two", "a ws://one/x?… and http://two"],
    ["unix:///path", "unix:///path"],
    // What cannot be read may be a password.
    ["wss://user:p4ss", "wss://…"],
    ["wss://u:p4/ss@host/ws", "wss://…"],
    ["wss://u:p@ss@host/ws", "wss://host/ws"],
  ])("(%s) keeps its place and no credentials", (text, redacted) => {
    expect(redactUrls(text)).toBe(redacted);
  });

  it("is sought in time linear in the text", () => {
    const text = "a.b-".repeat(300_000);
    expect(redactUrls(text)).toBe(text);
  });
});

describe("a text that an error message repeats", () => {
  it.each([
    ["btcusdt@trade", "btcusdt@trade"],
    ["wss://u:p 4ss@host", "wss://…"],
    ['wss://u:p"4ss@host', "wss://…"],
    ['{"op":"login","token":"s3cret"}', "JSON text of 31 characters"],
    [' ["auth"]', "JSON text of 9 characters"],
  ])("(%s) is no URL with credentials and no frame", (text, redacted) => {
    expect(redactGiven(text)).toBe(redacted);
  });

  it("is redacted before it is cut", () => {
    const url = `wss://${"u".repeat(30)}:${"s3cret".repeat(5)}@host/ws`;
    const { message } = new OptionError("url", "one URL", url);
    expect(message).toBe('url: expected one URL, received "wss://host/ws"');
  });
});
