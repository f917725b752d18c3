// What travels inside the frames: plain messages, or the protocol that a peer's client insists on.
//
// A wire wraps a payload into one frame, and plays its protocol's handshake until the client is ready.
import { BINARY, encodeFrame } from "./frames.mjs";

/**
 * @typedef {object} Wire
 * @property {(payload: string) => Buffer} encode - One message as a frame.
 * @property {(session: any) => void} greet - The upgrade is done.
 * @property {(session: any, payload: Buffer) => void} hear - A frame of the client's before it is ready.
 * Calls `session.ready()` when its handshake is done.
 */

/** @type {Record<string, Wire>} */
export const wires = {
  plain: {
    encode: (payload) => encodeFrame(payload),
    greet: (session) => session.ready(),
    hear: () => undefined,
  },

  // https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md
  graphql: {
    encode: (payload) => encodeFrame(`{"id":"x1","type":"next","payload":{"data":${payload}}}`),
    greet: () => undefined,
    hear: (session, payload) => {
      const { type } = JSON.parse(payload);
      if (type === "connection_init") session.write(encodeFrame('{"type":"connection_ack"}'));
      else if (type === "ping") session.write(encodeFrame('{"type":"pong"}'));
      // Idle clients do not subscribe.
      if (type === "subscribe" || (type === "connection_init" && session.isIdle)) session.ready();
    },
  },

  // https://centrifugal.dev/docs/transports/client_protocol
  centrifuge: {
    encode: (payload) =>
      encodeFrame(`{"push":{"channel":"trades","pub":{"data":${payload},"offset":1}}}`),
    greet: () => undefined,
    hear: (session, payload) => {
      const text = payload.toString();
      if (text === "{}") return; // its pong
      const { id, connect } = JSON.parse(text.split("\n")[0]);
      if (connect === undefined) return;
      const ping = session.pingSeconds;
      const reply = { client: "c", version: "0", ping, pong: true, subs: { trades: {} } };
      session.write(encodeFrame(JSON.stringify({ id, connect: reply })));
      session.every(ping * 1_000, () => session.write(encodeFrame("{}")));
      session.ready();
    },
  },

  // MQTT 3.1.1: CONNECT, CONNACK, PINGREQ, PINGRESP, PUBLISH at QoS 0.
  mqtt: {
    encode: (payload) => encodeFrame(mqttPublish(payload), BINARY),
    greet: () => undefined,
    hear: (session, payload) => {
      // mqtt.js writes a packet in several frames, and a later one may begin like a CONNECT.
      const kind = payload[0] >> 4;
      if (kind === 1 && !session.isReady) {
        session.write(encodeFrame(Buffer.from([0x20, 2, 0, 0]), BINARY));
        session.ready();
      } else if (kind === 12) session.write(encodeFrame(Buffer.from([0xd0, 0]), BINARY));
    },
  },

  // https://socket.io/docs/v4/socket-io-protocol
  "socket.io": {
    encode: (payload) => encodeFrame(`42["m",${payload}]`),
    greet: (session) => {
      const open = { sid: "x", upgrades: [], pingInterval: 25_000, pingTimeout: 20_000 };
      session.write(encodeFrame(`0${JSON.stringify({ ...open, maxPayload: 1_000_000 })}`));
    },
    hear: (session, payload) => {
      if (!payload.toString().startsWith("40")) return;
      session.write(encodeFrame('40{"sid":"y"}'));
      session.every(25_000, () => session.write(encodeFrame("2")));
      session.ready();
    },
  },
};

function mqttPublish(payload) {
  const body = Buffer.concat([Buffer.from([0, 1]), Buffer.from("t"), Buffer.from(payload)]);
  const length = [];
  for (let rest = body.length; rest > 0; rest >>= 7) {
    length.push((rest & 127) | (rest > 127 ? 128 : 0));
  }
  return Buffer.concat([Buffer.from([0x30, ...length]), body]);
}
