// All clients by name, and which of them can run here.
import { versionOf } from "../lib/packages.mjs";
import { ourClients } from "./ours.mjs";
import { peerClients } from "./peers.mjs";
import { rawClients } from "./raw.mjs";

export const clients = { ...rawClients, ...ourClients, ...peerClients };

/** Names of peers, and why some cannot run. */
export function findPeers() {
  const names = Object.keys(peerClients);
  const versions = Object.fromEntries(names.map((name) => [name, versionOf(name)]));
  return {
    installed: names.filter((name) => versions[name] !== undefined),
    missing: names.filter((name) => versions[name] === undefined),
    versions,
  };
}
