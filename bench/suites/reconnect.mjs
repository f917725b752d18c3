// Reconnect: from the server's RST to the first message on the next connection.
import { clients, findPeers } from "../clients/index.mjs";
import { alternate } from "../lib/interleave.mjs";
import { BenchProcess } from "../lib/processes.mjs";
import { ratioTable } from "../lib/report.mjs";

export const title = "Reconnect";
export const about =
  "Every client at the least backoff it knows. Compared with a bare loop that also waits " +
  "`setTimeout(0)`, which is a timer's tick of about 1.2 ms; a loop that dials in the close handler " +
  "itself saves that, and a backoff of nothing is nobody's default. With 500 subscriptions the first " +
  "message comes when the last of them has been asked for, in frames of 100.";

const FIGURES = ["p50", "p99", "cpuUs"];
const UP_MS = 20;
let client = 0;

export async function run({ server, rounds, onFailed, log }) {
  const { installed } = findPeers();
  const topicless = ["graphql-ws", "centrifuge", "mqtt", "socket.io-client"];
  const wrappers = ["reconnecting-websocket", "partysocket", "websocket-ts", "undici"];
  const cases = [];
  for (const topics of [1, 500]) {
    log(`${topics} subscriptions`);
    const subjects = [
      "ws, in the close handler",
      "ws-supervisor",
      ...[...wrappers, ...(topics === 1 ? topicless : [])].filter((name) =>
        installed.includes(name),
      ),
    ];
    const measure = (name) => reconnectOf(server, name, { topics, reconnects: 40 });
    const plan = { rounds, base: "ws", subjects, figures: FIGURES, onFailed };
    const results = await alternate({ ...plan, run: measure });
    cases.push({ topics, results: Object.fromEntries(results) });
  }
  return { cases };
}

export async function reconnectOf(server, name, { topics, reconnects, plantedUs = 0 }) {
  const wire = clients[name]?.wire ?? "plain";
  const id = (client += 1);
  // Protocols of their own subscribe in their handshake.
  const asked = wire === "plain" ? topics : 0;
  const url = server.url(`reset?id=${id}&afterMs=${UP_MS}&topics=${asked}&wire=${wire}`);
  const args = [name, url, asked, reconnects, plantedUs].map(String);
  const worker = new BenchProcess("workers/reconnect.mjs", args);
  try {
    return await worker.hear();
  } finally {
    await worker.stop();
  }
}

export const render = ({ cases }) =>
  cases
    .map(
      ({ topics, results }) =>
        `### ${topics} subscription${topics === 1 ? "" : "s"}\n\n` +
        ratioTable(
          results,
          [
            { head: "p50 ms", figure: "p50", kind: "value", digits: 2 },
            { head: "p99 ms", figure: "p99", kind: "value", digits: 2 },
            { head: "p50, to the bare loop", figure: "p50", kind: "ratio" },
            { head: "CPU µs", figure: "cpuUs", kind: "value", digits: 0 },
          ],
          "`ws`, `setTimeout(0)`",
        ),
    )
    .join("\n");
