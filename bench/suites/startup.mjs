// Start-up: a fresh process that imports one thing and ends.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { findPeers } from "../clients/index.mjs";
import { alternate } from "../lib/interleave.mjs";
import { repository } from "../lib/packages.mjs";
import { benchRoot } from "../lib/processes.mjs";
import { ratioTable } from "../lib/report.mjs";

export const title = "Start-up and import";
export const about =
  "A fresh process that imports and ends; wall and CPU time over that of an empty one. The number of " +
  "files is most of it.";

const built = (path) => pathToFileURL(join(repository, "dist", path)).href;

const imports = {
  node: "0",
  ws: 'import "ws"',
  xstate: 'import "xstate"',
  "xstate and ws": 'import "xstate"; import "ws"',
  "ws-supervisor": `import "${built("src/index.js")}"`,
  "ws-supervisor/machines": `import "${built("machines/index.js")}"`,
  "reconnecting-websocket": 'import "reconnecting-websocket"; import "ws"',
  partysocket: 'import "partysocket/ws"; import "ws"',
  "websocket-ts": 'import "websocket-ts"; import "ws"',
  undici: 'import "undici"',
  "graphql-ws": 'import "graphql-ws/client"; import "ws"',
  centrifuge: 'import "centrifuge"; import "ws"',
  mqtt: 'import "mqtt"',
  "socket.io-client": 'import "socket.io-client"',
  ccxt: `import "${pathToFileURL(join(benchRoot, "node_modules/ccxt/js/ccxt.js")).href}"`,
};

export async function run({ rounds, onFailed }) {
  const { missing } = findPeers();
  const subjects = Object.keys(imports).filter((name) => name !== "ws" && !missing.includes(name));
  const figures = ["wallMs", "cpuMs"];
  // Short, so more of them.
  const plan = { rounds: rounds * 2, base: "ws", subjects, figures, onFailed };
  return { results: Object.fromEntries(await alternate({ ...plan, run: start })) };
}

async function start(name) {
  const fromRepository = /^(?:node|ws|xstate.*|ws-supervisor.*)$/.test(name);
  const code = `${imports[name]};process.stdout.write(JSON.stringify(process.cpuUsage()))`;
  const startNs = process.hrtime.bigint();
  const { stdout, status, stderr } = spawnSync(
    process.execPath,
    ["--no-warnings", "--input-type=module", "-e", code],
    { cwd: fromRepository ? repository : benchRoot, encoding: "utf8" },
  );
  if (status !== 0) throw new Error(stderr.slice(0, 300));
  const { user, system } = JSON.parse(stdout);
  return {
    wallMs: Number(process.hrtime.bigint() - startNs) / 1e6,
    cpuMs: (user + system) / 1_000,
  };
}

export const render = ({ results }) =>
  ratioTable(
    results,
    [
      { head: "wall ms", figure: "wallMs", kind: "value", digits: 1 },
      { head: "wall less `ws`, ms", figure: "wallMs", kind: "difference", digits: 1 },
      { head: "wall, to `ws`", figure: "wallMs", kind: "ratio" },
      { head: "CPU ms", figure: "cpuMs", kind: "value", digits: 1 },
    ],
    "`ws`",
  );
