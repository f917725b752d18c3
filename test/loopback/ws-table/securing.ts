/** D: TLS. */
import type { TlsOptions } from "node:tls";
import { connect } from "node:tls";
import type { WsTransportOptions } from "../../../src/transport/ws-options.ts";
import { type Case, deadline, dropped, type End, invisible, lost, staysOpen } from "./case.ts";
import type { Certificates } from "./certificates.ts";
import type { Stage } from "./stage.ts";
import { trustsWeakKeys } from "./this-machine.ts";

/** Up to where each road goes. */
const toTls = ["dns", "tcp", "tls"];
const toUpgrade = [...toTls, "upgrade"];
const toOpen = [...toUpgrade, "opened"];

const lookup: WsTransportOptions["lookup"] = (_hostname, _options, callback) => {
  setImmediate(callback, null, [{ address: "127.0.0.1", family: 4 }]);
};

interface TlsCase extends Pick<Case, "id" | "does" | "tells" | "end" | "refuses" | "note"> {
  readonly server?: (certificates: Certificates) => TlsOptions;
  /** @defaultValue trusts our authority */
  readonly client?: (certificates: Certificates) => WsTransportOptions;
  readonly host?: string;
}

/** A client and a server with these certificates. */
function tls({ server, client, host = "localhost", ...row }: TlsCase): Case {
  return {
    ...row,
    play: async (stage) => {
      const { certificates } = stage;
      const listener = await stage.listen(server?.(certificates) ?? certificates.good);
      const options = client?.(certificates) ?? { ca: certificates.ca };
      stage.dial(listener.url(host), { lookup, ...options });
      if (row.end.kind !== "none") return;
      await (await listener.next()).upgrade();
      await stage.client.until("opened");
    },
    memory: invisible.tls,
    needs: "openssl",
  };
}

/** A peer of bare TCP that reads the ClientHello, then does as it is told. */
function bare(
  id: string,
  does: string,
  end: End,
  play: (peer: Awaited<ReturnType<Stage["connectOverTcp"]>>) => void,
): Case {
  return {
    id,
    does,
    play: async (stage) => {
      const listener = await stage.listen();
      stage.dial(listener.url("127.0.0.1", "wss"));
      const peer = await listener.next();
      await new Promise((resolve) => peer.socket.once("data", resolve));
      play(peer);
    },
    tells: ["tcp", "tls"],
    end,
    memory: invisible.tls,
  };
}

/** A fatal alert in the clear. */
const alert = (description: number): Buffer => Buffer.from([0x15, 3, 3, 0, 2, 2, description]);

const untrusted = (code?: string): End => lost("tls-trust", "tls", code);
const misspoken: End = lost("tls-protocol", "tls", "EPROTO");
const cut: End = lost("handshake-cut", "tls", "ECONNRESET");

const wantsCertificate = ({ good, ca }: Certificates): TlsOptions => ({
  ...good,
  ca,
  requestCert: true,
  rejectUnauthorized: true,
});

