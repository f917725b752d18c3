/**
 * What `ws` and Node say, and the loss it is: faults.md §A3 as pure functions, one per source.
 *
 * By code, never by message where there is one: over Node 20 to 26 codes and their order are the same,
 * texts are not. A code alone does not always tell, so the phase helps: `ECONNREFUSED` while a name is
 * looked up is the resolver's, and an unknown error of the TLS phase is what a `checkServerIdentity`
 * gave.
 */
import type { IncomingHttpHeaders } from "node:http";
import type { Loss, LossClass, LossPhase } from "../../machines/loss.ts";
import { printable, redactUrl } from "./printable.ts";
import { PRIVATE_ADDRESS } from "./private-address.ts";
import { parseRetryAfter } from "../retry-after.ts";

/** The head of an answer that is no upgrade. */
interface ResponseHead {
  readonly statusCode?: number | undefined;
  readonly statusMessage?: string | undefined;
  readonly headers: IncomingHttpHeaders;
}

/** Codes with one meaning. Families of them stand in the patterns below. */
const CODES: readonly (readonly [LossClass, string])[] = [
  ["requested", "ABORT_ERR"],
  ["config", PRIVATE_ADDRESS],
  ["dns-not-found", "ENOTFOUND EAI_NODATA EAI_NONAME ENODATA"],
  // The last two: a lookup that answered with something else than an address.
  ["dns-transient", "EAI_AGAIN EAI_FAIL ERR_INVALID_IP_ADDRESS ERR_INVALID_ADDRESS_FAMILY"],
  ["local-resource", "EMFILE ENFILE ENOBUFS ENOMEM EAI_MEMORY EADDRINUSE EADDRNOTAVAIL"],
  ["local-resource", "EACCES EPERM"], // a `prohibit` route, a unix socket, our own packet filter
  ["handshake-cut", "EPIPE ECONNABORTED"],
  ["handshake-timeout", "ERR_TLS_HANDSHAKE_TIMEOUT"],
  ["tls-trust", "UNABLE_TO_VERIFY_LEAF_SIGNATURE UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY"],
  ["tls-trust", "INVALID_CA INVALID_PURPOSE PATH_LENGTH_EXCEEDED HOSTNAME_MISMATCH"],
  ["tls-protocol", "EPROTO"],
  ["too-big", "WS_ERR_UNSUPPORTED_MESSAGE_LENGTH WS_ERR_UNSUPPORTED_DATA_PAYLOAD_LENGTH"],
  ["too-big", "WS_ERR_TOO_MANY_BUFFERED_PARTS"],
];

/** From `connect` nothing answers at the address; from a read or write the handshake was cut. */
const CONNECT_CODES: ReadonlySet<string> = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "EHOSTDOWN",
  "EHOSTUNREACH",
  "ENETDOWN",
  "ENETUNREACH",
  "ETIMEDOUT",
  "EAFNOSUPPORT",
  "EINVAL", // a blackhole route
  "ENOENT", // a unix socket that is not there
]);

/** Families of codes. First match decides. */
const CODE_PATTERNS: readonly (readonly [RegExp, LossClass])[] = [
  // The server's word on our certificate. OpenSSL names an alert after the protocol it is from.
  [
    /^ERR_SSL_.*ALERT_(?:(?:NO|BAD|UNSUPPORTED)_CERTIFICATE|CERTIFICATE_\w+|UNKNOWN_CA|ACCESS_DENIED)$/,
    "tls-client-certificate",
  ],
  [/^ERR_SSL_/, "tls-protocol"],
  [/(?:^|_)(?:CERT|CRL)(?:_|$)/, "tls-trust"],
  [/^ERR_TLS_/, "tls-protocol"],
  [/^HPE_/, "not-websocket"],
  [/^WS_ERR_/, "peer-protocol"],
  [/^Z_/, "peer-protocol"],
];

/** The exceptions: what `ws` says without a code, by how it begins († in faults.md §A3). */
const MESSAGES: readonly (readonly [string, LossClass])[] = [
  ["WebSocket was closed before the connection was established", "requested"],
  ["Opening handshake has timed out", "handshake-timeout"],
  ["Unexpected server response", "http-refusal"],
  ["Maximum redirects exceeded", "redirect"],
  ["Invalid URL", "redirect"], // as an event: a Location; our own is thrown
  ["The URL", "redirect"],
  ["Invalid Upgrade header", "not-websocket"],
  ["Invalid Sec-WebSocket-Accept header", "not-websocket"],
  ["Invalid Sec-WebSocket-Extensions header", "negotiation"],
  ["Server sent a subprotocol", "negotiation"],
  ["Server sent an invalid subprotocol", "negotiation"],
  ["Server sent no subprotocol", "negotiation"],
  ["Server sent a Sec-WebSocket-Extensions header", "negotiation"],
  ["Server indicated an extension", "negotiation"],
];

/** What an error means of which nothing else is known. */
const UNKNOWN: Record<LossPhase, LossClass> = {
  resolve: "config",
  dns: "dns-transient",
  tcp: "unreachable",
  tls: "tls-trust", // whatever `checkServerIdentity` gives
  upgrade: "handshake-cut",
  authenticate: "dropped",
  open: "dropped",
  closing: "dropped",
};

const OPENSSL_REASON = /:SSL routines:[^:]*:([^:]+)/;

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/** A lookup ends in these alone: what else its own road says is the resolver's trouble. */
const WHILE_LOOKING_UP: ReadonlySet<LossClass> = new Set([
  "requested",
  "config",
  "dns-not-found",
  "dns-transient",
  "local-resource",
]);

