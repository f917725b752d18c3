/**
 * What the page is told: first all that is known, then each thing as it happens.
 *
 * The steps of an actor come when its history is asked for; what comes unasked is the last of all
 * actors together. Each frame is made once, for all viewers, and only while there are any.
 */
import type { Command, ServerMessage, ViewerMessage } from "./protocol.ts";
import type { Dialect, Talk } from "./server.ts";

export interface PageDialectParts {
  /** Everything that a page that has just come must know. */
  readonly welcome: () => Iterable<ServerMessage>;
  readonly nowMs: () => number;
  readonly history: (actor: string) => ServerMessage | undefined;
  /** What is wrong with a command; undefined when it was given. */
  readonly command: (actor: string, command: Command) => string | undefined;
}

export class PageDialect implements Dialect {
  readonly path = "/live";
  readonly #parts: PageDialectParts;
  readonly #sends = new Set<(text: string) => void>();

  constructor(parts: PageDialectParts) {
    this.#parts = parts;
  }

  open(send: (text: string) => void): Talk {
    for (const message of this.#parts.welcome()) send(JSON.stringify(message));
    this.#sends.add(send);
    return {
      receive: (text) => {
        const answer = this.#answer(parse(text));
        if (answer !== undefined) send(JSON.stringify(answer));
      },
      ended: () => void this.#sends.delete(send),
    };
  }

  tell(message: ServerMessage): void {
    if (this.#sends.size === 0) return;
    const text = JSON.stringify(message);
    for (const send of this.#sends) send(text);
  }

  #answer(message: ViewerMessage | undefined): ServerMessage | undefined {
    switch (message?.type) {
      case "ping":
        return { type: "pong", nowMs: this.#parts.nowMs() };
      case "history":
        return this.#parts.history(message.actor);
      case "command": {
        const { actor, command } = message;
        return { type: "commanded", actor, problem: this.#parts.command(actor, command) ?? null };
      }
      case undefined:
        return undefined;
    }
  }
}

const COMMANDS: readonly unknown[] = ["connect", "reconnect", "close", "drop"];

/** A message of the page's; undefined for anything else. */
function parse(text: string): ViewerMessage | undefined {
  if (text.length > 1_000) return undefined;
  let message: unknown;
  try {
    message = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof message !== "object" || message === null || !("type" in message)) return undefined;
  if (message.type === "ping") return { type: "ping" };
  if (!("actor" in message) || typeof message.actor !== "string") return undefined;
  const { actor } = message;
  if (message.type === "history") return { type: "history", actor };
  if (message.type !== "command" || !("command" in message)) return undefined;
  if (!COMMANDS.includes(message.command)) return undefined;
  return { type: "command", actor, command: message.command as Command };
}
