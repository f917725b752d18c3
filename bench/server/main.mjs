// The server of all benchmarks, in a process of its own: TCP, the upgrade by hand, frames made in advance.
import { execFileSync } from "node:child_process";
import { createServer } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { answer, say } from "../lib/child.mjs";
import { Flood, FrameSet } from "./flood.mjs";
import { pace } from "./pace.mjs";
import { Session } from "./session.mjs";

/** Ready clients by group. */
const groups = new Map();
const frameSets = new Map();
const floods = new WeakMap();

const options = { highWaterMark: 1 << 20, noDelay: true };
const accept = (socket) => {
  let head = "";
  socket.on("error", () => undefined);
  const onHead = (chunk) => {
    head += chunk.toString("latin1");
    if (!head.includes("\r\n\r\n")) return;
    socket.off("data", onHead);
    socket.once("close", () => leave(socket));
    // No client of ours sends a frame before it has the answer.
    const session = new Session(socket, head, (ready) => {
      const members = groups.get(ready.group) ?? new Set();
      groups.set(ready.group, members.add(ready));
      socket.session = ready;
    });
    if (socket.destroyed) leave(socket);
    return session;
  };
  socket.on("data", onHead);
};

const server = createServer(options, accept);
const port = await listen(server);
const certificate = selfSigned();
const tlsPort =
  certificate && (await listen(createTlsServer({ ...options, ...certificate }, accept)));
say({ port, tlsPort });

function listen(server) {
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", 4_096, () => resolve(server.address().port));
  });
}

/** Made anew; undefined where there is no openssl. */
function selfSigned() {
  const request =
    "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout - -out - -days 1 " +
    "-subj /CN=localhost";
  try {
    const stdio = ["ignore", "pipe", "ignore"];
    const pem = execFileSync("openssl", request.split(" "), { encoding: "utf8", stdio });
    return { key: pem, cert: pem };
  } catch {
    return undefined;
  }
}

function leave({ session }) {
  if (session === undefined) return;
  groups.get(session.group)?.delete(session);
}

function frameSet(wire, bytes) {
  const byWire = frameSets.get(wire) ?? new Map();
  frameSets.set(wire, byWire);
  if (!byWire.has(bytes)) byWire.set(bytes, new FrameSet(wire, bytes));
  return byWire.get(bytes);
}

/** One flood per connection and size, so that numbers go on. */
function floodOf(session, bytes) {
  if (!floods.has(session))
    floods.set(session, new Flood(session.socket, frameSet(session.wire, bytes)));
  return floods.get(session);
}

const orders = {
  /** How many clients of a group are ready. */
  count: ({ group }) => ({ ready: groups.get(group)?.size ?? 0 }),
  /** Answers with the mean length of a frame, for clients that count nothing but bytes. */
  flood: ({ group, frames, bytes }) => {
    let meanBytes = 0;
    for (const session of groups.get(group)) {
      floodOf(session, bytes).send(frames);
      meanBytes = frameSet(session.wire, bytes).meanBytes;
    }
    return { meanBytes };
  },
  pace: async ({ group, perSecond, seconds, bytes, stamped = false }) => {
    const sessions = [...groups.get(group)];
    await pace(sessions, { perSecond, seconds, stamped, set: frameSet(sessions[0].wire, bytes) });
    return {};
  },
  /** How many pings have come from a group. */
  pings: ({ group }) => {
    let pings = 0;
    for (const session of groups.get(group) ?? []) pings += session.pings;
    return { pings };
  },
};

answer(({ order, ...details }) => orders[order](details));