/** An error of an open socket is the peer's framing; for all else `ws` gives a bare 1006. */
const WHILE_OPEN: ReadonlySet<LossClass> = new Set(["peer-protocol", "too-big"]);

const CLASS_BY_CODE: ReadonlyMap<string, LossClass> = new Map(
  CODES.flatMap(([name, codes]) => codes.split(" ").map((code) => [code, name] as const)),
);

/** The constructor of `ws` threw: a bad URL, header, subprotocol or option. */
export function classifyThrown(error: unknown): Loss {
  return lossOf("config", "resolve", readFault(error));
}

/** An `error` event of `ws`. */
export function classifyError(error: unknown, phase: LossPhase): Loss {
  const fault = mostTelling(error);
  return lossOf(classOf(fault, phase), phase, fault);
}

/**
 * A `close` event of `ws`.
 *
 * @param errno - What the TCP socket said before: `ws` itself swallows it (faults.md §0 #3).
 */
export function classifyClose(
  closeCode: number,
  reason: string,
  phase: LossPhase,
  errno?: string,
): Loss {
  const code = errno === undefined ? {} : { code: printable(errno) };
  const wasOpen = phase === "open" || phase === "closing";
  if (closeCode === 1005) return { class: "ended-without-code", phase };
  if (closeCode === 1006) return { class: wasOpen ? "dropped" : "handshake-cut", phase, ...code };
  return { class: "closed-by-peer", phase, closeCode, ...withDetail(reason) };
}

/**
 * An answer that is no upgrade.
 *
 * @param url - What a relative `Location` is relative to.
 * @param wallMs - Our clock, for a Retry-After whose answer has no `Date`.
 */
export function classifyResponse(head: ResponseHead, url: string, wallMs: number): Loss {
  const status = head.statusCode ?? 0;
  const { date, location } = head.headers;
  const phase = "upgrade";
  const detail = withDetail(head.statusMessage ?? "");
  const retryAfterMs = parseRetryAfter(head.headers["retry-after"], date, wallMs);
  const floor = retryAfterMs === undefined ? {} : { retryAfterMs };
  if (REDIRECTS.has(status)) {
    const target = location === undefined ? undefined : redactUrl(location, url);
    const place = target === undefined ? {} : { location: target };
    return { class: "redirect", phase, status, ...floor, ...place, ...detail };
  }
  // 101 without the headers that make it an upgrade.
  const name = status === 101 ? "not-websocket" : "http-refusal";
  return { class: name, phase, status, ...floor, ...detail };
}

/**
 * More pings than may wait for their pongs: `ws` ends such a socket with a bare 1006 (faults.md
 * §0 #16).
 */
export function pingFlood(maxPending: number): Loss {
  const detail = `more than ${maxPending} pings before their pongs could be sent`;
  return { class: "abusive-peer", phase: "open", detail };
}

interface Fault {
  readonly code: string | undefined;
  readonly syscall: string | undefined;
  readonly message: string;
}

function classOf(fault: Fault, phase: LossPhase): LossClass {
  const name = meaning(fault, phase);
  const possible =
    phase === "dns"
      ? WHILE_LOOKING_UP
      : phase === "open" || phase === "closing"
        ? WHILE_OPEN
        : undefined;
  return possible === undefined || possible.has(name) ? name : UNKNOWN[phase];
}

function meaning({ code, syscall, message }: Fault, phase: LossPhase): LossClass {
  if (code === undefined) {
    return MESSAGES.find(([start]) => message.startsWith(start))?.[1] ?? UNKNOWN[phase];
  }
  if (CONNECT_CODES.has(code)) {
    // "socket hang up" says ECONNRESET too, and names no syscall.
    const isConnecting = syscall === "connect" || (phase === "tcp" && code !== "ECONNRESET");
    return isConnecting ? "unreachable" : "handshake-cut";
  }
  return (
    CLASS_BY_CODE.get(code) ??
    CODE_PATTERNS.find(([pattern]) => pattern.test(code))?.[1] ??
    UNKNOWN[phase]
  );
}

/**
 * One of the errors of a name with several addresses (an AggregateError with an empty message), all
 * of their messages with it. A refusal by the peer tells more than a machine without IPv6.
 */
function mostTelling(error: unknown): Fault {
  const fault = readFault(error);
  if (!(error instanceof AggregateError) || error.errors.length === 0) return fault;
  const faults = error.errors.map(readFault);
  const telling = faults.find((each) => classOf(each, "tcp") === "unreachable") ?? faults[0];
  return { ...fault, ...telling, message: faults.map((each) => each.message).join("; ") };
}

function readFault(error: unknown): Fault {
  if (!(error instanceof Error)) {
    return { code: undefined, syscall: undefined, message: String(error) };
  }
  const code = "code" in error ? error.code : undefined;
  const syscall = "syscall" in error ? error.syscall : undefined;
  return {
    code: typeof code === "string" ? code : undefined,
    syscall: typeof syscall === "string" ? syscall : undefined,
    message: error.message,
  };
}

function lossOf(name: LossClass, phase: LossPhase, fault: Fault): Loss {
  const code = fault.code === undefined ? {} : { code: printable(fault.code) };
  return { class: name, phase, ...code, ...withDetail(readable(fault.message)) };
}

/** A message without what must not, or need not, be shown. */
function readable(message: string): string {
  // `ws` quotes the URL that it could not read, credentials and all.
  if (message.startsWith("Invalid URL")) return "invalid URL";
  // OpenSSL's: a thread's id, file names and line numbers around a few words.
  return OPENSSL_REASON.exec(message)?.[1] ?? message;
}

function withDetail(text: string): { readonly detail?: string } {
  const detail = printable(text.trim());
  return detail === "" ? {} : { detail };
}
