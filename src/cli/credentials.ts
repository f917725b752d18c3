/**
 * Credentials that are not on the command line, where `ps` shows them: `${NAME}` in a URL, a header or a frame
 * stands for the environment variable NAME, and headers may be in a file.
 */
import { X509Certificate } from "node:crypto";
import { closeSync, openSync, readSync } from "node:fs";
import { createSecureContext } from "node:tls";
import { OptionError } from "../index.ts";
import { messageOf } from "../shape.ts";
import { toHeaders } from "./arguments.ts";
import type { CommandIo } from "./output.ts";
import { Secrets } from "./secrets.ts";

/** `${NAME}`; a dollar sign before it leaves it as it is. */
const VARIABLE = /(\$?)\$\{([A-Za-z_][A-Za-z0-9_]*)\}/g;

/** How a value is written where it is put. */
type Encode = (value: string) => string;

export class Credentials {
  readonly secrets = new Secrets();
  readonly #env: NonNullable<CommandIo["env"]>;

  constructor(env: CommandIo["env"] = {}) {
    this.#env = env;
  }

  /** A URL; a value within it is encoded, one that is all of it is not. @throws {@link OptionError} */
  url(option: string, text: string): string {
    const isWhole = /^\$\{\w+\}$/.test(text);
    const url = this.#expand(option, text, isWhole ? asItIs : encodeURIComponent);
    this.secrets.addUrl(url);
    return url;
  }

  /** A frame; a value within JSON is written as JSON text. @throws {@link OptionError} */
  frame(option: string, text: string): string {
    const frame = this.#expand(option, text, /^\s*[[{]/.test(text) ? asJsonText : asItIs);
    this.secrets.addFrame(frame);
    return frame;
  }

  /** A subprotocol, which may carry a token. @throws {@link OptionError} */
  protocol(option: string, text: string): string {
    return this.#expand(option, text, asItIs);
  }

  /**
   * Headers of a file and of the command line; those win. A line of the file is a header, blank, or a comment behind
   * `#`.
   *
   * @throws {@link OptionError} that repeats no value.
   */
  headers(file: string | undefined, given: readonly string[]): Readonly<Record<string, string>> {
    const lines = file === undefined ? [] : linesOf(file);
    return {
      ...this.#headers("--header-file", lines),
      ...this.#headers("--header", given),
    };
  }

  /** What `ws` takes of the TLS options. @throws {@link OptionError} before any dial. */
  tls({ ca, cert, key }: TlsFiles): TlsMaterial {
    if ((cert === undefined) !== (key === undefined)) {
      const [option, other] = cert === undefined ? ["--key", "--cert"] : ["--cert", "--key"];
      throw new OptionError(option, `${other} beside it`, cert ?? key);
    }
    if (ca === undefined && key === undefined) return {};
    const passphrase = this.#env[PASSPHRASE];
    if (passphrase !== undefined) this.secrets.add(passphrase);
    const material: TlsMaterial = {
      ...(ca === undefined ? {} : { ca: ca.map((file) => pemOf("--ca", file, "CERTIFICATE")) }),
      ...(cert === undefined ? {} : { cert: pemOf("--cert", cert, "CERTIFICATE") }),
      ...(key === undefined ? {} : { key: pemOf("--key", key, "PRIVATE KEY") }),
      ...(key === undefined || passphrase === undefined ? {} : { passphrase }),
    };
    for (const [index, pem] of material.ca?.entries() ?? []) {
      // Node ignores a certificate that it cannot read, and would then trust no authority at all.
      usable("--ca", ca?.[index], () => new X509Certificate(pem));
    }
    usable("--key", key, () => createSecureContext(material));
    return material;
  }

  #headers(option: string, lines: readonly string[]): Readonly<Record<string, string>> {
    const headers = toHeaders(
      lines.map((line) => this.#expand(option, line, asItIs)),
      option,
    );
    for (const [name, value] of Object.entries(headers)) this.secrets.addHeader(name, value);
    return headers;
  }

  #expand(option: string, text: string, encode: Encode): string {
    return text.replace(VARIABLE, (whole, escape: string, name: string) => {
      if (escape !== "") return whole.slice(1);
      const value = this.#env[name];
      if (value === undefined || value === "") {
        throw new OptionError(option, `a value in the environment variable ${name}`, value);
      }
      this.secrets.add(value);
      this.secrets.add(encode(value));
      return encode(value);
    });
  }
}

/** Files in PEM, by their options. */
export interface TlsFiles {
  readonly ca?: readonly string[] | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
}

interface TlsMaterial {
  readonly ca?: string[];
  readonly cert?: string;
  readonly key?: string;
  readonly passphrase?: string;
}

/** The environment variable with the passphrase of `--key`. */
const PASSPHRASE = "WS_SUPERVISOR_KEY_PASSPHRASE";

/** More is no file of headers, or of certificates: the bundle of all public authorities has some 220 kB. */
const MOST_HEADER_BYTES = 65_536;
const MOST_PEM_BYTES = 4 * 1024 * 1024;

function linesOf(file: string): readonly string[] {
  return textOf("--header-file", file, MOST_HEADER_BYTES, "headers")
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"));
}

function pemOf(option: string, file: string, what: string): string {
  const text = textOf(option, file, MOST_PEM_BYTES, "PEM");
  if (new RegExp(`-----BEGIN [A-Z0-9 ]{0,40}${what}-----`).test(text)) return text;
  throw new OptionError(option, `a file in PEM that holds a ${what.toLowerCase()}`, file);
}

function usable(option: string, file: string | undefined, use: () => unknown): void {
  try {
    use();
  } catch (error) {
    throw new OptionError(option, `material that TLS can use (${messageOf(error)})`, file);
  }
}

/** The text of a file, which may be a pipe (`<(…)` of a shell), and is read no further than the bound. */
function textOf(option: string, file: string, mostBytes: number, what: string): string {
  const bytes = Buffer.alloc(mostBytes + 1);
  let length = 0;
  try {
    const fd = openSync(file, "r");
    try {
      for (let read = -1; read !== 0 && length < bytes.length; length += read) {
        read = readSync(fd, bytes, length, bytes.length - length, null);
      }
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    throw new OptionError(option, `a file that can be read (${messageOf(error)})`, file);
  }
  if (length <= mostBytes) return bytes.toString("utf8", 0, length);
  throw new OptionError(option, `at most ${mostBytes} bytes of ${what}`, file);
}

const asItIs: Encode = (value) => value;
const asJsonText: Encode = (value) => JSON.stringify(value).slice(1, -1);
