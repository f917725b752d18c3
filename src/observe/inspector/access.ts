/**
 * Who may come in: a request from this machine's own browser, on the inspector's own page, with the
 * token of this start.
 *
 * Host is checked against DNS rebinding, Origin against other sites' pages (`ws` accepts both: faults.md
 * S11, S12). The token is compared in constant time.
 */
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";

export type Denial = "host" | "origin" | "token";

export class Access {
  readonly token = randomBytes(24).toString("base64url");
  #hosts: readonly string[] = [];

  listensOn(port: number): void {
    this.#hosts = ["127.0.0.1", "localhost", "[::1]"].map((name) => `${name}:${port}`);
  }

  /** Why a request is refused, token aside; undefined when it is not. */
  denies({ headers: { host, origin, ...headers } }: IncomingMessage): Denial | undefined {
    if (host === undefined || !this.#hosts.includes(host)) return "host";
    if (origin !== undefined && !this.#hosts.some((own) => origin === `http://${own}`))
      return "origin";
    const site = headers["sec-fetch-site"];
    // A link in another page may lead here; nothing of another page may ask for anything.
    const isNavigation =
      headers["sec-fetch-mode"] === "navigate" && headers["sec-fetch-dest"] === "document";
    return site === "cross-site" && !isNavigation ? "origin" : undefined;
  }

  /** Hashed first, so that a length tells nothing either. */
  knows(token: string | null | undefined): boolean {
    return timingSafeEqual(digest(token ?? ""), digest(this.token));
  }
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
