// The built package, as its users call it.
import { supervisor } from "../lib/packages.mjs";

/** As raw `ws` gives it: bytes. The default would make a string of text. */
const asBytes = (data) => data;
const asText = (data) => data.toString();
const asJson = (data) => JSON.parse(data.toString());

const sequence = (message) => ({
  stream: "trades",
  first: message.u,
  last: message.u,
  scope: "connection",
});

function settingsFor({ form, burn, sequenced = false, ...rest }) {
  const decode = { json: asJson, text: asText }[form] ?? asBytes;
  return {
    ...rest,
    ws: { rejectUnauthorized: false, dangerouslyAllowUntrusted: true, ...rest.ws },
    decode: burn === undefined ? decode : (data, isBinary) => (burn(), decode(data, isBinary)),
    ...(sequenced ? { sequence } : {}),
  };
}

async function open(url, onMessage, options = {}) {
  const { supervise } = await supervisor();
  const feed = supervise(url, settingsFor(options));
  feed.on("message", (item) => onMessage(item.data));
  await feed.ready();
  return { feed, send: (data) => feed.send(data), close: () => feed.terminate() };
}

/** An iterator's buffer must hold what one chunk brings: 65,536 bytes of 16-byte messages. */
const HIGH_WATER_MARK = 65_536;

async function openIterator(url, onMessage, options = {}) {
  const { supervise } = await supervisor();
  const feed = supervise(url, settingsFor(options));
  const items = feed.messages({ highWaterMark: HIGH_WATER_MARK });
  void (async () => {
    for await (const item of items) if (item.kind === "message") onMessage(item.data);
  })();
  await feed.ready();
  return { feed, send: (data) => feed.send(data), close: () => feed.terminate() };
}

export const ourClients = {
  "ws-supervisor": { wire: "plain", decodes: true, open },
  "ws-supervisor, fastInbound": {
    wire: "plain",
    decodes: true,
    open: (url, onMessage, options) =>
      open(url, onMessage, { ...options, ws: { ...options?.ws, fastInbound: true } }),
  },
  "ws-supervisor, sequence": {
    wire: "plain",
    decodes: true,
    json: true,
    open: (url, onMessage, options) => open(url, onMessage, { ...options, sequenced: true }),
  },
  "ws-supervisor, messages()": { wire: "plain", decodes: true, open: openIterator },
};
