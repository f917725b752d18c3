/**
 * Credentials on a command line, kept out of what the command prints. Pure.
 *
 * A server may repeat a token, and a topic that is a frame may be a login: what a line holds is only known when it is
 * composed, so each line that is not data goes through {@link Secrets.redact}.
 */

const HIDDEN = "[redacted]";

/** Shorter texts stand in words that are no secrets. */
const SHORTEST = 4;

const NAME_OF_SECRET = /auth|cookie|credential|jwt|key|pass|secret|session|sign|token/i;

const LOGIN = /^(log_?in|auth|sign)/i;

export class Secrets {
  readonly #texts = new Set<string>();
  /** Longest first: one may hold another. */
  #ordered: readonly string[] | undefined;

  add(text: string): void {
    if (text.length < SHORTEST) return;
    // As it is, and as it stands in JSON and in JSON within JSON.
    const once = JSON.stringify(text).slice(1, -1);
    const twice = JSON.stringify(once).slice(1, -1);
    for (const form of [text, once, twice]) this.#texts.add(form);
    this.#ordered = undefined;
  }

  /** What is secret of a URL: its user, its password, and values of its query that are named like one. */
  addUrl(text: string): void {
    const url = URL.parse(text);
    if (url === null) return;
    for (const part of [url.username, url.password]) {
      this.add(part);
      this.add(decode(part));
    }
    for (const [name, value] of url.searchParams) {
      if (!NAME_OF_SECRET.test(name)) continue;
      this.add(value);
      this.add(encodeURIComponent(value));
    }
  }

  /** The value of a header that is named like one. */
  addHeader(name: string, value: string): void {
    if (!NAME_OF_SECRET.test(name)) return;
    this.add(value);
    // `Bearer …`, `Basic …`: what follows the scheme.
    this.add(value.slice(value.indexOf(" ") + 1));
  }

  /** Values of a frame that are named like one; all texts of a login; all of a frame that is no JSON and may be one. */
  addFrame(frame: string): void {
    let parsed: unknown;
    try {
      parsed = JSON.parse(frame);
    } catch {
      if (NAME_OF_SECRET.test(frame) || LOGIN.test(frame)) this.add(frame);
      return;
    }
    this.#addValues(parsed, isLogin(parsed));
  }

  /** `text` without them, also where one of them is cut off before an ellipsis. */
  redact(text: string): string {
    if (this.#texts.size === 0) return text;
    this.#ordered ??= [...this.#texts].sort((one, other) => other.length - one.length);
    let redacted = text;
    for (const secret of this.#ordered) redacted = redacted.replaceAll(secret, HIDDEN);
    return redacted.includes("…") ? this.#redactCut(redacted, this.#ordered) : redacted;
  }

  #redactCut(text: string, secrets: readonly string[]): string {
    const parts = text.split("…");
    const last = parts.length - 1;
    return parts
      .map((part, index) => {
        if (index === last) return part;
        const length = Math.max(0, ...secrets.map((secret) => overlap(part, secret)));
        return length < SHORTEST ? part : `${part.slice(0, -length)}${HIDDEN}`;
      })
      .join("…");
  }

  #addValues(value: unknown, isSecret: boolean): void {
    if (typeof value === "string" || typeof value === "number") {
      if (isSecret) this.add(String(value));
    } else if (typeof value === "object" && value !== null) {
      for (const [name, inner] of Object.entries(value)) {
        this.#addValues(inner, isSecret || (!Array.isArray(value) && NAME_OF_SECRET.test(name)));
      }
    }
  }
}

/** Whether one of its own values is the name of a login. */
function isLogin(frame: unknown): boolean {
  if (typeof frame !== "object" || frame === null) return false;
  return Object.values(frame).some((value) => typeof value === "string" && LOGIN.test(value));
}

/** How many characters of a secret's beginning `text` ends with. */
function overlap(text: string, secret: string): number {
  for (let length = Math.min(text.length, secret.length); length >= SHORTEST; length -= 1) {
    if (text.endsWith(secret.slice(0, length))) return length;
  }
  return 0;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
