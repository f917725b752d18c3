/**
 * A blocked loop and a stopped process are not a dead peer (faults.md §0 #10, rows 69 and 70), with a
 * real process, a real SIGSTOP and a peer that says nothing on its own.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as pass } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { WebSocketServer } from "ws";
import { buildPackage } from "./built-package.ts";

/** Longer than the client's interval and timeout together (2 s): a one-step check would kill the link. */
const AWAY_MS = 3_000;

let dist: string;
let server: WebSocketServer;

beforeAll(async () => {
  dist = buildPackage("suspension");
  server = new WebSocketServer({ host: "127.0.0.1", port: 0 });
  await once(server, "listening");
}, 60_000);

afterAll(() => {
  server.close();
});

async function startClient() {
  const { port } = server.address() as AddressInfo;
  const program = join(import.meta.dirname, "programs/steady-client.mjs");
  const connected = once(server, "connection");
  const client = spawn(process.execPath, [program, dist, `ws://127.0.0.1:${port}`]);
  client.stderr.pipe(process.stderr);
  const lines: { type: string; data?: string }[] = [];
  const waiting: { type: string; resolve: () => void }[] = [];
  createInterface({ input: client.stdout }).on("line", (line) => {
    const said = JSON.parse(line) as { type: string };
    lines.push(said);
    for (const waiter of waiting) if (waiter.type === said.type) waiter.resolve();
  });
  const says = (type: string) =>
    new Promise<void>((resolve) => {
      waiting.push({ type, resolve });
    });
  const up = says("up");
  const [peer] = (await connected) as [{ send(text: string): void }];
  await up;
  return { client, lines, says, peer, tell: (line: string) => client.stdin.write(`${line}\n`) };
}

describe("a client with a healthy, quiet peer", () => {
  it("row 69, row 70: keeps its socket through a blocked loop and through SIGSTOP", async () => {
    const { client, lines, says, peer, tell } = await startClient();

    const unblocked = says("unblocked");
    tell(`block ${AWAY_MS}`);
    await unblocked;
    const first = says("message");
    peer.send("after the block");
    await first;

    client.kill("SIGSTOP");
    await pass(AWAY_MS);
    client.kill("SIGCONT");
    const second = says("message");
    peer.send("after the stop");
    await second;

    const exit = once(client, "exit");
    tell("close");
    expect(await exit).toEqual([0, null]);
    expect(lines.map(({ type }) => type)).not.toContain("down");
    expect(lines.filter(({ type }) => type === "message").map(({ data }) => data)).toEqual([
      "after the block",
      "after the stop",
    ]);
  });
});
