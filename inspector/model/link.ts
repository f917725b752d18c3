/** The page's link to the service. It comes back by itself, and says where it stands. */
import { signal } from "@preact/signals";
import type { ServerMessage, ViewerMessage } from "../../src/observe/inspector/protocol.ts";
import { take } from "./store.ts";

export type LinkState = "connecting" | "live" | "lost" | "refused";

export const linkState = signal<LinkState>("connecting");

let send: (text: string) => void = () => undefined;

export function say(message: ViewerMessage): void {
  send(JSON.stringify(message));
}

/** The token of this start lies in the fragment, which no request carries. */
const token = new URLSearchParams(location.hash.slice(1)).get("token") ?? "";

export function startLink(): void {
  dial(0);
}

function dial(failures: number): void {
  const socket = new WebSocket(`ws://${location.host}/live?token=${encodeURIComponent(token)}`);
  let heard = failures;
  const beat = setInterval(() => say({ type: "ping" }), 5_000);
  socket.addEventListener("open", () => {
    heard = 0;
    linkState.value = "live";
    send = (text) => {
      if (socket.readyState === WebSocket.OPEN) socket.send(text);
    };
  });
  socket.addEventListener("message", ({ data }) => take(JSON.parse(String(data)) as ServerMessage));
  socket.addEventListener("close", () => {
    clearInterval(beat);
    send = () => undefined;
    linkState.value = "lost";
    void explain();
    setTimeout(() => dial(heard + 1), Math.min(500 * 2 ** heard, 5_000));
  });
}

/** A browser does not say why a socket was refused; the service does when it is asked. */
async function explain(): Promise<void> {
  try {
    const { status } = await fetch("/token", { headers: { authorization: `Bearer ${token}` } });
    if (status === 401) linkState.value = "refused";
  } catch {
    // Nobody is there: it stays lost.
  }
}
