/** Rows 12 and 76: what takes a process of its own. Row 70 is in `suspension.test.ts`. */
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { beforeAll, describe, expect, it } from "vitest";
import { buildPackage } from "../built-package.ts";
import { OPCODE, text } from "../raw-peer.ts";
import { answersRequests, numberOf, serve, type Request } from "./peer.ts";
import { defer } from "./world.ts";

const programs = join(import.meta.dirname, "../programs");
let dist: string;

beforeAll(() => {
  dist = buildPackage("faults");
}, 60_000);

describe("a process", () => {
  it("row 12: that is out of files leaves the connections that there are untouched", async () => {
    const peer = await serve(async (connection) => {
      await connection.upgrade();
      while ((await connection.nextFrame()).opcode !== OPCODE.text);
      connection.write(text("I am"));
    });
    const { stdout } = await promisify(execFile)("sh", [
      "-c",
      'ulimit -n 64 && exec "$0" "$@"',
      process.execPath,
      join(programs, "out-of-files.mjs"),
      dist,
      peer.url(),
    ]);
    const { failed, alerts, heard } = JSON.parse(stdout) as {
      readonly failed: { readonly loss: unknown; readonly retryInMs: number };
      readonly alerts: readonly string[];
      readonly heard: string;
    };
    expect(failed.loss).toMatchObject({ class: "local-resource", code: "EMFILE" });
    expect(failed.retryInMs).toBeGreaterThanOrEqual(5_000);
    expect(alerts).toEqual(["loss"]);
    expect(heard).toBe("I am");
  });

  it("row 76: that is killed leaves no session behind; its successor begins anew", async () => {
    const requests: Request[] = [];
    const peer = await serve(
      answersRequests((request, connection) => {
        requests.push(request);
        connection.write(numberOf("a", 100 * peer.accepted.length));
        return { ack: request.id };
      }),
    );
    const run = () => {
      const client = spawn(process.execPath, [
        join(programs, "numbered-client.mjs"),
        dist,
        peer.url(),
      ]);
      client.stderr.pipe(process.stderr);
      defer(() => client.kill("SIGKILL"));
      const lines = createInterface({ input: client.stdout });
      return { client, says: async () => (await once(lines, "line"))[0] as string };
    };

    const first = run();
    expect(JSON.parse(await first.says())).toEqual({ n: 100 });
    first.client.kill("SIGKILL");
    await (
      await peer.connection(1)
    ).gone;

    const second = run();
    expect(JSON.parse(await second.says())).toEqual({ n: 200 }); // and no gap before it
    expect(requests.map(({ op, topics }) => [op, topics])).toEqual([
      ["sub", ["a"]],
      ["sub", ["a"]],
    ]);
  });
});
