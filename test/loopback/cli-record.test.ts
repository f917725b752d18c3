/** `connect --items` and `--record` on real sockets, and `check` over what they write. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { once } from "node:events";
import { watch } from "node:fs/promises";
import { createServer } from "node:https";
import type { IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TLSSocket } from "node:tls";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { WebSocketServer } from "ws";
import { startExchange, type RunningExchange } from "../../src/testing/index.ts";
import { Collector, runCommand, startCommand, startCommandIn } from "../src/cli/run-command.ts";
import { createCertificates, hasOpenssl } from "./ws-table/certificates.ts";

let folder: string;
let exchange: RunningExchange;
const stops: (() => unknown)[] = [];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "cli-record-"));
  exchange = await startExchange({ market: { symbols: ["BTCUSDT"] } });
  stops.push(
    () => rmSync(folder, { recursive: true, force: true }),
    () => exchange.stop(),
  );
});
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

const at = (name: string) => join(folder, name);
const VENUE = ["connect", "--venue", "binance-spot", "--backoff", "lone-client"];
const TOPICS = ["btcusdt@trade", "btcusdt@depth@100ms"];
const itemsIn = (text: string) =>
  text
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Record<string, unknown> & { kind: string });

describe("connect --items", () => {
  it("prints every item in its place: messages with their times, gaps and all", async () => {
    const command = startCommand(...VENUE, "--endpoint", exchange.url, "--items", ...TOPICS);
    await command.stdout.until(() => command.stdout.lines.length > 20);
    exchange.inject({ kind: "skip" });
    await command.stdout.until(() => command.stdout.text.includes('"kind":"gap"'));
    expect(await command.stop()).toBe(0);

    const items = itemsIn(command.stdout.text);
    const messages = items.filter(({ kind }) => kind === "message");
    for (const { raw, receivedAtMs, stream, position } of messages) {
      expect(JSON.parse(String(raw))).toMatchObject({ stream });
      expect(receivedAtMs).toBeGreaterThan(1e12);
      expect(position).toBeTypeOf("number");
    }
    const gap = items.find(({ kind }) => kind === "gap");
    const next = items
      .slice(items.findIndex(({ kind }) => kind === "gap"))
      .find(({ kind, stream }) => kind === "message" && stream === gap?.["stream"]);
    expect(next?.["first"]).toBe(Number(gap?.["to"]) + 1);
  });

  it("is read by check, which finds the same gaps", async () => {
    const command = startCommand(
      ...VENUE,
      "--endpoint",
      exchange.url,
      "--items",
      "--quiet",
      "btcusdt@trade",
    );
    await command.stdout.until(() => command.stdout.lines.length > 20);
    exchange.inject({ kind: "skip", count: 3 });
    await command.stdout.until(() => command.stdout.text.includes('"kind":"gap"'));
    const after = command.stdout.lines.length + 5;
    await command.stdout.until(() => command.stdout.lines.length > after);
    await command.stop();
    writeFileSync(at("items"), command.stdout.bytes);

    const { exitCode, stdout } = await runCommand("check", at("items"));
    expect(exitCode).toBe(0);
    const gaps = itemsIn(command.stdout.text).filter(({ kind }) => kind === "gap");
    expect(stdout.match(/^gap: btcusdt@trade misses .*/gm)).toHaveLength(gaps.length);
  });
});

describe("connect prints plain frames", () => {
  it("which check reads as well", async () => {
    const command = startCommand(...VENUE, "--endpoint", exchange.url, "--quiet", ...TOPICS);
    await command.stdout.until(() => command.stdout.lines.length > 20);
    await command.stop();
    writeFileSync(at("plain"), command.stdout.bytes);
    const { exitCode, stdout } = await runCommand("check", at("plain"));
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^binance-spot \(by its frames\)/);
    expect(stdout).toContain("no gaps in what was judged: ");
  });
});

