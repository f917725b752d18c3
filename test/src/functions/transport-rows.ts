/** The functions that open sockets. */
import { Duplex } from "node:stream";
import { createSupervisor, type SupervisorOptions } from "../../../src/index.ts";
import {
  createSupervisor as createInBrowser,
  createWebSocketTransport,
  type BrowserOptions,
} from "../../../src/browser/index.ts";
import { createMemoryTransport } from "../../../src/testing/memory-transport.ts";
import { VirtualClock } from "../../../src/testing/virtual-clock.ts";
import { buildWsOptions, checkWsOptions } from "../../../src/transport/ws-options.ts";
import { promisesSettle, url } from "../start-supervisor.ts";
import { all, type Given, type Row } from "./given.ts";
import { lossToText, orRefused } from "./life.ts";

/** The loss of the first attempt, which hangs where nothing ends it. */
function lossOf(options: object): Promise<string> {
  return orRefused(async () => {
    const clock = new VirtualClock();
    const feed = createSupervisor("ws://feed.test/", { clock, seed: 1, ...options });
    const losses: string[] = [];
    feed.on("attempt.failed", ({ loss }) => losses.push(lossToText(loss)));
    feed.start();
    await promisesSettle();
    await promisesSettle();
    if (losses.length === 0) clock.advance(10_000);
    feed.terminate();
    return losses.join(", ");
  });
}

const overWs = (name: string) => (given: Given) => lossOf({ ws: { [name]: given } });

/** What the check says of a certificate; `tls` takes everything that is not nothing for a refusal. */
function identifying(checkServerIdentity: Given): Promise<string> {
  return orRefused(() => {
    const options = { checkServerIdentity };
    checkWsOptions(options);
    const check = buildWsOptions(options)["checkServerIdentity"] as Given;
    const refusal: unknown = check("feed.test", {});
    return refusal instanceof Error ? "the certificate is refused" : "the certificate is taken";
  });
}

/** A browser's supervisor over a socket that a test drives. */
function inBrowser(decode: Given): Promise<string> {
  return orRefused(async () => {
    const clock = new VirtualClock();
    const { transport, sockets } = createMemoryTransport({ clock });
    const options = { transport, clock, decode, heartbeat: null } as BrowserOptions<unknown>;
    const feed = createInBrowser<unknown>(url, options);
    const words: string[] = [];
    feed.on("message", () => words.push("message"));
    feed.on("message.invalid", ({ type }) => words.push(type));
    feed.start();
    sockets[0]?.opens();
    sockets[0]?.receives("1", "2");
    await promisesSettle();
    feed.terminate();
    return words.join(", ");
  });
}

/** A socket of a page's that never opens. */
class DeafSocket {
  binaryType = "blob";
  readonly readyState = 0;
  readonly bufferedAmount = 0;
  addEventListener(): void {}
  removeEventListener(): void {}
  send(): void {}
  close(): void {}
}

const idle = (): Duplex => new Duplex({ read: () => undefined, write: (_, __, done) => done() });

const notFound = Object.assign(new Error("no such name"), { code: "ENOTFOUND" });

export const transportRows = [
  {
    option: "SupervisorOptions.transport",
    fine: "loss handshake-timeout in resolve",
    promised: all("loss config by transport()", {
      async: "OptionError transport",
      throws: "loss config",
    }),
    right: createMemoryTransport({ clock: new VirtualClock() }).transport,
    live: (given) => lossOf({ transport: given }),
  },
  {
    option: "WsTransportOptions.lookup",
    fine: "loss dns-not-found",
    promised: all("loss handshake-timeout in dns", {
      async: "OptionError ws.lookup",
      throws: "loss dns-transient",
      rejects: "loss dns-transient",
    }),
    right: (_: string, __: object, done: (error: Error) => void) => done(notFound),
    live: overWs("lookup"),
  },
  {
    option: "WsTransportOptions.createConnection",
    fine: "loss handshake-timeout in upgrade",
    promised: all("loss unreachable by ws.createConnection()", {
      async: "OptionError ws.createConnection",
      throws: "loss unreachable",
    }),
    right: idle,
    live: overWs("createConnection"),
  },
  {
    option: "WsTransportOptions.checkServerIdentity",
    fine: "the certificate is taken",
    promised: all("the certificate is refused", {
      async: "OptionError ws.checkServerIdentity",
      null: "the certificate is taken",
      undefined: "the certificate is taken",
    }),
    right: () => undefined,
    live: identifying,
  },
  {
    option: "WebSocketTransportOptions.WebSocket",
    fine: "loss handshake-timeout in resolve",
    promised: all("loss config", { async: "OptionError WebSocket" }),
    right: DeafSocket as unknown as () => unknown,
    live: (given) =>
      orRefused(() =>
        lossOf({ transport: createWebSocketTransport({ WebSocket: given as never }) }),
      ),
  },
  {
    option: "BrowserOptions.decode",
    fine: "message, message",
    promised: all("message.invalid, message.invalid", {
      async: "OptionError decode",
      map: "message, message",
      null: "message, message",
    }),
    right: (data: Uint8Array) => new TextDecoder().decode(data),
    live: inBrowser,
  },
  {
    option: "MemoryTransportOptions.onDial",
    fine: "loss handshake-timeout in resolve",
    promised: all("loss handshake-timeout in resolve", {
      async: "OptionError onDial",
      throws: "loss config",
      rejects: "loss config by onDial()",
      hangs: "loss config by onDial()",
    }),
    right: () => undefined,
    live: (onDial) =>
      orRefused(() => {
        const { transport } = createMemoryTransport({ clock: new VirtualClock(), onDial });
        return lossOf({ transport } satisfies SupervisorOptions);
      }),
  },
] as const satisfies readonly Row[];
