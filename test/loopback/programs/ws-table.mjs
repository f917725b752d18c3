// A case of test/loopback/ws-table that is about the whole process.
//   node ws-table.mjs DIST ID
// Says as one JSON array what the transport told; ends by itself, or not at all.
import { createServer } from "node:net";

const [dist, id] = process.argv.slice(2);
const { createWsTransport } = await import(`${dist}/src/transport/ws-transport.js`);
const { realClock } = await import(`${dist}/src/system.js`);

/** Dials, and gives what is heard; `react` may act on each word. */
function dial(url, options, react) {
  const heard = [];
  const hear = (what) => {
    heard.push(what);
    react(what, heard);
  };
  const sink = { progressed: hear, ended: hear, opened() {}, message() {}, pinged() {} };
  return createWsTransport(options)({ url, protocols: [], headers: {}, clock: realClock }, sink);
}

const say = (heard) => process.stdout.write(JSON.stringify(heard));
const sayAtTheEnd = (what, heard) => typeof what !== "string" && say(heard);

const cases = {
  J22: () => dial("ws://127.0.0.1:1/", {}, sayAtTheEnd),

  J23: () => {
    const server = createServer((peer) => {
      peer.on("error", () => {});
      peer.on("close", () => server.close());
      peer.resume();
    });
    server.listen(0, "127.0.0.1", () => {
      const url = `ws://127.0.0.1:${server.address().port}/`;
      const socket = dial(url, {}, (what, heard) => {
        if (what !== "upgrade") return;
        setImmediate(() => {
          heard.push("(terminates)");
          socket.terminate();
        });
        server.once("close", () => say(heard));
      });
    });
  },

  J24: () => {
    const server = createServer(() => {});
    server.listen(0, "127.0.0.1", () => {
      const url = `ws://127.0.0.1:${server.address().port}/`;
      const sockets = [];
      let isOver = false;
      for (let i = 0; i < 40; i += 1) {
        const socket = dial(url, {}, (what, heard) => {
          if (isOver || typeof what === "string") return;
          isOver = true;
          for (const each of sockets) each.terminate();
          server.close();
          process.stdout.write(JSON.stringify(heard), () => process.exit());
        });
        sockets.push(socket);
      }
    });
  },

  J25: () => {
    const lookup = (_hostname, _options, callback) => setImmediate(() => callback(null, []));
    dial("ws://feed.test:9/", { lookup }, sayAtTheEnd);
  },
};

cases[id]();
