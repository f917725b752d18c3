import { describe, expect, it } from "vitest";
import type { LossClass, LossPhase } from "../../../machines/loss.ts";
import {
  classifyClose,
  classifyError,
  classifyResponse,
  classifyThrown,
  pingFlood,
} from "../../../src/transport/classify.ts";

const fault = (code: string | undefined, message = "", syscall?: string): Error =>
  Object.assign(new Error(message), code && { code }, syscall && { syscall });

const several = (...errors: Error[]): Error =>
  Object.assign(new AggregateError(errors, ""), { code: "FIRST" });

describe("an error before the socket is open", () => {
  it.each<[LossClass, LossPhase, readonly string[]]>([
    ["dns-transient", "dns", ["EAI_AGAIN", "EAI_FAIL", "ESERVFAIL", "ECONNREFUSED", "ETIMEDOUT"]],
    ["dns-transient", "tcp", ["ERR_INVALID_IP_ADDRESS"]],
    ["dns-not-found", "dns", ["ENOTFOUND", "EAI_NODATA", "EAI_NONAME"]],
    ["local-resource", "dns", ["EMFILE"]],
    ["unreachable", "tcp", ["ECONNREFUSED", "EHOSTUNREACH", "ENETUNREACH", "ETIMEDOUT"]],
    ["unreachable", "tcp", ["EINVAL", "ENOENT", "EAFNOSUPPORT"]],
    ["local-resource", "tcp", ["EMFILE", "ENFILE", "EADDRNOTAVAIL", "ENOBUFS", "ENOMEM"]],
    ["local-resource", "tcp", ["EACCES", "EPERM"]],
    ["handshake-cut", "tcp", ["ECONNRESET"]],
    ["handshake-cut", "tls", ["ECONNRESET", "EPIPE", "ETIMEDOUT"]],
    ["handshake-cut", "upgrade", ["ECONNRESET", "EPIPE", "ECONNABORTED", "EHOSTUNREACH"]],
    ["tls-trust", "tls", ["CERT_HAS_EXPIRED", "CERT_NOT_YET_VALID", "CERT_REVOKED"]],
    ["tls-trust", "tls", ["DEPTH_ZERO_SELF_SIGNED_CERT", "SELF_SIGNED_CERT_IN_CHAIN"]],
    ["tls-trust", "tls", ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", "ERR_TLS_CERT_ALTNAME_INVALID"]],
    ["tls-trust", "tls", ["UNABLE_TO_GET_ISSUER_CERT_LOCALLY", "UNABLE_TO_GET_CRL", "INVALID_CA"]],
    ["tls-trust", "tls", ["PIN", "whatever checkServerIdentity gives"]],
    ["tls-trust", "tcp", ["CERT_HAS_EXPIRED"]], // an agent's road has no phases
    ["tls-protocol", "tls", ["EPROTO", "ERR_SSL_WRONG_VERSION_NUMBER", "ERR_TLS_DH_PARAM_SIZE"]],
    ["tls-protocol", "tls", ["ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION"]],
    ["handshake-timeout", "tls", ["ERR_TLS_HANDSHAKE_TIMEOUT"]],
    ["tls-client-certificate", "upgrade", ["ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED"]],
    ["tls-client-certificate", "tls", ["ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE"]],
    ["tls-client-certificate", "tls", ["ERR_SSL_SSL/TLS_ALERT_CERTIFICATE_EXPIRED"]], // OpenSSL 3.2
    ["tls-client-certificate", "tls", ["ERR_SSL_TLSV1_ALERT_UNKNOWN_CA"]],
    ["not-websocket", "upgrade", ["HPE_INVALID_CONSTANT", "HPE_HEADER_OVERFLOW"]],
    ["requested", "upgrade", ["ABORT_ERR"]],
  ])("is %s in phase %s for %j", (name, phase, codes) => {
    for (const code of codes) {
      expect(classifyError(fault(code, "text"), phase)).toEqual({
        class: name,
        phase,
        code,
        detail: "text",
      });
    }
  });

  it("is unreachable in any phase when it is connect that says so", () => {
    const loss = classifyError(fault("ECONNRESET", "connect ECONNRESET", "connect"), "upgrade");
    expect(loss.class).toBe("unreachable");
  });

  it.each<[LossClass, string]>([
    ["handshake-timeout", "Opening handshake has timed out"],
    ["requested", "WebSocket was closed before the connection was established"],
    ["http-refusal", "Unexpected server response: 503"],
    ["redirect", "Maximum redirects exceeded"],
    ["redirect", "Invalid URL: http://[oops"],
    ["redirect", 'The URL\'s protocol must be one of "ws:", "wss:"'],
    ["not-websocket", "Invalid Upgrade header"],
    ["not-websocket", "Invalid Sec-WebSocket-Accept header"],
    ["negotiation", "Invalid Sec-WebSocket-Extensions header"],
    ["negotiation", "Server sent a subprotocol but none was requested"],
    ["negotiation", "Server sent an invalid subprotocol"],
    ["negotiation", "Server sent no subprotocol"],
    ["negotiation", "Server indicated an extension that was not requested"],
    ["negotiation", "Server sent a Sec-WebSocket-Extensions header but no extension was requested"],
  ])("is %s by the message alone: %s", (name, message) => {
    expect(classifyError(fault(undefined, message), "upgrade").class).toBe(name);
  });

  it("is never read by its message where there is a code", () => {
    const loss = classifyError(fault("ECONNRESET", "Invalid Upgrade header"), "upgrade");
    expect(loss.class).toBe("handshake-cut");
  });

  it.each<[LossPhase, LossClass]>([
    ["dns", "dns-transient"],
    ["tcp", "unreachable"],
    ["tls", "tls-trust"],
    ["upgrade", "handshake-cut"],
    ["open", "dropped"],
    ["closing", "dropped"],
  ])("of which nothing is known is, in phase %s, %s", (phase, name) => {
    expect(classifyError(fault(undefined, "lookup boom"), phase).class).toBe(name);
    expect(classifyError(fault("E_NEW"), phase).class).toBe(name);
    expect(classifyError("not even an error", phase).class).toBe(name);
  });
});

describe("an error of several addresses", () => {
  it("is one of theirs, with the words of all", () => {
    const error = several(
      fault("ECONNREFUSED", "connect ECONNREFUSED ::1:1", "connect"),
      fault("ECONNREFUSED", "connect ECONNREFUSED 127.0.0.1:1", "connect"),
    );
    expect(classifyError(error, "tcp")).toEqual({
      class: "unreachable",
      phase: "tcp",
      code: "ECONNREFUSED",
      detail: "connect ECONNREFUSED ::1:1; connect ECONNREFUSED 127.0.0.1:1",
    });
  });

  it("is the peer's rather than that of a machine without IPv6", () => {
    const error = several(
      fault("EADDRNOTAVAIL", "no ::1", "connect"),
      fault("ECONNREFUSED", "refused", "connect"),
    );
    expect(classifyError(error, "tcp")).toMatchObject({
      class: "unreachable",
      code: "ECONNREFUSED",
    });
  });

  it("is its own when there are none", () => {
    expect(classifyError(several(), "tcp")).toMatchObject({ class: "unreachable", code: "FIRST" });
  });
});

describe("an error while the socket is open", () => {
  it.each<[LossClass, readonly string[]]>([
    ["peer-protocol", ["WS_ERR_UNEXPECTED_RSV_1", "WS_ERR_UNEXPECTED_RSV_2_3"]],
    ["peer-protocol", ["WS_ERR_INVALID_OPCODE", "WS_ERR_EXPECTED_FIN", "WS_ERR_UNEXPECTED_MASK"]],
    ["peer-protocol", ["WS_ERR_INVALID_CONTROL_PAYLOAD_LENGTH", "WS_ERR_INVALID_CLOSE_CODE"]],
    ["peer-protocol", ["WS_ERR_INVALID_UTF8", "Z_DATA_ERROR", "Z_BUF_ERROR"]],
    ["too-big", ["WS_ERR_UNSUPPORTED_MESSAGE_LENGTH", "WS_ERR_UNSUPPORTED_DATA_PAYLOAD_LENGTH"]],
    ["too-big", ["WS_ERR_TOO_MANY_BUFFERED_PARTS"]],
    ["dropped", ["ECONNRESET", "EPIPE", "ERR_SSL_DECRYPTION_FAILED", "ENOTFOUND"]],
  ])("is %s for %j", (name, codes) => {
    for (const code of codes) {
      expect(classifyError(fault(code), "open")).toEqual({ class: name, phase: "open", code });
      expect(classifyError(fault(code), "closing").class).toBe(name);
    }
  });
});

describe("a constructor that throws", () => {
  it("is the caller's mistake, whatever it says", () => {
    expect(classifyThrown(fault("ERR_INVALID_CHAR", "Invalid character in header"))).toEqual({
      class: "config",
      phase: "resolve",
      code: "ERR_INVALID_CHAR",
      detail: "Invalid character in header",
    });
    expect(classifyThrown(fault("ECONNREFUSED")).class).toBe("config");
  });

  it("does not give away the URL that it quotes", () => {
    const error = new SyntaxError("Invalid URL: wss://user:secret@:99999/?token=abc");
    expect(classifyThrown(error)).toEqual({
      class: "config",
      phase: "resolve",
      detail: "invalid URL",
    });
  });
});

describe("a message in a loss", () => {
  it("is escaped and bounded", () => {
    const loss = classifyError(fault("PIN\n", `\u001b[31m${"x".repeat(500)}`), "tls");
    expect(loss.code).toBe("PIN\\u{a}");
    expect(loss.detail).toMatch(/^\\u\{1b\}\[31mx+…$/);
    expect(loss.detail?.length).toBe(200);
  });

  it("has OpenSSL's words without its addresses and file names", () => {
    const text =
      "write EPROTO 805CE7EBBF7F0000:error:0A00042E:SSL routines:ssl3_read_bytes:" +
      "tlsv1 alert protocol version:../deps/openssl/openssl/ssl/record/rec_layer_s3.c:1605:SSL\n";
    expect(classifyError(fault("EPROTO", text), "tls").detail).toBe("tlsv1 alert protocol version");
  });
});

describe("a close event", () => {
  it("with a code is the peer's word", () => {
    expect(classifyClose(1000, "", "open")).toEqual({
      class: "closed-by-peer",
      phase: "open",
      closeCode: 1000,
    });
    expect(classifyClose(4001, "bye\r\nforged", "closing")).toEqual({
      class: "closed-by-peer",
      phase: "closing",
      closeCode: 4001,
      detail: "bye\\u{d}\\u{a}forged",
    });
  });

  it("without a code is 1005 to ws", () => {
    expect(classifyClose(1005, "", "open")).toEqual({ class: "ended-without-code", phase: "open" });
  });

  it("without a close frame is a drop, with what the TCP socket said", () => {
    expect(classifyClose(1006, "", "open")).toEqual({ class: "dropped", phase: "open" });
    expect(classifyClose(1006, "", "closing", "ETIMEDOUT")).toEqual({
      class: "dropped",
      phase: "closing",
      code: "ETIMEDOUT",
    });
    expect(classifyClose(1006, "", "upgrade").class).toBe("handshake-cut");
  });
});

describe("a flood of pings", () => {
  it("is abuse, and says how many were too many", () => {
    expect(pingFlood(60)).toEqual({
      class: "abusive-peer",
      phase: "open",
      detail: "more than 60 pings before their pongs could be sent",
    });
  });
});

describe("an answer that is no upgrade", () => {
  const URL = "wss://user:secret@feed.test/ws?token=abc";
  const answer = (statusCode: number, headers: Record<string, string> = {}, statusMessage = "") =>
    classifyResponse({ statusCode, statusMessage, headers }, URL, 1_000);

  it.each([200, 204, 300, 304, 400, 401, 403, 404, 418, 429, 451, 500, 503, 530, 999])(
    "with status %d is a refusal",
    (status) => {
      expect(answer(status)).toEqual({ class: "http-refusal", phase: "upgrade", status });
    },
  );

  it.each([301, 302, 303, 307, 308])("with status %d is a redirect", (status) => {
    expect(answer(status)).toEqual({ class: "redirect", phase: "upgrade", status });
    expect(answer(status, { location: "https://u:p@other.test/x?key=1#y" }).location).toBe(
      "https://other.test/x",
    );
    expect(answer(status, { location: "/login?next=2" }).location).toBe("wss://feed.test/login");
    expect(answer(status, { location: "http://[oops" })).not.toHaveProperty("location");
  });

  it("with status 101, yet without the headers of an upgrade, is not WebSocket", () => {
    expect(answer(101)).toEqual({ class: "not-websocket", phase: "upgrade", status: 101 });
  });

  it("carries Retry-After whatever its status, and its words", () => {
    expect(answer(503, { "retry-after": "7" }, "Down\u0007")).toEqual({
      class: "http-refusal",
      phase: "upgrade",
      status: 503,
      retryAfterMs: 7_000,
      detail: "Down\\u{7}",
    });
    expect(answer(302, { "retry-after": "7" }).retryAfterMs).toBe(7_000);
    expect(answer(503, { "retry-after": "soon" })).not.toHaveProperty("retryAfterMs");
  });

  it("counts a date from its own Date, else from our clock", () => {
    const retryAfter = "Thu, 01 Jan 1970 00:00:11 GMT";
    expect(answer(503, { "retry-after": retryAfter }).retryAfterMs).toBe(10_000);
    const date = "Thu, 01 Jan 1970 00:00:09 GMT";
    expect(answer(503, { "retry-after": retryAfter, date }).retryAfterMs).toBe(2_000);
  });
});
