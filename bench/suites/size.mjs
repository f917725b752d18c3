// Bundle size: minified by esbuild, `ws` and Node's own modules left out.
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { findPeers } from "../clients/index.mjs";
import { peer, repository } from "../lib/packages.mjs";
import { benchRoot } from "../lib/processes.mjs";
import { number, table } from "../lib/report.mjs";

export const title = "Bundle size";
export const about =
  "esbuild, minified, for Node, as one ES module; `ws` is left out everywhere but where named.";

const ours = join(repository, "dist/src/index.js");

const entries = {
  "ws-supervisor, xstate left out": {
    code: `export { supervise } from "${ours}"`,
    external: ["xstate"],
  },
  "ws-supervisor": { code: `export { supervise } from "${ours}"` },
  "ws-supervisor and ws": { code: `export { supervise } from "${ours}"`, withWs: true },
  xstate: {
    code: 'export { createActor, setup, assign, fromCallback } from "xstate"',
    ofRepository: true,
  },
  ws: { code: 'export { WebSocket } from "ws"', withWs: true, ofRepository: true },
  "reconnecting-websocket": { code: 'export { default } from "reconnecting-websocket"' },
  partysocket: { code: 'export { default } from "partysocket/ws"' },
  "websocket-ts": { code: 'export { WebsocketBuilder, ExponentialBackoff } from "websocket-ts"' },
  undici: { code: 'export { WebSocket } from "undici"' },
  "graphql-ws": { code: 'export { createClient } from "graphql-ws"' },
  centrifuge: { code: 'export { Centrifuge } from "centrifuge"' },
  mqtt: { code: 'export { connect } from "mqtt"' },
  "socket.io-client": { code: 'export { io } from "socket.io-client"' },
};

export async function run({ onFailed }) {
  const { buildSync } = peer("esbuild");
  const { missing } = findPeers();
  const sizes = {};
  for (const [
    name,
    { code, external = [], withWs = false, ofRepository = false },
  ] of Object.entries(entries)) {
    if (missing.includes(name)) continue;
    try {
      const { outputFiles } = buildSync({
        stdin: { contents: code, resolveDir: ofRepository ? repository : benchRoot, loader: "js" },
        bundle: true,
        minify: true,
        write: false,
        platform: "node",
        format: "esm",
        logLevel: "silent",
        external: ["bufferutil", "utf-8-validate", ...(withWs ? [] : ["ws"]), ...external],
      });
      const bundle = Buffer.from(outputFiles[0].contents);
      sizes[name] = { bytes: bundle.length, gzipped: gzipSync(bundle, { level: 9 }).length };
    } catch (error) {
      onFailed(name, error);
    }
  }
  return { sizes };
}

export const render = ({ sizes }) =>
  table(
    ["", "minified B", "and gzipped B"],
    Object.entries(sizes)
      .sort(([, one], [, other]) => one.gzipped - other.gzipped)
      .map(([name, { bytes, gzipped }]) => [
        name.startsWith("ws-supervisor") ? `**${name}**` : name,
        number(bytes, 0),
        number(gzipped, 0),
      ]),
  );
