import { Agent } from "node:http";
import { PassThrough } from "node:stream";
import type { PeerCertificate } from "node:tls";
import { describe, expect, it } from "vitest";
import { OptionError } from "../../../src/errors.ts";
import {
  buildWsOptions,
  checkWsOptions,
  type WsTransportOptions,
} from "../../../src/transport/ws-options.ts";
import { createWsTransport } from "../../../src/transport/ws-transport.ts";

/** As a caller without types would pass them. */
const untyped = (options: unknown): WsTransportOptions => options as WsTransportOptions;

function refusal(options: unknown): OptionError {
  try {
    checkWsOptions(untyped(options));
  } catch (error) {
    if (error instanceof OptionError) return error;
    throw error;
  }
  throw new Error("the options were accepted");
}

describe("options for ws", () => {
  it("are accepted when they are good, undefined counting as absent", () => {
    checkWsOptions({});
    checkWsOptions({ maxPayload: undefined, perMessageDeflate: undefined });
    checkWsOptions({
      maxPayload: 2 ** 31 - 1,
      perMessageDeflate: { threshold: 0, serverMaxWindowBits: 15, clientNoContextTakeover: true },
      agent: new Agent(),
      family: 4,
      localAddress: "127.0.0.1",
      ca: [Buffer.from("pem"), "pem"],
      minVersion: "TLSv1.2",
      servername: "",
      rejectUnauthorized: false,
      dangerouslyAllowUntrusted: true,
    });
  });

  it.each([
    ["maxPayload", [0, -1, 1.5, Number.NaN, Infinity, 2 ** 31, 2 ** 32, "4096", null]],
    ["maxPendingAutoPongs", [0, -1, Infinity]],
    ["maxFragments", [0, -1]],
    ["maxBufferedChunks", [0, -1]],
    ["closeTimeout", [0, -1, Infinity, 2 ** 31]],
    ["autoSelectFamilyAttemptTimeout", [0, 9, Infinity]],
    ["perMessageDeflate", ["on", 1, null, []]],
    ["skipUTF8Validation", ["no", 0]],
    ["agent", ["x", {}, false]],
    ["createConnection", [{}]],
    ["lookup", ["dns"]],
    ["denyPrivateAddresses", ["yes", 1, null]],
    ["family", [5, "4"]],
    ["localAddress", ["localhost", 4]],
    ["ca", [1, {}, true]],
    ["minVersion", ["TLSv1", "1.2"]],
    ["origin", [1]],
    ["rejectUnauthorized", ["false", 0]],
  ])("name %s when it cannot work", (name, values) => {
    for (const value of values) {
      const error = refusal({ [name]: value });
      expect(error.option).toBe(`ws.${name}`);
      expect(error.expected).not.toBe("");
    }
  });

  it("say what was expected and what came", () => {
    expect(refusal({ maxPayload: -1 }).message).toBe(
      "ws.maxPayload: expected an integer from 1 to 2147483647, received -1",
    );
  });

  it.each(["handshakeTimeout", "followRedirects", "headers", "maxpayload", "constructor"])(
    "refuse %s, which is none of them",
    (name) => {
      expect(refusal({ [name]: undefined }).option).toBe(`ws.${name}`);
    },
  );

  it("look into the options of compression", () => {
    for (const inner of [{ threshold: -1 }, { serverMaxWindowBits: 16 }, { zlibOptions: {} }]) {
      const [name] = Object.keys(inner);
      expect(refusal({ perMessageDeflate: inner }).option).toBe(`ws.perMessageDeflate.${name}`);
    }
  });

  it("refuse what is no object", () => {
    for (const options of [null, "x", 1, []]) expect(refusal(options).option).toBe("ws");
  });

  it("refuse an untrusted peer unless it is said that it is meant", () => {
    expect(refusal({ rejectUnauthorized: false }).option).toBe("ws.rejectUnauthorized");
    expect(refusal({ rejectUnauthorized: false, dangerouslyAllowUntrusted: false }).option).toBe(
      "ws.rejectUnauthorized",
    );
  });

  it("refuse two who make the sockets", () => {
    expect(refusal({ agent: new Agent(), createConnection: () => new PassThrough() }).option).toBe(
      "ws.createConnection",
    );
  });

  it("refuse the fast way in over the sockets of an agent, which it may use again", () => {
    expect(refusal({ fastInbound: true, agent: new Agent() }).option).toBe("ws.fastInbound");
    expect(() => createWsTransport({ fastInbound: false, agent: new Agent() })).not.toThrow();
    expect(buildWsOptions({ fastInbound: true })).not.toHaveProperty("fastInbound");
  });

  it("refuse to deny private addresses where somebody else looks names up", () => {
    for (const maker of [{ agent: new Agent() }, { createConnection: () => new PassThrough() }]) {
      const { option } = refusal({ denyPrivateAddresses: true, ...maker });
      expect(option).toBe("ws.denyPrivateAddresses");
      expect(() => createWsTransport({ denyPrivateAddresses: false, ...maker })).not.toThrow();
    }
  });

  it("are checked when a transport is made, before anything is dialled", () => {
    expect(() => createWsTransport({ maxPayload: 0 })).toThrow(OptionError);
  });
});

describe("what reaches ws", () => {
  it("is our defaults, not its own", () => {
    expect(buildWsOptions({})).toEqual({
      maxPayload: 4_194_304,
      maxPendingAutoPongs: 60,
      closeTimeout: 2_000,
      perMessageDeflate: false,
      followRedirects: false,
      autoSelectFamilyAttemptTimeout: 2_000,
      rejectUnauthorized: true,
    });
  });

  it("has no undefined key, so that no default is taken away", () => {
    const built = buildWsOptions({
      maxPayload: undefined,
      perMessageDeflate: undefined,
      rejectUnauthorized: undefined,
      checkServerIdentity: undefined,
      lookup: undefined,
    });
    expect(Object.values(built)).not.toContain(undefined);
    expect(built).toEqual(buildWsOptions({}));
  });

  it("is what was given, but for the word of consent", () => {
    const built = buildWsOptions({
      maxPayload: 1_000,
      rejectUnauthorized: false,
      dangerouslyAllowUntrusted: true,
      denyPrivateAddresses: true,
    });
    expect(built).toMatchObject({ maxPayload: 1_000, rejectUnauthorized: false });
    expect(built).not.toHaveProperty("dangerouslyAllowUntrusted");
    expect(built).not.toHaveProperty("denyPrivateAddresses");
  });

  it("has an identity check that answers what it throws", () => {
    const boom = new Error("boom");
    const { checkServerIdentity } = buildWsOptions({
      checkServerIdentity: () => {
        throw boom;
      },
    }) as Required<WsTransportOptions>;
    expect(checkServerIdentity?.("feed.test", {} as PeerCertificate)).toBe(boom);
  });
});
