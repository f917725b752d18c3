// Receive: what a message costs on its way to the application.
import { findPeers } from "../clients/index.mjs";
import { receiveCase } from "./receive-case.mjs";
import { number, ratioTable, spread, table } from "../lib/report.mjs";
import { median } from "../lib/stats.mjs";
import { barChart } from "../lib/svg.mjs";

export const title = "Receive";
export const about =
  "CPU time of the client's process per message (all threads, so the collector's too), and messages a " +
  "second. *Burst*: one connection, the server sends as fast as the client reads. *Paced*: 20 " +
  "connections, 1,000 messages a second on each, one frame per write; a second of it goes before. *Buffer*: the client hands out " +
  "what it has by nature. *String*: text. *JSON*: it is parsed. A peer with a protocol of its own is compared with raw " +
  "`ws` on that protocol's frames, doing the same unwrapping.";

const fast = "ws-supervisor, fastInbound";
const ours = ["ws-supervisor", fast, "ws-supervisor, messages()"];
const browserLike = ["reconnecting-websocket", "partysocket", "websocket-ts", "undici"];
const wiresOf = {
  "graphql-ws": "graphql",
  centrifuge: "centrifuge",
  mqtt: "mqtt",
  "socket.io-client": "socket.io",
};

const situations = ["burst", "paced"].flatMap((tempo) =>
  ["raw", "json"].flatMap((form) => [16, 200, 4096].map((bytes) => ({ bytes, form, tempo }))),
);

/** Where only the fast way in is asked about. */
const fastSituations = [
  { bytes: 200, form: "text", tempo: "burst" },
  { bytes: 200, form: "text", tempo: "burst", secure: true },
  { bytes: 200, form: "json", tempo: "paced", secure: true },
];

const FORMS = { raw: "Buffer", text: "string", json: "JSON" };

export const nameOf = ({ bytes, form, tempo, secure = false }) =>
  `${bytes.toLocaleString("en")} B, ${FORMS[form]}, ${tempo}${secure ? ", TLS" : ""}`;

export async function run({ server, rounds, stretches, only, chosenCase, log, onFailed }) {
  const { installed } = findPeers();
  const cases = [];
  for (const situation of [...situations, ...fastSituations]) {
    if (!nameOf(situation).includes(chosenCase)) continue;
    const isFast = fastSituations.includes(situation);
    if (situation.secure && !server.hasTls) {
      log(`${nameOf(situation)}: skipped, there is no openssl`);
      continue;
    }
    const isJson = situation.form === "json";
    const everybody = [
      "ws again",
      ...ours,
      ...(isJson ? ["ws-supervisor, sequence"] : []),
      ...[...browserLike, ...(isJson ? ["ccxt"] : [])].filter((name) => installed.includes(name)),
      ...(!isJson && situation.tempo === "burst" ? ["net, bytes only"] : []),
    ];
    const subjects = (isFast ? ["ws again", "ws-supervisor", fast] : everybody).filter(
      (name) => only === undefined || only.includes(name) || name === "ws again",
    );
    log(nameOf(situation));
    const options = { server, situation, rounds, stretches, onFailed };
    if (situation.tempo === "paced") Object.assign(options, pacedStretches(stretches));
    const results = await receiveCase({ ...options, subjects });
    const protocols = {};
    // Once is enough for those whose protocol is most of their cost.
    if (isJson && situation.bytes === 200 && !isFast) {
      for (const [name, wire] of Object.entries(wiresOf)) {
        if (!installed.includes(name) || (only !== undefined && !only.includes(name))) continue;
        const beside = await receiveCase({ ...options, base: `ws@${wire}`, subjects: [name] });
        Object.assign(protocols, Object.fromEntries(beside));
      }
    }
    const name = nameOf(situation);
    cases.push({ ...situation, name, results: Object.fromEntries(results), protocols });
  }
  return { cases };
}

/**
 * A stretch takes the time that it takes: half a second, and fewer of them. Code is compiled by how often it
 * has run, and here it runs a tenth as often as in a burst.
 */
function pacedStretches(stretches) {
  return { scale: 0.5, warmUps: 2, stretches: Math.min(stretches, 3) };
}

export function render({ cases }) {
  return cases
    .map(({ name, results, protocols }) =>
      [
        `### ${name}\n`,
        ratioTable(results, columns),
        ...(Object.keys(protocols).length > 0 ? [protocolTable(protocols)] : []),
      ].join("\n"),
    )
    .join("\n");
}

const columns = [
  { head: "CPU ns", figure: "cpuNs", kind: "value", digits: 0 },
  { head: "CPU, to raw `ws`", figure: "cpuNs", kind: "ratio" },
  { head: "throughput, to raw `ws`", figure: "perSecond", kind: "ratio" },
];

/** Each against raw `ws` on its own frames, so that there is no row that holds for all. */
function protocolTable(protocols) {
  return table(
    ["on frames of its own", "raw `ws` there, CPU ns", ...columns.map(({ head }) => head)],
    Object.entries(protocols).map(([client, { values, ratios, bases }]) => [
      client,
      number(median(bases.cpuNs), 0),
      number(median(values.cpuNs), 0),
      spread(ratios.cpuNs),
      spread(ratios.perSecond),
    ]),
  );
}

export function plots({ cases }) {
  const find = (bytes, form) =>
    cases.find(
      (each) =>
        each.bytes === bytes && each.form === form && each.tempo === "burst" && !each.secure,
    );
  const chart = (situation) =>
    barChart({
      title: `Messages a second, ${situation.name}: ratio to raw ws (more is better)`,
      reference: 1,
      bars: Object.entries({ ...situation.results, ...situation.protocols })
        .filter(([name]) => name !== "net, bytes only")
        .map(([name, { ratios }]) => ({ name, values: ratios.perSecond })),
    });
  return {
    "throughput-buffer.svg": chart(find(200, "raw")),
    "throughput-json.svg": chart(find(200, "json")),
  };
}
