import { describe, expect, it } from "vitest";
import { explainSendError } from "../../../src/transport/send-error.ts";

describe("what a send throws", () => {
  it("names the switch that helps where a bundler has left bufferutil without its functions", () => {
    const stub: { readonly mask?: () => void } = {};
    let thrown: unknown;
    try {
      (stub.mask as () => void)();
    } catch (error) {
      thrown = error;
    }
    const { message, cause } = explainSendError(thrown);
    expect(message).toMatch(/mask is not a function; set WS_NO_BUFFER_UTIL=1/);
    expect(cause).toBe(thrown);
  });

  it("is the error itself where nothing more is known of it", () => {
    const error = new TypeError("detached");
    expect(explainSendError(error)).toBe(error);
  });

  it("may be of another realm, or no error at all", () => {
    expect(explainSendError({ message: "t.mask is not a function" }).message).toMatch(/NO_BUFFER/);
    expect(explainSendError("plain")).toMatchObject({ message: "plain" });
  });
});
