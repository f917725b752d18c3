/** A raw peer that plays another part for each connection, and tells when each has come. */
import type { TlsOptions } from "node:tls";
import { frame, OPCODE, RawPeer, text, type RawConnection } from "../raw-peer.ts";
import { defer } from "./world.ts";

export type Play = (connection: RawConnection) => unknown;

export class Peer {
  readonly accepted: RawConnection[] = [];
  readonly #waiting = new Set<() => void>();
  #peer: RawPeer | undefined;

  /** The n-th connection is met by the n-th play; the last one serves all that follow. */
  static async listen(plays: readonly Play[], tls?: TlsOptions): Promise<Peer> {
    const peer = new Peer();
    peer.#peer = await RawPeer.listen((connection) => {
      const play = plays[Math.min(peer.accepted.length, plays.length - 1)];
      connection.socket.setNoDelay(true); // or a reset would take along what Nagle holds back
      peer.accepted.push(connection);
      for (const resolve of peer.#waiting) resolve();
      peer.#waiting.clear();
      return play?.(connection);
    }, tls);
    defer(() => peer.#peer?.stop());
    return peer;
  }

  url(host?: string): string {
    return this.#peer?.url(host) ?? "";
  }

  /** The n-th connection, when it has come; 1 for the first. */
  async connection(n: number): Promise<RawConnection> {
    for (;;) {
      const connection = this.accepted[n - 1];
      if (connection !== undefined) return connection;
      await new Promise<void>((resolve) => this.#waiting.add(resolve));
    }
  }
}

/** A peer on plain TCP. */
export function serve(...plays: readonly Play[]): Promise<Peer> {
  return Peer.listen(plays);
}

/** Completes the upgrade and says nothing more. */
export const upgrades: Play = (connection) => connection.upgrade();

/** Completes the upgrade, with these frames in the same packet. */
export const upgradesWith =
  (...frames: readonly Buffer[]): Play =>
  (connection) =>
    connection.upgrade(Buffer.concat(frames));

/** Answers the upgrade with something else. */
export const answers =
  (status: string, ...headers: readonly string[]): Play =>
  (connection) =>
    connection.answer(`HTTP/1.1 ${status}`, "Content-Length: 0", ...headers);

/** A request of the small protocol that `answered` speaks. */
export interface Request {
  readonly op: "sub" | "unsub";
  readonly id: number;
  readonly topics: readonly string[];
}

/**
 * Completes the upgrade, reads every frame, answers pings, and answers each request with what `reply`
 * gives as JSON; undefined is no answer. Text that is no JSON object is taken and ignored.
 */
export const answersRequests =
  (reply: (request: Request, connection: RawConnection) => unknown): Play =>
  async (connection) => {
    await connection.upgrade();
    for (;;) {
      const { opcode, payload } = await connection.nextFrame();
      if (opcode === OPCODE.ping) connection.write(frame(OPCODE.pong, payload));
      if (opcode !== OPCODE.text || payload[0] !== 0x7b) continue;
      const given = reply(JSON.parse(payload.toString()) as Request, connection);
      if (given !== undefined) connection.write(json(given));
    }
  };

/** Confirms everything that it is asked. */
export const confirmsAll: Play = answersRequests(({ id }) => ({ ack: id }));

export const json = (value: unknown): Buffer => text(JSON.stringify(value));

/** Number `n` of stream `s`. */
export const numberOf = (s: string, n: number): Buffer => json({ s, n });
