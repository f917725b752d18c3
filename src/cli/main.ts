#!/usr/bin/env node
/**
 * The `ws-supervisor` command: `runCli` on this process.
 *
 * The first SIGINT or SIGTERM asks for a polite end; a second one has its usual effect. The exit code
 * is only set, so that what is still to be written is written.
 */
import { runCli } from "./program.ts";

const stop = new AbortController();
const signals = ["SIGINT", "SIGTERM"] as const;

function onSignal(): void {
  for (const signal of signals) process.off(signal, onSignal);
  stop.abort();
}

for (const signal of signals) process.on(signal, onSignal);

const { stdout, stderr, env } = process;
const io = {
  // Not touched unless a command asks for it: what is read from it keeps the process alive.
  get stdin() {
    return process.stdin;
  },
  stdout,
  stderr,
  env,
  signal: stop.signal,
};
process.exitCode = await runCli(process.argv.slice(2), io);
for (const signal of signals) process.off(signal, onSignal);
