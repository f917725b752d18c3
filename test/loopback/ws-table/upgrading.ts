/** E: what answers the request for an upgrade. */
import { createHash } from "node:crypto";
import { realClock } from "../../../src/system.ts";
import type { MemorySocket } from "../../../src/testing/memory-transport.ts";
import { close, text, type RawConnection } from "../raw-peer.ts";
import {
  answered,
  type Case,
  closedByPeer,
  deadline,
  dialling,
  dials,
  dropped,
  type End,
  lost,
  open,
  opens,
  staysOpen,
} from "./case.ts";
import { turn } from "./stage.ts";

const LINE = "\r\n";
const REFUSED_PORT = "ws://127.0.0.1:1/";

/** The peer reads the request, then does as it is told. */
const answers =
  (play: (peer: RawConnection, request: string) => unknown): NonNullable<Case["play"]> =>
  async (stage) => {
    const peer = stage.connect();
    await play(peer, await peer.request);
  };

const ends = (end: End) => (peer: MemorySocket) => {
  dials(peer);
  if (end.kind === "told") peer.ends(end.loss);
};

/** The peer answers with these bytes, and that is no upgrade. */
function answer(
  id: string,
  does: string,
  bytes: string | Buffer,
  end: End,
  more: Partial<Case> = {},
): Case {
  return {
    id,
    does,
    play: answers((peer) => peer.write(bytes)),
    tells: dialling,
    end,
    memory: ends(end),
    ...more,
  };
}

const head = (...lines: readonly string[]): string => [...lines, "", ""].join(LINE);

