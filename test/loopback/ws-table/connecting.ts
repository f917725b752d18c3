/** C: TCP. */
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { type Case, deadline, dialling, dials, lost } from "./case.ts";
import { type Stage, turn } from "./stage.ts";

function refuses(id: string, does: string, url: string, needs?: "ipv6"): Case {
  return {
    id,
    does,
    play: (stage) => stage.dial(url),
    tells: ["tcp"],
    end: lost("unreachable", "tcp", "ECONNREFUSED"),
    memory: (peer) => {
      peer.progresses("tcp");
      peer.failsToConnect();
    },
    ...(needs && { needs }),
  };
}

const unanswered = {
  tells: dialling,
  end: deadline("upgrade"),
  memory: dials,
} satisfies Partial<Case>;

async function acceptsAndSaysNothing(stage: Stage): Promise<void> {
  await (
    await stage.connectOverTcp()
  ).request;
}

const cut = (code?: string) =>
  ({
    tells: dialling,
    end: lost("handshake-cut", "upgrade", "ECONNRESET"),
    memory: (peer) => {
      dials(peer);
      peer.drops(code);
    },
  }) satisfies Partial<Case>;

/** On a thread of its own, so that it has reset before the client's loop looks. */
const RESETTING_SERVER = `
  const { parentPort, workerData: hasReset } = require("node:worker_threads");
  const server = require("node:net").createServer((socket) => {
    socket.resetAndDestroy();
    socket.once("close", () => setImmediate(() => {
      Atomics.store(hasReset, 0, 1);
      Atomics.notify(hasReset, 0);
      server.close();
    }));
  });
  server.listen(0, "127.0.0.1", () => parentPort.postMessage(server.address().port));
`;

async function dialsWhatResets(stage: Stage): Promise<void> {
  const hasReset = new Int32Array(new SharedArrayBuffer(4));
  const worker = new Worker(RESETTING_SERVER, { eval: true, workerData: hasReset });
  stage.defer(() => void worker.terminate());
  const [port] = (await once(worker, "message")) as [number];
  stage.dial(`ws://127.0.0.1:${port}/`);
  // `net` connects in the next tick; after it, and before the loop turns, the reset is awaited.
  process.nextTick(() => Atomics.wait(hasReset, 0, 0));
}

export const connecting: readonly Case[] = [
  refuses("C01", "nobody listens at 127.0.0.1", "ws://127.0.0.1:1/"),
  {
    ...refuses("C02", "nobody listens at localhost", "ws://localhost:1/"),
    tells: ["dns", "tcp"],
    memory: (peer) => {
      peer.progresses("dns");
      peer.progresses("tcp");
      peer.failsToConnect();
    },
  },
  refuses("C03", "nobody listens at [::1]", "ws://[::1]:1/", "ipv6"),
  refuses("C04", "nobody listens at 0.0.0.0", "ws://0.0.0.0:1/"),
  {
    id: "C05",
    does: "the unix socket is missing",
    play: (stage) => stage.dial("ws+unix:/nowhere/none.sock:/"),
    tells: ["tcp"],
    end: lost("unreachable", "tcp", "ENOENT"),
    memory: (peer) => {
      peer.progresses("tcp");
      peer.failsToConnect("ENOENT");
    },
  },
  {
    id: "C06",
    does: "RST as soon as accepted",
    play: dialsWhatResets,
    tells: ["tcp"],
    end: lost("unreachable", "tcp", "ECONNRESET"),
    memory: (peer) => {
      peer.progresses("tcp");
      peer.failsToConnect("ECONNRESET");
    },
  },
  {
    id: "C07",
    does: "FIN as soon as accepted",
    play: async (stage) => (await stage.connectOverTcp()).end(),
    ...cut(),
  },
  {
    id: "C08",
    does: "accepts and never answers",
    play: acceptsAndSaysNothing,
    ...unanswered,
  },
  {
    id: "C09",
    does: "the same, with a handshakeTimeout",
    refuses: { handshakeTimeout: 200 },
    play: acceptsAndSaysNothing,
    ...unanswered,
  },
  {
    id: "C10",
    does: "answers a byte at a time",
    refuses: { handshakeTimeout: 200 },
    play: async (stage) => {
      const peer = await stage.connectOverTcp();
      await peer.request;
      for (const byte of "HTTP/1.1 101 Switching Protocols\r\nX-Slow: aaaa") {
        peer.write(byte);
        await turn();
      }
    },
    ...unanswered,
    note: "What ws's own deadline, an idle timer, never ends; ours is absolute.",
  },
  {
    id: "C11",
    does: "reads the request, then RST",
    play: async (stage) => {
      const peer = await stage.connectOverTcp();
      await peer.request;
      peer.reset();
    },
    ...cut("ECONNRESET"),
  },
  {
    id: "C12",
    does: "reads the request, then FIN",
    play: async (stage) => {
      const peer = await stage.connectOverTcp();
      await peer.request;
      peer.end();
    },
    ...cut(),
  },
];