describe("connect --record", () => {
  it("writes the same items to a file, whole at the end, and prints as before", async () => {
    const file = at("feed.ndjson");
    const command = startCommand(...VENUE, "--endpoint", exchange.url, "--record", file, ...TOPICS);
    await command.stdout.until(() => command.stdout.lines.length > 20);
    expect(await command.stop()).toBe(0);

    const items = itemsIn(readFileSync(file, "utf8"));
    const raws = items.filter(({ kind }) => kind === "message").map(({ raw }) => raw);
    expect(raws).toEqual(command.stdout.lines);
    expect(items[0]).toMatchObject({ kind: "recording", venue: "binance-spot", part: 1 });
    expect(items.at(-1)).toEqual({ kind: "recording.ended", next: false });
    const { exitCode, stdout } = await runCommand("check", file);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^binance-spot \(as it says itself\)/);
  });

  it("begins another file at a size; together they are the recording", async () => {
    const options = ["--record", at("feed.ndjson"), "--record-rotate-size", "2kB"];
    const command = startCommand(...VENUE, "--endpoint", exchange.url, ...options, "btcusdt@trade");
    await command.stdout.until(() => command.stdout.lines.length > 40);
    expect(await command.stop()).toBe(0);

    const names = readdirSync(folder).sort();
    expect(names.length).toBeGreaterThan(2);
    for (const name of names) expect(name).toMatch(/^feed-\d{8}T\d{6}\.\d{3}Z-\d{4}\.ndjson$/);
    const whole = names.map((name) => readFileSync(at(name), "utf8")).join("");
    const raws = itemsIn(whole)
      .filter(({ kind }) => kind === "message")
      .map(({ raw }) => raw);
    expect(raws).toEqual(command.stdout.lines);
    writeFileSync(at("all"), whole);
    expect((await runCommand("check", at("all"))).exitCode).toBe(0);
  });

  it("is whole although the reader of stdout has stopped", async () => {
    class StoppedReader extends Collector {
      override _write(chunk: Buffer, encoding: BufferEncoding): void {
        super._write(chunk, encoding, () => undefined);
      }
    }
    const stdout = new StoppedReader({ highWaterMark: 1 });
    const named = namedIn(folder);
    const options = ["--record", at("feed.ndjson"), "--record-rotate-every", "1h", "--quiet"];
    const command = startCommandIn(
      { stdout },
      ...VENUE,
      "--endpoint",
      exchange.url,
      ...options,
      ...TOPICS,
    );
    await stdout.firstLine();
    void command.stop();

    const items = itemsIn(readFileSync(at(await named), "utf8"));
    expect(items.length).toBeGreaterThan(2);
    expect(items.at(-1)).toEqual({ kind: "recording.ended", next: false });
    stdout.destroy();
    expect(await command.exitCode).toBe(0);
  });

  it("says why nothing more can be written, closes the connection and ends with 1", async () => {
    const named = namedIn(folder);
    const options = ["--record", at("feed.ndjson"), "--record-rotate-size", "1kB"];
    const command = startCommand(...VENUE, "--endpoint", exchange.url, ...options, ...TOPICS);
    await named;
    rmSync(folder, { recursive: true });
    expect(await command.exitCode).toBe(1);
    expect(command.stderr.text).toContain("closed          by its owner");
    expect(command.stderr.lines.at(-1)).toMatch(
      /^error: --record: ENOENT: .*; nothing after it is recorded$/,
    );
  });

  it("is refused before any dial where the file cannot be created", async () => {
    const { exitCode, stderr } = await runCommand(...VENUE, "--record", at("none/feed"), ...TOPICS);
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(/^error: --record: expected a new file \(ENOENT: .*\n$/);
  });

  /** The first part that has taken its name. */
  async function namedIn(place: string): Promise<string> {
    for await (const { filename } of watch(place)) {
      if (filename?.endsWith(".ndjson") === true) return filename;
    }
    throw new Error("no part took its name");
  }
});

