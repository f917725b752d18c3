/**
 * The options that reach `ws`, checked before any I/O.
 *
 * `ws` spreads what it is given over its defaults: an `undefined` takes a default away, and a
 * `maxPayload` of -1, 2**32 or Infinity is no limit at all (faults.md §0 #14). So every option is
 * known here by name and range, and not one undefined key is passed on. Left out on purpose is what
 * the supervisor does itself: deadlines, headers, redirects, pongs.
 */
import type { Agent } from "node:http";
import { isIP, type LookupFunction } from "node:net";
import type { Duplex } from "node:stream";
import type { ConnectionOptions } from "node:tls";
import { OptionError } from "../errors.ts";
import { functionKind, isBytes } from "../shape.ts";
import { guardCreation, guardIdentityCheck } from "./ws-functions.ts";

/** Compression of messages. Zlib's own options are left out: a bad one throws at the first message. */
export interface CompressionOptions {
  /** Messages sent below this size stay uncompressed, in bytes. @defaultValue 1,024 */
  readonly threshold?: number | undefined;
  readonly serverNoContextTakeover?: boolean | undefined;
  readonly clientNoContextTakeover?: boolean | undefined;
  /** 9 to 15. */
  readonly serverMaxWindowBits?: number | undefined;
  /** 9 to 15. */
  readonly clientMaxWindowBits?: number | undefined;
}

/** Options for the `ws` package and the TLS and TCP sockets under it. */
export interface WsTransportOptions {
  /**
   * The largest message that is taken, in bytes; a larger one ends the socket as `too-big`. It bounds
   * the memory that a peer can claim. @defaultValue 4,194,304 (4 MiB)
   */
  readonly maxPayload?: number | undefined;
  /**
   * Off saves some 450 kB for each connection and keeps a truncated deflate stream from passing as a
   * message (faults.md §0 #21); on saves bandwidth where JSON is bulky. @defaultValue false
   */
  readonly perMessageDeflate?: boolean | CompressionOptions | undefined;
  /**
   * Takes whole, uncompressed messages out of what the socket reads before `ws` does, for half of its
   * cost or less; what each of them is, its order, the errors and the end stay the same. Nothing is
   * gained once an extension is agreed on (`perMessageDeflate`), nor over a stream of
   * `createConnection` unless `net` or `tls` made it with all options given, `onread` among them.
   * Listeners for the socket's own `data` hear only what is left for `ws`. Refused beside `agent`, whose
   * sockets are not ours. @defaultValue false
   */
  readonly fastInbound?: boolean | undefined;
  /** Trusts text to be UTF-8, as few peers should be. @defaultValue false */
  readonly skipUTF8Validation?: boolean | undefined;
  /**
   * Pings that may wait for their pongs; one more and the peer counts as abusive. A client that reads
   * after a long stop finds that many in one chunk. @defaultValue 60
   */
  readonly maxPendingAutoPongs?: number | undefined;
  /** Fragments that one message may have. @defaultValue 16,384 */
  readonly maxFragments?: number | undefined;
  /** Chunks that one unfinished frame may hold back. @defaultValue 262,144 */
  readonly maxBufferedChunks?: number | undefined;
  /**
   * How long a peer may take to end TCP once a close frame has gone either way, in milliseconds. Set
   * it no shorter than the supervisor's own `closeTimeoutMs`. @defaultValue 2,000
   */
  readonly closeTimeout?: number | undefined;
  /** The `Origin` header. */
  readonly origin?: string | undefined;

