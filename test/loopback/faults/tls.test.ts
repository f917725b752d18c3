/** Rows 14 to 17: TLS. Certificates are made anew for each run; without openssl this says so. */
import type { TlsOptions } from "node:tls";
import { beforeAll, describe, expect, it } from "vitest";
import type { WsTransportOptions } from "../../../src/transport/ws-options.ts";
import { createCertificates, hasOpenssl, type Certificates } from "../ws-table/certificates.ts";
import { Peer, serve, upgrades, type Play } from "./peer.ts";
import { resolving, startWorld, type World } from "./world.ts";

const isHere = hasOpenssl();
if (!isHere) console.warn("skipped: there is no openssl to make certificates with");

const lookup = resolving("127.0.0.1");
let certificates: Certificates;

beforeAll(() => {
  if (isHere) certificates = createCertificates();
}, 60_000);

/** A fatal alert in the clear: 40 is handshake_failure. */
const alert = Buffer.from([0x15, 3, 3, 0, 2, 2, 40]);

/** A peer of bare TCP that reads the ClientHello and then does this. */
const afterHello =
  (then: (connection: Parameters<Play>[0]) => void): Play =>
  (connection) =>
    connection.socket.once("data", () => then(connection));

async function dialTls(
  tls: TlsOptions,
  ws: WsTransportOptions,
): Promise<{ readonly world: World; readonly peer: Peer }> {
  const peer = await Peer.listen([upgrades], tls);
  const world = startWorld(peer.url("localhost"), { ws: { lookup, ...ws } });
  return { world, peer };
}

describe.skipIf(!isHere)("a certificate", () => {
  it.each<[string, string | undefined, (made: Certificates) => [TlsOptions, WsTransportOptions]]>([
    ["has expired", "CERT_HAS_EXPIRED", ({ expired, ca }) => [expired, { ca }]],
    ["is not valid yet", "CERT_NOT_YET_VALID", ({ future, ca }) => [future, { ca }]],
    [
      "is another name's",
      "ERR_TLS_CERT_ALTNAME_INVALID",
      ({ wrongName, ca }) => [wrongName, { ca }],
    ],
    ["is its own issuer's", "DEPTH_ZERO_SELF_SIGNED_CERT", ({ self }) => [self, {}]],
    ["has an unknown issuer", "UNABLE_TO_VERIFY_LEAF_SIGNATURE", ({ good }) => [good, {}]],
    ["is revoked", "CERT_REVOKED", ({ revoked, ca, crl }) => [revoked, { ca, crl }]],
    [
      "is not the one that was pinned",
      undefined,
      ({ good, ca }) => [good, { ca, checkServerIdentity: () => new Error("pin mismatch") }],
    ],
  ])(
    "row 14: that %s is tried again after a minute, never with less trust",
    async (_, code, choose) => {
      const { world } = await dialTls(...choose(certificates));
      const { loss } = await world.hears("attempt.failed");
      expect(loss).toMatchObject({ class: "tls-trust", phase: "tls" });
      expect(loss.code).toBe(code);
      expect(world.retryInMs).toBeGreaterThanOrEqual(60_000);
      expect(world.alerts("loss")).toMatchObject([{ rule: "tls-trust" }]);
      world.waitsItsTurn();
      await world.hears("attempt.failed", 2);
      expect(world.heard("up")).toEqual([]);
      expect(world.alerts("loss")).toHaveLength(1);
    },
  );

  it("row 14: that nobody trusts fails for good where retries are bounded", async () => {
    const peer = await Peer.listen([upgrades], certificates.self);
    const world = startWorld(peer.url("localhost"), { ws: { lookup }, maxRetries: 1 });
    await world.hears("attempt.failed");
    world.waitsItsTurn();
    expect(await world.hears("failed")).toMatchObject({ rule: "tls-trust" });
    expect(world.alerts("failed")).toMatchObject([{ cause: "retries-exhausted" }]);
  });

  it("row 16: of ours that the server misses fails for good", async () => {
    const { good, ca } = certificates;
    const wants: TlsOptions = {
      ...good,
      ca,
      requestCert: true,
      rejectUnauthorized: true,
      minVersion: "TLSv1.3",
    };
    const { world } = await dialTls(wants, { ca });
    expect(await world.hears("failed")).toMatchObject({
      loss: {
        class: "tls-client-certificate",
        code: "ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED",
      },
    });
    expect(world.retryInMs).toBeNaN();
  });

  it("row 16: of ours that the server trusts opens the door", async () => {
    const { good, ca, client } = certificates;
    const { world } = await dialTls(
      { ...good, ca, requestCert: true, rejectUnauthorized: true },
      { ca, ...client },
    );
    await world.hears("up");
  });

  it("row 15: is of no use without a version of TLS in common", async () => {
    const { good, ca } = certificates;
    const { world } = await dialTls(
      { ...good, minVersion: "TLSv1.3" },
      { ca, maxVersion: "TLSv1.2" },
    );
    const { loss } = await world.hears("attempt.failed");
    expect(loss).toMatchObject({ class: "tls-protocol", phase: "tls" });
    expect(world.retryInMs).toBeGreaterThanOrEqual(10_000);
  });
});

describe("a peer in place of a TLS server", () => {
  it.each<[string, Play]>([
    ["an alert", afterHello((connection) => connection.write(alert))],
    ["a plain answer", afterHello((connection) => connection.write("HTTP/1.1 400 X\r\n\r\n"))],
    ["garbage", afterHello((connection) => connection.write(Buffer.alloc(64, 0xff)))],
  ])("row 15: that says %s is dialled again after 10 s", async (_, play) => {
    const peer = await serve(play);
    const world = startWorld(peer.url().replace("ws:", "wss:"));
    const { loss } = await world.hears("attempt.failed");
    expect(loss).toMatchObject({ class: "tls-protocol", phase: "tls" });
    expect(world.retryInMs).toBeGreaterThanOrEqual(10_000);
  });

  it("row 17: that says nothing costs an attempt its deadline", async () => {
    const peer = await serve(afterHello(() => {}));
    const world = startWorld(peer.url().replace("ws:", "wss:"));
    const { socket } = await peer.connection(1);
    await new Promise((resolve) => socket.once("data", resolve));
    world.clock.advance(9_999);
    expect(world.feed.state).toBe("connecting");
    world.clock.advance(1);
    expect(world.heard("attempt.failed")).toMatchObject([
      { loss: { class: "handshake-timeout", phase: "tls" } },
    ]);
    await (
      await peer.connection(1)
    ).gone;
  });
});
