// A server whose process stands still: the kernel completes two connections for it, then drops SYNs.
// Says its port; never accepts anybody.
import { writeSync } from "node:fs";
import { createServer } from "node:net";

const server = createServer();
server.listen({ host: "127.0.0.1", port: 0, backlog: 1 }, () => {
  writeSync(1, `${server.address().port}\n`);
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
});
