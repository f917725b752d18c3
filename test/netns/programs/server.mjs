// A feed on every address of its namespace: numbers stream "a", one every 50 ms, over all connections.
//   node server.mjs PORT
// Says a JSON line when it listens and for each client that comes or goes.
import { WebSocketServer } from "ws";

const say = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);
const server = new WebSocketServer({ host: "0.0.0.0", port: Number(process.argv[2]) });
server.on("listening", () => say({ type: "listening" }));
server.on("connection", (socket) => {
  say({ type: "came", clients: server.clients.size });
  socket.on("error", () => {});
  socket.on("close", () => say({ type: "went", clients: server.clients.size }));
});
let n = 0;
setInterval(() => {
  n += 1;
  for (const socket of server.clients) {
    // A client that is cut off must not fill this process.
    if (socket.bufferedAmount < 65_536) socket.send(JSON.stringify({ s: "a", n }));
  }
}, 50);
