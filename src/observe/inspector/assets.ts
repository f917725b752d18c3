/** The built page: a few files, read once, served with headers that let nothing remote in. */
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { extname } from "node:path";
import { fileURLToPath } from "node:url";

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
};

export interface Asset {
  readonly type: string;
  readonly body: Buffer;
}

/** From `dist/src/observe/inspector` as from `src/observe/inspector`, where tests run. */
const FOLDERS = ["../../../inspector/", "../../../dist/inspector/"];

/** By path; empty where the page has not been built. */
export function readAssets(): ReadonlyMap<string, Asset> {
  for (const relative of FOLDERS) {
    const folder = new URL(relative, import.meta.url);
    if (!existsSync(new URL("page.js", folder))) continue;
    const names = readdirSync(fileURLToPath(folder)).filter((name) => extname(name) in TYPES);
    const assets = names.map((name): [string, Asset] => [
      name === "page.html" ? "/" : `/${name}`,
      { type: TYPES[extname(name)] ?? "", body: readFileSync(new URL(name, folder)) },
    ]);
    return new Map(assets);
  }
  return new Map();
}

/** Nothing but what this server serves; nobody may frame it. */
export function securityHeaders(port: number): Readonly<Record<string, string>> {
  const sockets = ["127.0.0.1", "localhost"].map((host) => `ws://${host}:${port}`);
  const policy = [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "worker-src 'self'",
    "img-src 'self'",
    `connect-src 'self' ${sockets.join(" ")}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ];
  return {
    "content-security-policy": policy.join("; "),
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
  };
}
