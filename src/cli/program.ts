/** The command line: what can be asked, and what comes back as an exit code. */
import { createRequire } from "node:module";
import { Command, CommanderError, Option } from "commander";
import { OptionError } from "../index.ts";
import { simulatedVenues } from "../testing/index.ts";
import { redactUrls } from "../redact.ts";
import {
  toBytes,
  toCount,
  toDurationMs,
  toList,
  toNames,
  toNumber,
  toPort,
  toPositive,
} from "./arguments.ts";
import { check, type CheckOptions } from "./check.ts";
import { connect } from "./connect.ts";
import type { ConnectOptions } from "./connect-options.ts";
import { demo, type DemoOptions } from "./demo.ts";
import type { CommandIo } from "./output.ts";
import { toLine } from "./printing.ts";
import { simulate, type SimulateOptions } from "./simulate.ts";
import { allVenues, venueNames } from "./venue-catalog.ts";
import { listVenues, type VenuesOptions } from "./venues.ts";

/** The user's mistake. */
const WRONG_USAGE = 2;

/**
 * Runs one command to its end. Nothing of the process is touched but `io`.
 *
 * @param argv - The words after the command's own name.
 * @returns 0 when all went well or the user ended it, 1 when it failed, 2 on wrong usage.
 */
export async function runCli(argv: readonly string[], io: CommandIo): Promise<number> {
  // `--help | head -1` is no error either.
  for (const stream of [io.stdout, io.stderr]) stream.on("error", () => undefined);
  let exitCode = 0;
  const program = createProgram(io, async (command) => {
    exitCode = await command;
  });
  try {
    await program.parseAsync(argv, { from: "user" });
    return exitCode;
  } catch (error) {
    // Commander has said it already.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : WRONG_USAGE;
    if (!(error instanceof OptionError)) throw error;
    io.stderr.write(`error: ${toLine(error.message)}\n`);
    return WRONG_USAGE;
  }
}

/** Takes the command that was asked for; its exit code is kept. */
type Run = (command: Promise<number>) => Promise<void>;

function createProgram(io: CommandIo, run: Run): Command {
  const program = new Command("ws-supervisor")
    .description(
      "Supervised WebSocket connections, and an exchange that misbehaves to try them on.",
    )
    .version(packageVersion())
    .exitOverride()
    .configureOutput({
      writeOut: (text) => io.stdout.write(text),
      writeErr: (text) => io.stderr.write(text),
      getOutHelpWidth: () => io.stdout.columns ?? 80,
      getErrHelpWidth: () => 80,
      // One line, suggestion included; what was given may hold credentials.
      outputError: (text, write) => write(`${usageError(text)}\n`),
    })
    .addHelpText(
      "after",
      `\nExit codes: 0 closed by the user, 1 failed, 2 wrong usage;\n  of check: 2 not judged, 3 judged in part.`,
    );
  addConnect(program, io, run);
  addVenues(program, io, run);
  addCheck(program, io, run);
  addSimulate(program, io, run);
  addDemo(program, io, run);
  return program;
}

/** `--header=…`: the value of an option that is not known. */
const OPTION_WITH_VALUE = /(--[A-Za-z0-9-]{1,64}=)[^\n]*/g;

function usageError(text: string): string {
  const line = text.trimEnd().replaceAll("\n", " ");
  return toLine(redactUrls(line.replace(OPTION_WITH_VALUE, "$1…'")));
}

function addConnect(program: Command, io: CommandIo, run: Run): void {
  program
    .command("connect")
    .summary("keep one connection alive; messages to stdout")
    .description(
      "Keeps one connection alive. Messages are lines on stdout, exactly as received (to a terminal: " +
        "escaped and cut); what happens to the connection is told on stderr. SIGINT and SIGTERM close " +
        "it politely. ${NAME} in a URL, a header or a frame stands for that environment variable.",
    )
    .argument("<url|topic...>", "one URL, or with --venue the topics to subscribe")
    .addOption(
      new Option(
        "--venue <name>",
        "connect to a venue (`ws-supervisor venues` lists them)",
      ).choices(venueNames),
    )
    .option("--endpoint <url>", "with --venue: scheme, host and port to use instead of its own")
    .addOption(
      new Option("--subscribe <frame>", "send this frame on every connect (repeatable)")
        .argParser(toList)
        .conflicts("venue"),
    )
    .option("--header <header>", '"Name: value" of the upgrade request (repeatable)', toList)
    .option("--header-file <file>", "headers, a line each, out of sight of `ps`")
    .option("--protocol <name>", "offer this subprotocol (repeatable)", toList)
    .option("--origin <origin>", "the Origin header")
    .option("--ca <file>", "trust these certificates only (PEM, repeatable)", toList)
    .option("--cert <file>", "the client's certificate (PEM)")
    .option("--key <file>", "its key (PEM; passphrase: WS_SUPERVISOR_KEY_PASSPHRASE)")
    .option("--max-retries <n>", "give up after so many failed retries (default: never)", toNumber)
    .option("--connect-timeout <ms>", "from dial to usable (default: 10000)", toNumber)
    .option("--heartbeat-interval <ms>", "silence before the peer is asked", toNumber)
    .option("--heartbeat-timeout <ms>", "silence after that before it is given up", toNumber)
    .addOption(
      new Option("--no-heartbeat", "never ask: a dead peer shows only by its TCP").conflicts([
        "heartbeatInterval",
        "heartbeatTimeout",
      ]),
    )
    .addOption(
      new Option("--backoff <name>", "how to wait between attempts").choices([
        "default",
        "lone-client",
      ]),
    )
    .option("--seed <n>", "seed of the jitter (default: random)", toNumber)
    .option("--items", "all items as JSON lines: messages with times, gaps, snapshots …")
    .option("--record <file>", "write all items to a new file as well")
    .option("--record-rotate-size <size>", "begin another file at this size: 100MB", toBytes)
    .option("--record-rotate-every <time>", "begin another file after this time: 1h", toDurationMs)
    .option("--json-facts", "facts on stderr as JSON lines")
    .option("--quiet", "no facts on stderr; only why it failed")
    .addOption(inspectOption())
    .addOption(inspectCommandsOption())
    .action((names: string[], options: ConnectOptions) => run(connect(names, options, io)));
}

