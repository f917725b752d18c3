/** The command on real sockets: what it writes where, and how it ends. */
import { afterEach, describe, expect, it } from "vitest";
import { createServer } from "node:net";
import {
  startExchange,
  type RecordedFrame,
  type RunningExchange,
  type StartExchangeOptions,
} from "../../src/testing/index.ts";
import { Collector, runCommand, startCommand, startCommandWith } from "../src/cli/run-command.ts";

const exchanges: RunningExchange[] = [];

async function startServer(options: StartExchangeOptions = {}): Promise<RunningExchange> {
  const exchange = await startExchange(options);
  exchanges.push(exchange);
  return exchange;
}

afterEach(async () => {
  for (const exchange of exchanges.splice(0)) await exchange.stop();
});

/** Frames that would not survive being parsed and written again. */
const frames: readonly RecordedFrame[] = Array.from({ length: 500 }, (_, index) => {
  const text = `{"stream":"x@trade",  "data":{"e":"trade","t":${index + 1},"p":"1.10","n":"\u{1f600}\\u00e9\u2028"}}`;
  return { atMs: index, text, stream: "x@trade" };
});
const asLines = frames.map(({ text }) => `${text}\n`).join("");

/** A URL at which nothing listens. */
async function urlOfNobody(): Promise<string> {
  const exchange = await startExchange();
  await exchange.stop();
  return exchange.url;
}

