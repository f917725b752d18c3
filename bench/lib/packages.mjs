// Where packages come from: ours and the `ws` beneath it from the repository, peers from `bench/`.
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

export const repository = join(import.meta.dirname, "../..");
const ofRepository = createRequire(join(repository, "package.json"));
const ofBench = createRequire(join(import.meta.dirname, "../package.json"));

/** The very `ws` that the built package uses: raw `ws` and its supervised self must be the same code. */
export const WebSocket = ofRepository("ws");

export const xstate = () => ofRepository("xstate");
export const supervisor = () => import(pathToFileURL(join(repository, "dist/src/index.js")).href);
export const testing = () =>
  import(pathToFileURL(join(repository, "dist/src/testing/index.js")).href);
export const machines = () =>
  import(pathToFileURL(join(repository, "dist/machines/index.js")).href);

/** A peer's package. Throws where it is not installed. */
export function peer(name) {
  return ofBench(name);
}

/** A file of a peer's that its `exports` do not show. */
export function peerFile(name, path) {
  return import(pathToFileURL(join(dirname(manifestOf(name).path), path)).href);
}

/** The version that is installed, or undefined. */
export function versionOf(name) {
  try {
    return manifestOf(name).version;
  } catch {
    return undefined;
  }
}

export function ownVersionOf(name) {
  return readManifest(ofRepository.resolve.paths(name), name).version;
}

function manifestOf(name) {
  return readManifest([join(import.meta.dirname, "../node_modules")], name);
}

/** By path: not every package exports its package.json. */
function readManifest(folders, name) {
  for (const folder of folders) {
    const path = join(folder, name, "package.json");
    try {
      return { path, version: JSON.parse(readFileSync(path, "utf8")).version };
    } catch {
      // The next folder.
    }
  }
  throw new Error(`${name} is not installed`);
}