function addVenues(program: Command, io: CommandIo, run: Run): void {
  program
    .command("venues")
    .summary("what is known of each exchange")
    .description(
      "Lists the venues that `connect --venue` and `check` know, with their limits and rules; or all " +
        "that is known of one, with its sources and the day on which they were read.",
    )
    .argument("[name]", "one venue")
    .option("--json", "one line of JSON")
    .action((name: string | undefined, options: VenuesOptions) =>
      run(listVenues(name, options, io, allVenues())),
    );
}

function addCheck(program: Command, io: CommandIo, run: Run): void {
  program
    .command("check")
    .summary("say what a recording misses")
    .description(
      "Judges recorded market data by its venue's sequence rules: what each stream holds, repeats and " +
        "misses. Reads what `connect`, `connect --items` and `connect --record` write, a frame per line " +
        "(NDJSON), hftbacktest's files (`<ns> <frame>`) and cryptofeed's (`<s>: <frame>`), gzipped or " +
        "not. Exits with 0 when all of it was judged, whatever was found; with 2 when it was not judged; " +
        "with 3 when a part was: it is cut off, or a signal stopped it.",
    )
    .argument("<file>", "the recording: a regular file, a pipe, or - for stdin")
    .option("--venue <name>", "its venue (default: found out from the recording)")
    .option("--json", "one line of JSON: totals and streams")
    .action((file: string, options: CheckOptions) => run(check(file, options, io, allVenues())));
}

function addSimulate(program: Command, io: CommandIo, run: Run): void {
  program
    .command("simulate")
    .summary("run a simulated exchange")
    .description(
      "Runs an exchange on this machine that speaks a venue's public streams and has troubles on a " +
        "schedule. The first line on stdout is its URL; then where its streams are, and what happens.",
    )
    .option("--port <n>", "port to listen on (default: any that is free)", toPort)
    .option(
      "--venue <id>",
      `whose language it speaks: ${simulatedVenues.join(", ")} (default: binance-spot)`,
    )
    .option("--seed <n>", "seed of the market and of the faults (default: random)", toNumber)
    .option("--symbols <list>", "symbols to invent a market for, as the venue spells them", toNames)
    .addOption(
      new Option(
        "--replay <file>",
        "send a recording instead, from the first subscriber on",
      ).conflicts("symbols"),
    )
    .option("--speed <n>", "with --replay: times the recorded pace (default: 1)", toPositive)
    .option("--loop", "with --replay: start over at its end")
    .option(
      "--faults <plan>",
      "what goes wrong, such as reset@5s,silence@10s,status:503:2@20s+3s,fin@30s..60s/10s; or none; " +
        "or default, which is every kind in turn (default: none with --replay, else default); " +
        "docs/simulated-exchange.md lists the kinds",
    )
    .action((options: SimulateOptions) => run(simulate(options, io)));
}

function addDemo(program: Command, io: CommandIo, run: Run): void {
  program
    .command("demo")
    .summary("both together: supervise a misbehaving exchange and prove the account")
    .description(
      "Supervises a simulated exchange that misbehaves, and shows it live. At the end it proves that " +
        "every trade and every change of a book was delivered once or reported missing.",
    )
    .option(
      "--seconds <n>",
      "length of the run (default: 30, in a terminal until Ctrl-C)",
      toPositive,
    )
    .option("--seed <n>", "seed of the market, its faults and the jitter", toCount)
    .option("--json", "only one line of JSON on stdout, at the end")
    .addOption(inspectOption())
    .addOption(inspectCommandsOption())
    .action((options: DemoOptions) => run(demo(options, io)));
}

function inspectOption(): Option {
  return new Option(
    "--inspect [port]",
    "serve the inspector on this machine; its URL is told on stderr",
  ).argParser(toPort);
}

function inspectCommandsOption(): Option {
  return new Option("--inspect-commands", "the inspector may reconnect, close and drop the socket");
}

/** From the package itself, so it can't be out of date. The same path from `src` and from `dist/src`. */
function packageVersion(): string {
  try {
    const contents: unknown = createRequire(import.meta.url)("ws-supervisor/package.json");
    const hasVersion = typeof contents === "object" && contents !== null && "version" in contents;
    return hasVersion ? String(contents.version) : "unknown";
  } catch {
    return "unknown"; // built into a folder outside its package
  }
}
