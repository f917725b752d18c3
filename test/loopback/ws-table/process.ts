/** Runs a case in a process of its own: whether that survives is the point. */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Loss } from "../../../machines/loss.ts";
import { buildPackage } from "../built-package.ts";
import { factsOf, type Heard } from "./client.ts";

const program = join(import.meta.dirname, "../programs/ws-table.mjs");

let dist: string | undefined;

/** @param limits - What the shell sets before it becomes the process. */
export async function runProgram(id: string, limits: string): Promise<Heard[]> {
  dist ??= buildPackage("ws-table");
  const { stdout, stderr } = await promisify(execFile)("sh", [
    "-c",
    `${limits}exec "$0" "$@"`,
    process.execPath,
    program,
    dist,
    id,
  ]);
  if (stderr !== "") throw new Error(stderr);
  const heard = JSON.parse(stdout) as (string | Loss)[];
  return heard.map((each) => (typeof each === "string" ? each : factsOf(each)));
}