describe("connect", () => {
  it("prints each message as it came, byte for byte and in order, and facts beside them", async () => {
    const { url } = await startServer({ recording: frames, speed: Infinity });
    const command = startCommand("connect", `${url}/stream?streams=x@trade`);
    await command.stdout.until(() => command.stdout.lines.length === frames.length);

    expect(await command.stop()).toBe(0);
    expect(command.stdout.bytes.equals(Buffer.from(asLines))).toBe(true);
    const facts = command.stderr.lines.map((line) => line.split(/ {2,}/)[1]);
    expect(facts).toEqual(["state", "state", "up", "state", "state", "closed"]);
  });

  it("sends its frames on every connect, and prints what answers them", async () => {
    const exchange = await startServer({ market: { symbols: ["BTCUSDT"] } });
    const frame = '{"method":"SUBSCRIBE","params":["btcusdt@trade"],"id":7}';
    const options = ["--subscribe", frame, "--backoff", "lone-client", "--quiet"];
    const command = startCommand("connect", `${exchange.url}/ws`, ...options);
    const { stdout, stderr } = command;
    const answers = () => stdout.lines.filter((line) => line === '{"result":null,"id":7}').length;
    await stdout.until(() => answers() === 1 && stdout.lines.length > 1);
    exchange.inject({ kind: "reset" });
    await stdout.until(() => answers() === 2);

    expect(await command.stop()).toBe(0);
    expect(stderr.text).toBe("");
  });

  it("subscribes a venue's topics, and tells of each gap with its numbers", async () => {
    const exchange = await startServer({ market: { symbols: ["BTCUSDT"] } });
    const topics = ["btcusdt@trade", "btcusdt@depth@100ms"];
    const venue = ["--venue", "binance-spot", "--endpoint", exchange.url, "--json-facts"];
    const command = startCommand("connect", ...venue, ...topics);
    await command.stdout.until(() => command.stdout.lines.length > 5);
    exchange.inject({ kind: "skip" });
    await command.stderr.until(() => command.stderr.text.includes('"type":"gap"'));
    await command.stop();

    const facts = command.stderr.lines.map((line) => JSON.parse(line) as { type: string });
    expect(facts).toContainEqual(
      expect.objectContaining({ type: "subscriptions.settled", confirmed: topics }),
    );
    expect(facts.filter(({ type }) => type === "gap")).toHaveLength(1);
  });

  it("loses nothing to a slow reader", async () => {
    class SlowCollector extends Collector {
      override _write(chunk: Buffer, encoding: BufferEncoding, done: () => void): void {
        setImmediate(() => super._write(chunk, encoding, done));
      }
    }
    const { url } = await startServer({ recording: frames, speed: Infinity });
    const stdout = new SlowCollector({ highWaterMark: 1 });
    const command = startCommandWith(stdout, "connect", `${url}/ws/x@trade`, "--quiet");
    await stdout.until(() => stdout.lines.length === frames.length);
    await command.stop();

    expect(stdout.text).toBe(asLines);
  });

  it("ends quietly when the reader goes away", async () => {
    class Head extends Collector {
      override _write(chunk: Buffer, encoding: BufferEncoding, done: (e?: Error) => void): void {
        if (this.lines.length < 2) super._write(chunk, encoding, done);
        else done(Object.assign(new Error("write EPIPE"), { code: "EPIPE" }));
      }
    }
    const { url } = await startServer();
    const command = startCommandWith(new Head(), "connect", `${url}/ws/btcusdt@trade`, "--quiet");

    expect(await command.exitCode).toBe(0);
    expect(command.stdout.lines).toHaveLength(2);
    expect(command.stderr.text).toBe("");
  });

  it("says why it failed and ends with 1", async () => {
    const url = await urlOfNobody();
    const options = ["--max-retries", "1", "--backoff", "lone-client"];
    const { exitCode, stdout, stderr } = await runCommand("connect", url, ...options);

    expect(exitCode).toBe(1);
    expect(stdout).toBe("");
    expect(stderr).toMatch(/attempt 2: unreachable \(ECONNREFUSED.*no further attempt/);
    expect(stderr).toMatch(/ {2}failed {2}.*unreachable/);
  });

  it("says why it failed with --quiet too", async () => {
    const url = await urlOfNobody();
    const { exitCode, stderr } = await runCommand("connect", url, "--max-retries", "0", "--quiet");

    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/^error: connection failed: unreachable \(ECONNREFUSED.*\n$/);
  });

  it("is closed while it waits for its next attempt", async () => {
    const command = startCommand("connect", await urlOfNobody());
    await command.stderr.until(() => command.stderr.text.includes("next attempt in"));

    expect(await command.stop()).toBe(0);
  });
});

describe("wrong usage ends with 2 and one line that names the mistake", () => {
  it.each([
    ["nonsense", "unknown command 'nonsense'"],
    ["connect", "missing required argument"],
    ["connect nonsense", "url: expected a ws:"],
    ["connect ftp://host", "url: expected a ws:"],
    ["connect ws://host ws://other", "url: expected one URL"],
    ["connect ws://host --nonsense", "unknown option '--nonsense'"],
    ["connect ws://host --quite", "unknown option '--quite' (Did you mean --quiet?)"],
    ["connect ws://host --max-retries many", "'--max-retries <n>' argument 'many' is invalid"],
    ["connect ws://host --max-retries -1", "maxRetries: expected an integer of at least 0"],
    ["connect ws://host --heartbeat-interval NaN", "argument 'NaN' is invalid. Expected a number."],
    ["connect ws://host --heartbeat-timeout 0", "heartbeat.timeoutMs: expected milliseconds"],
    ["connect ws://host --no-heartbeat --heartbeat-timeout 9", "'--no-heartbeat' cannot be used"],
    ["connect ws://host --connect-timeout 1e12", "connectTimeoutMs: expected milliseconds"],
    ["connect ws://host --backoff never", "Allowed choices are default, lone-client"],
    ["connect ws://host --seed 0.5", "seed: expected an integer"],
    ["connect ws://host --header Nonsense", '--header: expected "Name: value"'],
    ["connect ws://host --endpoint ws://other", "--endpoint: expected --venue beside it"],
    ["connect --venue nowhere x", "Allowed choices are binance-spot"],
    ["connect --venue binance-spot BTCUSDT@trade", 'received "BTCUSDT@trade"'],
    ["connect --venue binance-spot a@trade --subscribe x", "'--subscribe <frame>' cannot be used"],
    ["connect --venue binance-spot --endpoint nonsense a@trade", "url: expected a ws:"],
    ["simulate --port 65536", "'--port <n>' argument '65536' is invalid"],
    ["simulate --speed 2", "--speed: expected --replay beside it"],
    ["simulate --venue nowhere", "--venue: expected one of binance-spot, binance-usdm"],
    ["simulate --loop", "--loop: expected --replay beside it"],
    ["simulate --faults nonsense", "faults: expected a fault such as reset@5s or silence@10s+8s"],
    ["simulate --replay /no/such/file", "--replay: expected a recording"],
    ["simulate --replay x --symbols A", "cannot be used with option '--symbols <list>'"],
    ["demo --seconds 0", "'--seconds <n>' argument '0' is invalid. Expected a number above 0."],
    ["demo --seed -1", "'--seed <n>' argument '-1' is invalid"],
    ["demo more", "too many arguments for 'demo'"],
  ])("%s", async (line, problem) => {
    const { exitCode, stdout, stderr } = await runCommand(...line.split(" "));

    expect(exitCode).toBe(2);
    expect(stdout).toBe("");
    expect(stderr).toMatch(/^error: [^\n]*\n$/);
    expect(stderr).toContain(problem);
  });

  it("or with the help, when nothing at all is asked", async () => {
    const { exitCode, stderr } = await runCommand();

    expect(exitCode).toBe(2);
    expect(stderr).toContain("Usage: ws-supervisor");
  });
});

describe("help", () => {
  it.each([
    ["--help"],
    ["connect --help"],
    ["simulate --help"],
    ["check --help"],
    ["demo --help"],
    ["help demo"],
  ])("%s is on stdout, in 80 columns", async (line) => {
    const { exitCode, stdout, stderr } = await runCommand(...line.split(" "));

    expect([exitCode, stderr]).toEqual([0, ""]);
    expect(stdout).toContain("Usage: ws-supervisor");
    for (const each of stdout.split("\n")) expect(each.length).toBeLessThanOrEqual(80);
  });

  it("names the version of the package", async () => {
    expect((await runCommand("--version")).stdout).toMatch(/^\d+\.\d+\.\d+/);
  });
});

describe("simulate", () => {
  it("says its URL first, alone, then what happens", async () => {
    const command = startCommand("simulate", "--faults", "none", "--symbols", "BTCUSDT");
    const url = await command.stdout.firstLine();
    expect(url).toMatch(/^ws:\/\/127\.0\.0\.1:\d+$/);

    const client = startCommand("connect", `${url}/ws/btcusdt@trade`, "--quiet");
    await client.stdout.firstLine();
    await client.stop();
    await command.stdout.until(() => command.stdout.text.includes("ended by the client"));

    expect(command.stdout.text).toContain("accepted on /ws/btcusdt@trade");
    expect(await command.stop()).toBe(0);
  });

  it("speaks as the venue that was named, on the venue's paths", async () => {
    const command = startCommand("simulate", "--faults", "none", "--venue", "okx");
    const url = await command.stdout.firstLine();
    await command.stdout.until(() => command.stdout.text.includes("a market of"));
    expect(command.stdout.text).toContain(
      "okx on /ws/v5/public, /ws/v5/business: a market of BTC-USDT, ETH-USDT, SOL-USDT",
    );

    const request = '{"op":"subscribe","args":[{"channel":"trades","instId":"BTC-USDT"}]}';
    const client = startCommand("connect", `${url}/ws/v5/public`, "--subscribe", request);
    await client.stdout.until(() => client.stdout.text.includes('"tradeId"'));
    await client.stop();
    expect(await command.stop()).toBe(0);
  });

  it("frees its port when it is stopped", async () => {
    const first = startCommand("simulate");
    const { port } = new URL(await first.stdout.firstLine());
    expect(await first.stop()).toBe(0);

    const second = startCommand("simulate", "--port", port);
    expect(await second.stdout.firstLine()).toBe(`ws://127.0.0.1:${port}`);
    expect(await second.stop()).toBe(0);
  });

  it("says when its port is taken", async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as { port: number };
    const { exitCode, stdout, stderr } = await runCommand("simulate", "--port", `${port}`);
    await new Promise((resolve) => server.close(resolve));

    expect([exitCode, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(/^error: --port: expected a free port \(listen EADDRINUSE.*\n$/);
  });

  it("strikes the faults of its plan", async () => {
    const command = startCommand("simulate", "--faults", "reset@50ms");
    await command.stdout.until(() => /fault +reset/.test(command.stdout.text));

    expect(await command.stop()).toBe(0);
  });
});

describe("demo", () => {
  it("proves its account in one line of JSON", async () => {
    const { exitCode, stdout, stderr } = await runCommand(
      "demo",
      "--seconds",
      "5",
      "--seed",
      "1",
      "--json",
    );
    const report = JSON.parse(stdout) as Record<string, number>;

    expect(stdout).toMatch(/^\{.*\}\n$/);
    expect(stderr).toBe("");
    expect(report).toMatchObject({ accounted: true, duplicates: 0, problems: [], seed: 1 });
    expect(report["outages"]).toBeGreaterThanOrEqual(1);
    expect(report["emitted"]).toBe((report["delivered"] ?? 0) + (report["inGaps"] ?? 0));
    expect(exitCode).toBe(0);
  });

  it("draws a table in a terminal until it is stopped, and proves the account of what there is", async () => {
    const stdout = Object.assign(new Collector(), { isTTY: true });
    const command = startCommandWith(stdout, "demo", "--seed", "1");
    await stdout.until(() => stdout.text.split("btcusdt@trade").length > 3);

    expect(await command.stop()).toBe(0);
    expect(stdout.text.startsWith("\u001b[?2026h\u001b[?25l")).toBe(true);
    expect(stdout.text.indexOf("\u001b[?25h")).toBeLessThan(stdout.text.indexOf("ACCOUNTED"));
  });

  it("writes lines elsewhere", async () => {
    const command = startCommand("demo", "--seed", "1");
    await command.stdout.until(() => command.stdout.text.includes("recovered"));

    expect(await command.stop()).toBe(0);
    expect(command.stdout.text).not.toContain("\u001b");
    expect(command.stdout.lines[0]).toMatch(/^ +\d\.\d\d s {2}up +ready after 1 attempt$/);
    expect(command.stdout.text).toMatch(/ s {2}exchange +reset\n/);
    expect(command.stdout.text).toContain("\nACCOUNTED: ");
  });
});

describe("--inspect", () => {
  it("tells on stderr where the inspector is, and takes it along at the end", async () => {
    const { url } = await startServer({ recording: frames, speed: Infinity });
    const command = startCommand("connect", `${url}/ws`, "--inspect", "0", "--quiet");
    const [, page = "", token = ""] =
      /^inspector: (http:\/\/127\.0\.0\.1:\d+\/)#token=(.+)$/.exec(
        await command.stderr.firstLine(),
      ) ?? [];
    const asked = () => fetch(`${page}token`, { headers: { authorization: `Bearer ${token}` } });
    expect((await asked()).status).toBe(204);
    expect(await command.stop()).toBe(0);
    await expect(asked()).rejects.toThrow();
  });

  it("serves beside the demo too", async () => {
    const command = startCommand("demo", "--seed", "1", "--seconds", "60", "--inspect", "0");
    expect(await command.stderr.firstLine()).toMatch(/^inspector: http:\/\/127/);
    await command.stop();
  });
});