  /** Makes the sockets: a proxy's agent, say. Its own options win over those below. */
  readonly agent?: Agent | undefined;
  /**
   * Makes the stream under `ws`; not together with `agent`. Among its options is `onread`, by which sockets
   * of `net` and `tls` are read at less cost; left out, they are read as ever.
   */
  readonly createConnection?: ((options: ConnectionOptions) => Duplex) | undefined;
  /** Looks names up instead of the system. An empty answer counts as `ENOTFOUND`. */
  readonly lookup?: LookupFunction | undefined;
  /**
   * Refuses a host at a private, loopback or link-local address, by name or as an IP address, for good:
   * of a public feed that is a mistake or an attack (DNS rebinding), and credentials must not go there.
   * Not together with `agent` or `createConnection`, which have a road of their own. @defaultValue false
   */
  readonly denyPrivateAddresses?: boolean | undefined;
  /** 4 or 6 for one kind of address only; 0 for both. @defaultValue 0 */
  readonly family?: number | undefined;
  /** The local IP address to connect from. */
  readonly localAddress?: string | undefined;
  /**
   * How long each address of a name is tried before the next, in milliseconds. Node's own 250 gives
   * up good addresses on a slow link (faults.md §0 #11). @defaultValue 2,000
   */
  readonly autoSelectFamilyAttemptTimeout?: number | undefined;

  readonly ca?: ConnectionOptions["ca"];
  readonly cert?: ConnectionOptions["cert"];
  readonly key?: ConnectionOptions["key"];
  readonly pfx?: ConnectionOptions["pfx"];
  readonly crl?: ConnectionOptions["crl"];
  readonly passphrase?: string | undefined;
  readonly ciphers?: string | undefined;
  readonly minVersion?: ConnectionOptions["minVersion"];
  readonly maxVersion?: ConnectionOptions["maxVersion"];
  /** The name that TLS asks for (SNI). @defaultValue the URL's host */
  readonly servername?: string | undefined;
  /** Checks the certificate's name, or pins it; an Error returned ends the attempt as `tls-trust`. */
  readonly checkServerIdentity?: ConnectionOptions["checkServerIdentity"];
  /**
   * Passed as `true` unless given, so that `NODE_TLS_REJECT_UNAUTHORIZED` cannot take it away. `false`
   * is refused without `dangerouslyAllowUntrusted`. @defaultValue true
   */
  readonly rejectUnauthorized?: boolean | undefined;
  /** Says that `rejectUnauthorized: false` is meant: anyone on the road can read and forge. */
  readonly dangerouslyAllowUntrusted?: boolean | undefined;
}

interface Rule {
  readonly expected: string;
  readonly accepts: (value: unknown) => boolean;
}

/** Beyond this a timer fires at once (faults.md §0 #15), and ws's `| 0` turns a size negative. */
const MAX_INT = 2 ** 31 - 1;

const boolean: Rule = { expected: "a boolean", accepts: (value) => typeof value === "boolean" };
const string: Rule = { expected: "a string", accepts: (value) => typeof value === "string" };
const callable: Rule = {
  expected: "a function that is not async",
  accepts: (value) => functionKind(value) === "function",
};
const material: Rule = {
  expected: "a string, bytes or an array of them",
  accepts: (value) => typeof value === "string" || isBytes(value) || Array.isArray(value),
};
const tlsVersion: Rule = {
  expected: '"TLSv1.2" or "TLSv1.3"',
  accepts: (value) => value === "TLSv1.2" || value === "TLSv1.3",
};
const integer = (min: number, max = MAX_INT): Rule => ({
  expected: `an integer from ${min} to ${max}`,
  accepts: (value) =>
    typeof value === "number" && Number.isInteger(value) && value >= min && value <= max,
});

const COMPRESSION_RULES: Readonly<Record<keyof CompressionOptions, Rule>> = {
  threshold: integer(0),
  serverNoContextTakeover: boolean,
  clientNoContextTakeover: boolean,
  serverMaxWindowBits: integer(9, 15),
  clientMaxWindowBits: integer(9, 15),
};