describe("credentials of connect", () => {
  const SECRET = "t0k3n-of-mine";

  it("come from the environment and from a file, and are never printed", async () => {
    const requests: IncomingMessage[] = [];
    const frames: string[] = [];
    const server = new WebSocketServer({ port: 0, host: "127.0.0.1" });
    stops.push(() => server.close());
    await once(server, "listening");
    server.on("connection", (socket, request) => {
      requests.push(request);
      socket.on("message", (data: Buffer) => {
        frames.push(data.toString());
        socket.send(`{"echo":${data.toString()}}`);
      });
    });
    const { port } = server.address() as AddressInfo;
    writeFileSync(at("headers"), "Authorization: Bearer ${TOKEN}\n");
    const command = startCommandIn(
      { env: { TOKEN: SECRET } },
      "connect",
      `ws://127.0.0.1:${port}/ws?token=\${TOKEN}`,
      "--header-file",
      at("headers"),
      "--origin",
      "https://mine.example",
      "--subscribe",
      '{"op":"login","token":"${TOKEN}"}',
      "--json-facts",
      "--record",
      at("feed.ndjson"),
    );
    await command.stdout.firstLine();
    await command.stderr.until(() => command.stderr.text.includes('"type":"up"'));
    expect(await command.stop()).toBe(0);

    const [request] = requests;
    expect(request?.url).toBe(`/ws?token=${SECRET}`);
    expect(request?.headers).toMatchObject({
      authorization: `Bearer ${SECRET}`,
      origin: "https://mine.example",
    });
    expect(frames).toEqual([`{"op":"login","token":"${SECRET}"}`]);
    expect(command.stderr.text).not.toContain(SECRET);
    const [begun] = itemsIn(readFileSync(at("feed.ndjson"), "utf8"));
    expect(begun).toMatchObject({ url: `ws://127.0.0.1:${port}/ws?…`, venue: null });
  });

  it.each([
    ["connect wss://user:t0k3n-of-mine@host ws://other", "url: expected one URL"],
    [
      "connect --venue binance-spot wss://user:t0k3n-of-mine@host",
      "topics: expected a Binance stream name",
    ],
    [
      'connect --venue binance-spot {"op":"login","token":"t0k3n-of-mine"}',
      "topics: expected a Binance stream name",
    ],
    ["connect ftp://user:t0k3n-of-mine@host", "url: expected a ws:"],
    ["connect ws://host --headers=Authorization:t0k3n-of-mine", "unknown option '--headers=…'"],
    ["wss://user:t0k3n-of-mine@host", "unknown command 'wss://host'"],
    ["connect ws://host --header t0k3n-of-mine", '--header: expected "Name: value"'],
    ["connect ws://host --endpoint wss://a:t0k3n-of-mine@b", "--endpoint: expected --venue"],
    ["connect ws://host --max-retries wss://a:t0k3n-of-mine@b", "is invalid"],
    ["connect ws://host?k=${NOT_SET}", "environment variable NOT_SET"],
    ["connect ws://host --cert t0k3n-of-mine.pem", "--cert: expected --key beside it"],
    [
      "connect ws://host --record-rotate-size 1MB",
      "--record-rotate-size: expected --record beside",
    ],
    ["connect ws://host --record x.gz", "--record: expected a name without .gz"],
    ["connect ws://host --record x --record-rotate-every 5", "Expected a number and its unit"],
    ["connect ws://host --origin a\nb", "--origin: expected an origin"],
  ])("are in no error of usage: %s", async (line, problem) => {
    const { exitCode, stdout, stderr } = await runCommand(...line.split(" "));
    expect([exitCode, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(/^error: [^\n]*\n$/);
    expect(stderr).toContain(problem);
    if (!line.includes(".pem")) expect(stderr).not.toContain(SECRET);
  });
});

const isHere = hasOpenssl();
if (!isHere) console.warn("skipped: there is no openssl to make certificates with");

it.skipIf(!isHere)("connect trusts --ca and shows --cert", { timeout: 60_000 }, async () => {
  const { ca, good, client } = createCertificates();
  const https = createServer({ ...good, ca, requestCert: true, rejectUnauthorized: true });
  const server = new WebSocketServer({ server: https });
  stops.push(
    () => https.close(),
    () => server.close(),
  );
  await new Promise<void>((resolve) => {
    https.listen(0, "127.0.0.1", resolve);
  });
  server.on("connection", (socket, request) => {
    const { subject } = (request.socket as TLSSocket).getPeerCertificate();
    socket.send(JSON.stringify(subject));
  });
  for (const [name, text] of Object.entries({ ca, cert: client.cert, key: client.key })) {
    writeFileSync(at(`${name}.pem`), text);
  }
  const { port } = https.address() as AddressInfo;
  const files = ["--ca", at("ca.pem"), "--cert", at("cert.pem"), "--key", at("key.pem")];
  const command = startCommand("connect", `wss://127.0.0.1:${port}`, ...files, "--quiet");
  expect(JSON.parse(await command.stdout.firstLine())).toHaveProperty("CN");
  expect(await command.stop()).toBe(0);

  const distrusting = ["connect", `wss://127.0.0.1:${port}`, "--max-retries", "0", "--quiet"];
  expect((await runCommand(...distrusting)).stderr).toMatch(/tls-trust/);
});
