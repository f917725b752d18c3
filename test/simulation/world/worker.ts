/** A thread that lives lives, a batch at a time. */
import { parentPort } from "node:worker_threads";
import { liveBatch, type Batch } from "./lives.ts";

const port = parentPort;
if (port === null) throw new Error("not a worker");
port.on("message", (batch: Batch) => {
  void liveBatch(batch).then((bad) => port.postMessage(bad));
});
