/**
 * An inspector for a test, and a viewer that speaks its page's language over a real socket on this
 * machine. What is inspected runs on virtual time.
 */
import { WebSocket } from "ws";
import { inspect, type Inspectable, type InspectorOptions } from "ws-supervisor/inspector";
import type {
  ActorView,
  ServerMessage,
  StepView,
} from "../../../../src/observe/inspector/protocol.ts";

export type Heard<T extends ServerMessage["type"]> = Extract<ServerMessage, { type: T }>;

/** One page: everything it was told, and a way to wait for what is to come. */
export class PageDouble {
  readonly messages: ServerMessage[] = [];
  /** Every frame, as text: what a secret may not be in. */
  readonly frames: string[] = [];
  readonly #socket: WebSocket;
  #wake: () => void = () => undefined;

  readonly opened: Promise<void>;
  readonly closed: Promise<void>;

  constructor(url: string) {
    this.#socket = new WebSocket(url);
    this.opened = new Promise((resolve) => this.#socket.once("open", () => resolve()));
    this.closed = new Promise((resolve) => this.#socket.once("close", () => resolve()));
    this.#socket.on("error", () => undefined);
    this.#socket.on("message", (data: Buffer) => {
      this.frames.push(data.toString());
      this.messages.push(JSON.parse(data.toString()) as ServerMessage);
      this.#wake();
    });
  }

  say(message: object): void {
    this.#socket.send(JSON.stringify(message));
  }

  heard<T extends ServerMessage["type"]>(type: T): Heard<T>[] {
    return this.messages.filter((message) => message.type === type) as Heard<T>[];
  }

  /** Resolves with the first message of a kind that fits, past or to come. */
  async hears<T extends ServerMessage["type"]>(
    type: T,
    fits: (message: Heard<T>) => boolean = () => true,
  ): Promise<Heard<T>> {
    for (;;) {
      const found = this.heard(type).find(fits);
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** Resolves with the first frame that matches, past or to come. */
  async frame(pattern: RegExp): Promise<string> {
    for (;;) {
      const found = this.frames.find((frame) => pattern.test(frame));
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** All that was said before has arrived once its answer has. */
  async settles(): Promise<void> {
    const answers = this.heard("pong").length;
    this.say({ type: "ping" });
    await this.hears("pong", () => this.heard("pong").length > answers);
  }

  /** The actors as the page knows them, the newest word on each. */
  actors(): ActorView[] {
    const actors = new Map<string, ActorView>();
    for (const message of this.messages) {
      if (message.type === "actor") actors.set(message.actor.key, message.actor);
      if (message.type === "forgotten") actors.delete(message.actor);
    }
    return [...actors.values()];
  }

  steps(): StepView[] {
    return this.heard("step").map(({ step }) => step);
  }

  close(): void {
    this.#socket.close();
  }
}

/** The socket's address in a page's: `http://127.0.0.1:1/#token=t` → `ws://127.0.0.1:1/live?token=t`. */
export function liveUrl(pageUrl: string, path = "/live"): string {
  const { host, hash } = new URL(pageUrl);
  return `ws://${host}${path}?${hash.slice(1)}`;
}

/** An inspector with one page that has been told all there is. */
export async function startInspector(target: Inspectable, options: InspectorOptions = {}) {
  const inspector = await inspect(target, { port: 0, ...options });
  const page = new PageDouble(liveUrl(inspector.url));
  await page.hears("recent");
  return { inspector, page };
}
