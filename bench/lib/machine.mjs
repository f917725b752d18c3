// On what was measured, and with which versions.
import { cpus, loadavg, release, totalmem, type } from "node:os";
import { execFileSync } from "node:child_process";
import { findPeers } from "../clients/index.mjs";
import { ownVersionOf, repository } from "./packages.mjs";

export function describeMachine() {
  const [{ model }] = cpus();
  return {
    cpu: `${cpus().length} x ${model.trim()}`,
    memory: `${Math.round(totalmem() / 2 ** 30)} GiB`,
    system: `${type()} ${release()}`,
    node: process.version,
    load: loadavg()[0],
    measuredOn: new Date().toISOString().slice(0, 10),
    commit: commit(),
    versions: { ws: ownVersionOf("ws"), xstate: ownVersionOf("xstate"), ...findPeers().versions },
  };
}

/** Of what was built; marked where the tree differs from it. */
function commit() {
  try {
    const git = (...args) =>
      execFileSync("git", args, { cwd: repository, encoding: "utf8" }).trim();
    const isClean = git("status", "--porcelain", "--", "src", "machines", "package.json") === "";
    return git("rev-parse", "--short", "HEAD") + (isClean ? "" : ", changed");
  } catch {
    return "unknown";
  }
}

export function machineLine({ cpu, memory, system, node, load, measuredOn, commit: built }) {
  return (
    `${cpu}, ${memory}, ${system}, Node ${node}; measured on ${measuredOn} at ${built}, ` +
    `load ${load.toFixed(1)} at the start`
  );
}

export function versionsLine({ versions }) {
  return Object.entries(versions)
    .map(([name, version]) => `${name} ${version ?? "not installed: skipped"}`)
    .join(", ");
}
