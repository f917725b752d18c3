/**
 * The page's link to the service, kept alive by our own supervisor over the page's `WebSocket`: it
 * finds a dead service within seconds by a message, and is back soon after the service is.
 */
import { signal } from "@preact/signals";
import { supervise } from "../../src/browser/index.ts";
import type { ServerMessage, ViewerMessage } from "../../src/observe/inspector/protocol.ts";
import { take } from "./store.ts";

export type LinkState = "connecting" | "live" | "lost" | "refused";

export const linkState = signal<LinkState>("connecting");

/** The token of this start lies in the fragment, which no request carries. */
const token = new URLSearchParams(location.hash.slice(1)).get("token") ?? "";

let send: (message: ViewerMessage) => void = () => undefined;

export function say(message: ViewerMessage): void {
  send(message);
}

export function startLink(): void {
  const decoder = new TextDecoder();
  const link = supervise<ServerMessage>(
    `ws://${location.host}/live?token=${encodeURIComponent(token)}`,
    {
      heartbeat: { intervalMs: 5_000, timeoutMs: 3_000, probe: () => asText({ type: "ping" }) },
      backoff: "lone-client",
      decode: (data) => JSON.parse(decoder.decode(data)) as ServerMessage,
    },
  );
  // What cannot go out at once is asked anew by whoever needs it: everything is told on each connection.
  send = (message) => void link.send(asText(message), { ttlMs: 1_000 });
  link.on("message", ({ data }) => take(data));
  link.on("up", () => {
    linkState.value = "live";
  });
  link.on("down", () => {
    linkState.value = "lost";
  });
  link.on("attempt.failed", () => {
    linkState.value = "lost";
    void isRefused().then((refused) => {
      if (!refused) return;
      linkState.value = "refused";
      link.terminate(); // another start has another token: no attempt will ever succeed
    });
  });
}

function asText(message: ViewerMessage): string {
  return JSON.stringify(message);
}

/** A browser does not say why a socket was refused; the service does when it is asked. */
async function isRefused(): Promise<boolean> {
  try {
    const { status } = await fetch("/token", { headers: { authorization: `Bearer ${token}` } });
    return status === 401;
  } catch {
    return false; // nobody is there
  }
}