/** What a real peer makes of the key that it was sent. */
function acceptOf(request: string): string {
  const key = /^sec-websocket-key: *(.+)\r$/im.exec(request)?.[1] ?? "";
  const hash = createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`);
  return hash.digest("base64");
}

const STATUSES = [
  200, 204, 301, 302, 304, 307, 400, 401, 403, 404, 407, 408, 410, 418, 421, 425, 426, 429, 451,
  500, 501, 502, 503, 504, 520, 521, 522, 524, 530, 999,
];

function status(code: number): Case {
  const location = [301, 302, 307].includes(code) ? REFUSED_PORT : undefined;
  const retryAfterMs = [429, 503].includes(code) ? 7_000 : undefined;
  const hasBody = ![204, 304].includes(code);
  const bytes = head(
    `HTTP/1.1 ${code} X`,
    ...(location === undefined ? [] : [`Location: ${location}`]),
    ...(retryAfterMs === undefined ? [] : ["Retry-After: 7"]),
    ...(code === 401 ? ["WWW-Authenticate: Bearer"] : []),
    ...(hasBody ? ["Content-Length: 2"] : []),
  );
  const end = answered(code, {
    ...(location === undefined ? {} : { location }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
  return answer(`E01.${code}`, `HTTP ${code}`, hasBody ? `${bytes}no` : bytes, end, {
    memory: (peer) => {
      dials(peer);
      peer.refuses(code, retryAfterMs, location);
    },
  });
}

const BUSY = `${head("HTTP/1.1 503 X", "Retry-After: 7", "Content-Length: 2")}no`;

/** The user's `unexpected-response` listener did something; ours does the one right thing. */
function busy(id: string, does: string): Case {
  return answer(id, does, BUSY, answered(503, { retryAfterMs: 7_000 }), {
    memory: (peer) => {
      dials(peer);
      peer.refuses(503, 7_000);
    },
    note: "That listener is the adapter's own: it takes status and Retry-After, and leaves at once.",
  });
}

/** The peer upgrades, with a header that we cannot accept. */
function negotiation(id: string, does: string, headers: string[], more: Partial<Case> = {}): Case {
  const end = lost("negotiation", "upgrade");
  return {
    id,
    does,
    play: answers((peer) => peer.upgrade(Buffer.alloc(0), headers)),
    tells: dialling,
    end,
    memory: ends(end),
    ...more,
  };
}

const parseError = (code: string): End => lost("not-websocket", "upgrade", code);
const handshakeCut = lost("handshake-cut", "upgrade", "ECONNRESET");

/** @param shown - The place as a loss shows it; undefined where it is none. */
function redirect(id: string, does: string, location: string, shown: string | undefined): Case {
  const bytes = head("HTTP/1.1 302 Found", `Location: ${location}`, "Content-Length: 0");
  return answer(id, does, bytes, answered(302, shown === undefined ? {} : { location: shown }), {
    refuses: { followRedirects: true },
    dial: { headers: { Authorization: "Bearer s3cret" } },
    memory: (peer) => {
      dials(peer);
      peer.refuses(302, undefined, location);
    },
    note: "Redirects are never followed: shown, so that nobody is sent our Authorization.",
  });
}

export const upgrading: readonly Case[] = [
  ...STATUSES.map(status),
  busy("E02", "503, and a listener that does nothing"),
  busy("E03", "503, and a listener that destroys the request"),
  busy("E04", "503, and a listener that terminates"),
  busy("E05", "503, and a listener that reads the body, then destroys the request"),
  {
    id: "E06",
    does: "503 and an endless body",
    play: async (stage) => {
      const peer = stage.connect();
      await peer.request;
      peer.write(head("HTTP/1.1 503 X", "Transfer-Encoding: identity"));
      while (!peer.socket.readableEnded) {
        peer.write("x".repeat(1_000));
        await turn();
      }
    },
    tells: dialling,
    end: answered(503),
    memory: (peer) => {
      dials(peer);
      peer.refuses(503);
    },
  },
  answer(
    "E07",
    "429 with a date in Retry-After",
    head("HTTP/1.1 429 X", "Retry-After: Fri, 31 Dec 2027 23:59:59 GMT", "Content-Length: 0"),
    answered(429, { retryAfterMs: 59_000 }),
    {
      dial: { clock: { ...realClock, nowMs: () => Date.UTC(2027, 11, 31, 23, 59) } },
      memory: (peer) => {
        dials(peer);
        peer.refuses(429, 59_000);
      },
    },
  ),
  {
    id: "E08",
    does: "100 Continue, then 101",
    play: answers((peer) => {
      peer.write(head("HTTP/1.1 100 Continue"));
      return peer.upgrade();
    }),
    tells: open,
    end: staysOpen,
    memory: opens,
  },
  {
    id: "E09",
    does: "103 Early Hints, then 101",
    play: answers((peer) => {
      peer.write(head("HTTP/1.1 103 Early Hints", "Link: </x>"));
      return peer.upgrade();
    }),
    tells: open,
    end: staysOpen,
    memory: opens,
  },
  answer(
    "E10",
    "101 with a wrong Sec-WebSocket-Accept",
    head(
      "HTTP/1.1 101 X",
      "Upgrade: websocket",
      "Connection: Upgrade",
      "Sec-WebSocket-Accept: AAAA",
    ),
    lost("not-websocket", "upgrade"),
  ),
  answer(
    "E11",
    "101 without Sec-WebSocket-Accept",
    head("HTTP/1.1 101 X", "Upgrade: websocket", "Connection: Upgrade"),
    lost("not-websocket", "upgrade"),
  ),
  answer("E12", "101 with Upgrade: h2c", "", lost("not-websocket", "upgrade"), {
    play: answers((peer, request) =>
      peer.answer(
        "HTTP/1.1 101 X",
        "Upgrade: h2c",
        "Connection: Upgrade",
        `Sec-WebSocket-Accept: ${acceptOf(request)}`,
      ),
    ),
  }),
  answer("E13", "101 without Upgrade", "", answered(101), {
    play: answers((peer, request) =>
      peer.answer(
        "HTTP/1.1 101 X",
        "Connection: Upgrade",
        `Sec-WebSocket-Accept: ${acceptOf(request)}`,
      ),
    ),
    memory: (peer) => {
      dials(peer);
      peer.refuses(101);
    },
  }),
  answer("E14", "101 without Connection", "", answered(101), {
    play: answers((peer, request) =>
      peer.answer(
        "HTTP/1.1 101 X",
        "Upgrade: websocket",
        `Sec-WebSocket-Accept: ${acceptOf(request)}`,
      ),
    ),
    memory: (peer) => {
      dials(peer);
      peer.refuses(101);
    },
  }),
  negotiation("E15", "101 with a subprotocol that nobody asked for", ["Sec-WebSocket-Protocol: x"]),
  negotiation("E16", "101 with another subprotocol than asked", ["Sec-WebSocket-Protocol: x"], {
    dial: { protocols: ["v1"] },
  }),
  negotiation("E17", "101 with none of the subprotocols asked", [], {
    dial: { protocols: ["v1"] },
  }),
  negotiation("E18", "101 with an extension not offered", ["Sec-WebSocket-Extensions: foo"], {
    options: { perMessageDeflate: true },
  }),
  negotiation(
    "E19",
    "101 with a bad parameter of an extension",
    ["Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=99"],
    { options: { perMessageDeflate: true } },
  ),
  negotiation("E20", "101 with compression though it is off", [
    "Sec-WebSocket-Extensions: permessage-deflate",
  ]),
  {
    id: "E21",
    does: "101 and a message in one packet",
    play: async (stage) => {
      await stage.open(text("first"));
      await stage.client.until("text first");
    },
    tells: [...open, "text first"],
    end: staysOpen,
    memory: (peer) => {
      opens(peer);
      peer.receives("first");
    },
  },
  answer("E22", "half of a 101, then FIN", "", handshakeCut, {
    play: answers((peer) => peer.socket.end("HTTP/1.1 101 Switching Pro")),
    memory: (peer) => {
      dials(peer);
      peer.drops();
    },
  }),
  answer("E23", "half of a 101, then silence", "HTTP/1.1 101 Switching Pro", deadline("upgrade"), {
    refuses: { handshakeTimeout: 200 },
  }),
  answer("E24", "half of a 101, then RST", "", handshakeCut, {
    play: answers((peer) => {
      peer.write("HTTP/1.1 101 Switching Pro");
      peer.reset();
    }),
    memory: (peer) => {
      dials(peer);
      peer.drops("ECONNRESET");
    },
  }),
  answer("E25", "another protocol", "SSH-2.0-OpenSSH_9.2\r\n", parseError("HPE_INVALID_CONSTANT")),
  answer(
    "E26",
    "binary garbage",
    Buffer.from([0, 255, 16, 3, 1]),
    parseError("HPE_INVALID_CONSTANT"),
  ),
  answer(
    "E27",
    "a SETTINGS frame of HTTP/2",
    Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]),
    parseError("HPE_INVALID_CONSTANT"),
  ),
  answer(
    "E28",
    "headers over 16 KiB",
    head("HTTP/1.1 101 X", `X-Big: ${"a".repeat(20_000)}`),
    parseError("HPE_HEADER_OVERFLOW"),
  ),
  answer("E29", "HTTP/1.0 200", "", answered(200), {
    play: answers((peer) => peer.socket.end(`${head("HTTP/1.0 200 OK")}hello`)),
    memory: (peer) => {
      dials(peer);
      peer.refuses(200);
    },
  }),
  answer(
    "E30",
    "both Content-Length and chunked",
    `${head("HTTP/1.1 200 OK", "Content-Length: 5", "Transfer-Encoding: chunked")}0\r\n\r\n`,
    parseError("HPE_INVALID_TRANSFER_ENCODING"),
  ),
  answer("E31", "an answer of two empty lines", "\r\n\r\n", deadline("upgrade")),
  {
    id: "E32",
    does: "101, then FIN at once",
    play: answers(async (peer) => {
      await peer.upgrade();
      peer.end();
    }),
    tells: open,
    end: dropped(),
    memory: (peer) => {
      opens(peer);
      peer.drops();
    },
  },
  {
    id: "E33",
    does: "101, then RST at once",
    play: answers(async (peer) => {
      await peer.upgrade();
      peer.reset();
    }),
    tells: open,
    end: dropped("ECONNRESET"),
    memory: (peer) => {
      opens(peer);
      peer.drops("ECONNRESET");
    },
  },
  {
    id: "E34",
    does: "101 and close 1013 in one packet",
    play: async (stage) => {
      const peer = await stage.open(close(1013, "later"));
      await peer.nextFrame();
      peer.end();
    },
    tells: open,
    end: closedByPeer(1013, "later"),
    memory: (peer) => {
      opens(peer);
      peer.closes(1013, "later");
    },
  },
  redirect("E40", "a relative redirect", "/there", "ws://feed.test/there"),
  redirect("E41", "a redirect that loops", "/again", "ws://feed.test/again"),
  redirect(
    "E42",
    "a redirect to http: on the same host",
    "http://feed.test/x",
    "http://feed.test/x",
  ),
  redirect("E43", "a redirect to file:", "file:///etc/passwd", "file:///etc/passwd"),
  redirect("E44", "a redirect to what is no URL", "http://[oops", undefined),
  redirect("E45", "a redirect to another host", "ws://localhost/x", "ws://localhost/x"),
  redirect(
    "E46",
    "a redirect to another host, and a listener to redirects",
    "ws://localhost/x",
    "ws://localhost/x",
  ),
  redirect("E47", "a redirect to a port where nobody listens", REFUSED_PORT, REFUSED_PORT),
  redirect(
    "E48",
    "a redirect to a unix socket",
    "ws+unix:/tmp/none.sock:/",
    "ws+unix:///tmp/none.sock:/",
  ),
  redirect("E49", "a redirect to another port of the same host", REFUSED_PORT, REFUSED_PORT),
];