export const securing: readonly Case[] = [
  tls({ id: "D01", does: "a good certificate of our authority", tells: toOpen, end: staysOpen }),
  tls({
    id: "D02",
    does: "an authority that we do not trust",
    client: () => ({}),
    tells: toTls,
    end: untrusted("UNABLE_TO_VERIFY_LEAF_SIGNATURE"),
  }),
  tls({
    id: "D03",
    does: "a self-signed certificate",
    server: ({ self }) => self,
    client: () => ({}),
    tells: toTls,
    end: untrusted("DEPTH_ZERO_SELF_SIGNED_CERT"),
  }),
  tls({
    id: "D04",
    does: "an expired certificate",
    server: ({ expired }) => expired,
    tells: toTls,
    end: untrusted("CERT_HAS_EXPIRED"),
  }),
  tls({
    id: "D05",
    does: "a certificate that is not yet valid",
    server: ({ future }) => future,
    tells: toTls,
    end: untrusted("CERT_NOT_YET_VALID"),
  }),
  tls({
    id: "D06",
    does: "a certificate for another name",
    server: ({ wrongName }) => wrongName,
    tells: toTls,
    end: untrusted("ERR_TLS_CERT_ALTNAME_INVALID"),
  }),
  tls({
    id: "D07",
    does: "a certificate without our address",
    server: ({ wrongName }) => wrongName,
    host: "127.0.0.1",
    tells: toTls.slice(1),
    end: untrusted("ERR_TLS_CERT_ALTNAME_INVALID"),
  }),
  tls({
    id: "D08",
    does: "a revoked certificate, and we know",
    server: ({ revoked }) => revoked,
    client: ({ ca, crl }) => ({ ca, crl }),
    tells: toTls,
    end: untrusted("CERT_REVOKED"),
  }),
  tls({
    id: "D09",
    does: "a key of 1,024 bits, trusted by us",
    server: ({ weak }) => ({ ...weak, ciphers: "DEFAULT@SECLEVEL=0" }),
    client: ({ weak }) => ({ ca: weak.cert }),
    tells: trustsWeakKeys ? toOpen : toTls,
    end: trustsWeakKeys ? staysOpen : untrusted("UNSPECIFIED"),
    note: "As OpenSSL has it: a key that it trusts is no loss, one that it does not is untrusted.",
  }),
  tls({
    id: "D10",
    does: "a server of TLS 1.1 only",
    server: ({ good }) => ({
      ...good,
      minVersion: "TLSv1",
      maxVersion: "TLSv1.1",
      ciphers: "DEFAULT@SECLEVEL=0",
    }),
    tells: toTls,
    end: misspoken,
  }),
  tls({
    id: "D11",
    does: "wants a client's certificate, in TLS 1.3",
    server: wantsCertificate,
    tells: toUpgrade,
    end: lost("tls-client-certificate", "upgrade", "ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED"),
    note: "In TLS 1.3 the handshake is over for the client before the server looks.",
  }),
  tls({
    id: "D12",
    does: "wants a client's certificate, in TLS 1.2",
    server: (certificates) => ({ ...wantsCertificate(certificates), maxVersion: "TLSv1.2" }),
    tells: toTls,
    end: misspoken,
    note: "The alert is handshake_failure, which does not say that it is about a certificate.",
  }),
  tls({
    id: "D13",
    does: "wants a client's certificate, and gets it",
    server: wantsCertificate,
    client: ({ ca, client }) => ({ ca, ...client }),
    tells: toOpen,
    end: staysOpen,
  }),
  tls({
    id: "D14",
    does: "a self-signed certificate, with rejectUnauthorized: false",
    refuses: { rejectUnauthorized: false },
    server: ({ self }) => self,
    client: () => ({ rejectUnauthorized: false, dangerouslyAllowUntrusted: true }),
    tells: toOpen,
    end: staysOpen,
    note: "Refused unless the owner says that the danger is meant.",
  }),
  tls({
    id: "D15",
    does: "a certificate that our own check rejects",
    client: ({ ca }) => ({
      ca,
      checkServerIdentity: () => Object.assign(new Error("pin mismatch"), { code: "PIN" }),
    }),
    tells: toTls,
    end: untrusted("PIN"),
  }),
  tls({
    id: "D16",
    does: "an ALPN that we do not speak",
    refuses: { ALPNProtocols: ["http/1.1"] },
    server: ({ good }) => ({ ...good, ALPNProtocols: ["h2"] }),
    client: ({ ca }) => ({
      createConnection: (options) => connect({ ...options, ca, ALPNProtocols: ["http/1.1"] }),
    }),
    tells: toTls,
    end: misspoken,
    note: "Not an option of ours: the owner makes the stream.",
  }),
  bare("D17", "wss to a server of plain HTTP", misspoken, (peer) => {
    peer.socket.end("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
  }),
  {
    id: "D18",
    does: "plain ws to a server of TLS",
    play: async (stage) => {
      const listener = await stage.listen(stage.certificates.good);
      stage.dial(listener.url("127.0.0.1", "ws"));
    },
    tells: ["tcp", "upgrade"],
    end: lost("handshake-cut", "upgrade", "ECONNRESET"),
    memory: invisible.tls,
    needs: "openssl",
  },
  {
    ...bare("D19", "accepts and says nothing", deadline("tls"), () => {}),
    refuses: { handshakeTimeout: 200 },
  },
  bare("D20", "FIN after the ClientHello", cut, (peer) => peer.end()),
  bare("D21", "RST after the ClientHello", cut, (peer) => peer.reset()),
  bare("D22", "the alert handshake_failure", misspoken, (peer) => peer.socket.end(alert(40))),
  bare("D23", "the alert unrecognized_name", misspoken, (peer) => peer.socket.end(alert(112))),
  bare("D24", "garbage", misspoken, (peer) => peer.socket.end(Buffer.alloc(64, 0xa5))),
  {
    ...tls({
      id: "D25",
      does: "open, then RST under TLS",
      tells: toOpen,
      end: dropped("ECONNRESET"),
    }),
    play: async (stage) => {
      const { raw } = await openOverTls(stage);
      raw?.resetAndDestroy();
    },
  },
  {
    ...tls({
      id: "D26",
      does: "open, then close_notify and FIN, no close frame",
      tells: toOpen,
      end: dropped(),
    }),
    play: async (stage) => {
      const { peer } = await openOverTls(stage);
      peer.end();
    },
  },
];

async function openOverTls(stage: Stage) {
  const { certificates } = stage;
  const listener = await stage.listen(certificates.good);
  stage.dial(listener.url("localhost"), { lookup, ca: certificates.ca });
  const peer = await listener.next();
  await peer.upgrade();
  await stage.client.until("opened");
  return { peer, raw: listener.raw };
}