const RULES: Readonly<Record<keyof WsTransportOptions, Rule>> = {
  maxPayload: integer(1),
  perMessageDeflate: {
    expected: "a boolean or an object",
    accepts: (value) => typeof value === "boolean" || isObject(value),
  },
  fastInbound: boolean,
  skipUTF8Validation: boolean,
  maxPendingAutoPongs: integer(1),
  maxFragments: integer(1),
  maxBufferedChunks: integer(1),
  closeTimeout: integer(1),
  origin: string,
  agent: {
    expected: "an http.Agent or https.Agent",
    accepts: (value) =>
      isObject(value) && "addRequest" in value && typeof value.addRequest === "function",
  },
  createConnection: callable,
  lookup: callable,
  denyPrivateAddresses: boolean,
  family: { expected: "0, 4 or 6", accepts: (value) => value === 0 || value === 4 || value === 6 },
  localAddress: {
    expected: "an IP address",
    accepts: (value) => typeof value === "string" && isIP(value) !== 0,
  },
  autoSelectFamilyAttemptTimeout: integer(10),
  ca: material,
  cert: material,
  key: material,
  pfx: material,
  crl: material,
  passphrase: string,
  ciphers: string,
  minVersion: tlsVersion,
  maxVersion: tlsVersion,
  servername: string,
  checkServerIdentity: callable,
  rejectUnauthorized: boolean,
  dangerouslyAllowUntrusted: boolean,
};

/** Throws an `OptionError` that names the first option that cannot work. */
export function checkWsOptions(options: WsTransportOptions): void {
  checkEach("ws", options, RULES);
  const { agent, createConnection, perMessageDeflate } = options;
  if (isObject(perMessageDeflate)) {
    checkEach("ws.perMessageDeflate", perMessageDeflate, COMPRESSION_RULES);
  }
  if (agent !== undefined && createConnection !== undefined) {
    throw new OptionError("ws.createConnection", "no `agent` beside it", createConnection);
  }
  if (options.fastInbound === true && agent !== undefined) {
    // It may reuse a socket, and with it what was made for another.
    throw new OptionError("ws.fastInbound", "no `agent` beside it", true);
  }
  if (options.denyPrivateAddresses === true && (agent ?? createConnection) !== undefined) {
    const expected = "no `agent` and no `createConnection` beside it";
    throw new OptionError("ws.denyPrivateAddresses", expected, true);
  }
  if (options.rejectUnauthorized === false && options.dangerouslyAllowUntrusted !== true) {
    throw new OptionError(
      "ws.rejectUnauthorized",
      "true, or `dangerouslyAllowUntrusted: true` beside it",
      false,
    );
  }
}

/** What every socket is made with: defaults and options, without a single undefined key. */
export function buildWsOptions(options: WsTransportOptions): Readonly<Record<string, unknown>> {
  const {
    dangerouslyAllowUntrusted: _,
    denyPrivateAddresses: __,
    fastInbound: ___,
    checkServerIdentity,
    createConnection,
    ...forWs
  } = options;
  const given = Object.entries(forWs).filter(([, value]) => value !== undefined);
  return {
    maxPayload: 4 * 1024 * 1024,
    maxPendingAutoPongs: 60, // ws's own since 8.23.0; said here so that it does not change under us
    closeTimeout: 2_000,
    perMessageDeflate: false,
    followRedirects: false, // ws may send Authorization along (faults.md §0 #20)
    autoSelectFamilyAttemptTimeout: 2_000,
    rejectUnauthorized: true,
    ...(checkServerIdentity && { checkServerIdentity: guardIdentityCheck(checkServerIdentity) }),
    ...(createConnection && { createConnection: guardCreation(createConnection) }),
    ...Object.fromEntries(given),
  };
}

function checkEach(path: string, options: unknown, rules: Readonly<Record<string, Rule>>): void {
  if (!isObject(options)) throw new OptionError(path, "an object", options);
  for (const [name, value] of Object.entries(options)) {
    const rule = Object.hasOwn(rules, name) ? rules[name] : undefined;
    if (rule === undefined) {
      const known = Object.keys(rules).join(", ");
      throw new OptionError(`${path}.${name}`, `no such option; there are ${known}`, value);
    }
    if (value !== undefined && !rule.accepts(value)) {
      throw new OptionError(`${path}.${name}`, rule.expected, value);
    }
  }
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
