// What everything is compared with: `ws` by hand, and below it the bare socket.
import { connect } from "node:net";
import { WebSocket } from "../lib/packages.mjs";

function openWs(url, onMessage, { protocol, greeting, skip = 0, isReady } = {}) {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url, protocol === undefined ? [] : [protocol], {
      perMessageDeflate: false,
      rejectUnauthorized: false, // the server's certificate is its own
    });
    const handle = { socket, send: (data) => socket.send(data), close: () => socket.terminate() };
    const opened = () => {
      if (greeting !== undefined) socket.send(greeting);
      if (skip === 0) resolve(handle);
    };
    socket.on("open", opened);
    socket.on("error", reject);
    if (skip === 0) {
      socket.on("message", onMessage);
      return;
    }
    // A protocol's handshake comes first; the data path is then a listener of its own.
    let heard = 0;
    const handshake = (data) => {
      heard += 1;
      isReady?.(socket, data);
      if (heard < skip) return;
      socket.off("message", handshake);
      socket.on("message", onMessage);
      resolve(handle);
    };
    socket.on("message", handshake);
  });
}

export const rawClients = {
  ws: { wire: "plain", open: openWs },
  "ws again": { wire: "plain", open: openWs },

  // Raw `ws` on the frames of a peer's protocol: what that peer is compared with.
  "ws@graphql": {
    wire: "graphql",
    pick: (message) => message.payload.data,
    open: (url, onMessage) =>
      openWs(url, onMessage, {
        protocol: "graphql-transport-ws",
        greeting: '{"type":"connection_init"}',
        skip: 1,
        isReady: (socket) => socket.send('{"id":"x1","type":"subscribe","payload":{}}'),
      }),
  },
  "ws@centrifuge": {
    wire: "centrifuge",
    pick: (message) => message.push.pub.data,
    open: (url, onMessage) =>
      openWs(url, onMessage, { greeting: '{"connect":{},"id":1}', skip: 1 }),
  },
  "ws@mqtt": {
    wire: "mqtt",
    // The publish packet's own header: its length takes one byte or two, then the topic "t".
    body: (data) => data.subarray(data[1] < 128 ? 5 : 6),
    open: (url, onMessage) =>
      openWs(url, onMessage, { protocol: "mqtt", greeting: Buffer.from([0x10, 0]), skip: 1 }),
  },
  "ws@socket.io": {
    wire: "socket.io",
    body: (data) => data.subarray(2),
    pick: ([, data]) => data,
    open: (url, onMessage) => openWs(url, onMessage, { greeting: "40", skip: 2 }),
  },

  // No frames at all: what the server and the kernel can do. Tells in bytes.
  "net, bytes only": {
    wire: "plain",
    countsBytes: true,
    open: (url, onBytes) => openTcp(url, (chunk) => onBytes(chunk.length)),
  },
};

/** The upgrade by hand; then whatever comes. */
export function openTcp(url, onChunk) {
  const { hostname, port, pathname, search } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect({ host: hostname, port: Number(port), noDelay: true });
    socket.write(
      `GET ${pathname}${search} HTTP/1.1\r\nHost: ${hostname}\r\nUpgrade: websocket\r\n` +
        "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n" +
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
    );
    socket.on("error", reject);
    socket.once("data", () => {
      socket.on("data", onChunk);
      resolve({ socket, send: (data) => socket.write(data), close: () => socket.destroy() });
    });
  });
}
