// Every peer behind one small face: `open(url, onMessage)` resolves with a handle once it is open.
//
// `base` names the raw client on the same frames where a peer has a protocol of its own; `decodes` says
// that it parses by itself, whether one wants it or not. Settings are each peer's defaults, but for what
// would wake up in the middle of a measurement.
import { peer, peerFile, WebSocket } from "../lib/packages.mjs";

const HOUR_MS = 3_600_000;

/** For the clients that look like a browser's WebSocket. */
function opened(socket, onMessage) {
  return new Promise((resolve, reject) => {
    socket.onmessage = (event) => onMessage(event.data);
    socket.onerror = (event) => reject(new Error(event.message ?? "error"));
    socket.onopen = () =>
      resolve({ socket, send: (data) => socket.send(data), close: () => socket.close() });
  });
}

export const peerClients = {
  "reconnecting-websocket": {
    wire: "plain",
    open: (url, onMessage, { tuned } = {}) => {
      const ReconnectingWebSocket = peer("reconnecting-websocket");
      return opened(new ReconnectingWebSocket(url, [], { WebSocket, ...tuned }), onMessage);
    },
  },
  partysocket: {
    wire: "plain",
    open: (url, onMessage, { tuned } = {}) => {
      const { default: PartySocket } = peer("partysocket/ws");
      return opened(new PartySocket(url, [], { WebSocket, ...tuned }), onMessage);
    },
  },
  "websocket-ts": {
    wire: "plain",
    open: (url, onMessage, { backoffMs = 1_000 } = {}) => {
      globalThis.WebSocket = WebSocket;
      const { WebsocketBuilder, ConstantBackoff } = peer("websocket-ts");
      return new Promise((resolve) => {
        new WebsocketBuilder(url)
          .withBackoff(new ConstantBackoff(backoffMs))
          .withInstantReconnect(backoffMs === 0)
          .onMessage((_, event) => onMessage(event.data))
          .onOpen((socket) =>
            resolve({ socket, send: (data) => socket.send(data), close: () => socket.close() }),
          )
          .build();
      });
    },
  },
  undici: {
    wire: "plain",
    open: (url, onMessage) => {
      const { WebSocket: UndiciWebSocket } = peer("undici");
      const socket = new UndiciWebSocket(url);
      return opened(socket, onMessage);
    },
  },
  ccxt: {
    wire: "plain",
    decodes: true,
    open: async (url, onMessage, { config = {} } = {}) => {
      const { default: WsClient } = await peerFile("ccxt", "js/src/base/ws/WsClient.js");
      return new Promise((resolve, reject) => {
        const client = new WsClient(
          url,
          (_, message) => onMessage(message),
          (_, error) => reject(error),
          () => undefined,
          () => resolve({ client, send: (data) => client.send(data), close: () => client.close() }),
          { options: {}, keepAlive: HOUR_MS, ...config },
        );
        client.connected.catch(reject);
        client.connect();
      });
    },
  },
  "graphql-ws": {
    wire: "graphql",
    base: "ws@graphql",
    decodes: true,
    open: (url, onMessage, { config = {} } = {}) => {
      const { createClient } = peer("graphql-ws");
      return new Promise((resolve, reject) => {
        const client = createClient({
          url,
          webSocketImpl: WebSocket,
          lazy: false,
          generateID: () => "x1",
          keepAlive: HOUR_MS,
          ...config,
          on: { connected: () => resolve({ client, close: () => client.dispose() }) },
        });
        if (config.isIdle) return;
        client.subscribe(
          { query: "subscription{trades}" },
          { next: ({ data }) => onMessage(data), error: reject, complete: () => undefined },
        );
      });
    },
  },
  centrifuge: {
    wire: "centrifuge",
    base: "ws@centrifuge",
    decodes: true,
    open: (url, onMessage, { config = {} } = {}) => {
      const { Centrifuge } = peer("centrifuge");
      return new Promise((resolve) => {
        const client = new Centrifuge(url, { websocket: WebSocket, ...config });
        client.on("publication", ({ data }) => onMessage(data));
        client.on("connected", () => resolve({ client, close: () => client.disconnect() }));
        client.connect();
      });
    },
  },
  mqtt: {
    wire: "mqtt",
    base: "ws@mqtt",
    open: (url, onMessage, { config = {} } = {}) => {
      const mqtt = peer("mqtt");
      return new Promise((resolve) => {
        const client = mqtt.connect(url, { protocolVersion: 4, keepalive: 3_600, ...config });
        client.on("message", (_, payload) => onMessage(payload));
        client.on("error", () => undefined);
        client.on("connect", () => resolve({ client, close: () => client.end(true) }));
      });
    },
  },
  "socket.io-client": {
    wire: "socket.io",
    base: "ws@socket.io",
    decodes: true,
    open: (url, onMessage, { config = {} } = {}) => {
      const { io } = peer("socket.io-client");
      const { origin, pathname, searchParams } = new URL(url);
      return new Promise((resolve) => {
        const socket = io(origin.replace("ws", "http"), {
          path: "/socket.io/",
          transports: ["websocket"],
          forceNew: true,
          query: { ...Object.fromEntries(searchParams), mode: pathname.slice(1) },
          ...config,
        });
        socket.on("m", (data) => onMessage(data));
        socket.on("connect", () => resolve({ socket, close: () => socket.disconnect() }));
      });
    },
  },
};
