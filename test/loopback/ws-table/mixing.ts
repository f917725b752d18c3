/** J: more, and what is about the whole process. */
import { Agent } from "node:http";
import { close, frame, OPCODE, text } from "../raw-peer.ts";
import { throwsWithinTheFirst, thrownBy } from "./acting.ts";
import {
  answered,
  broken,
  type Case,
  closedByPeer,
  dialling,
  dials,
  dropped,
  invisible,
  lost,
  open,
  opens,
  refused,
  requested,
  staysOpen,
  tooBig,
} from "./case.ts";
import { deflate } from "./framing.ts";
import { flooded, pings } from "./pinging.ts";
import { runProgram } from "./process.ts";

const BAD_FRAME = text("x", { rsv: 2 });
const BAD_CODE = "WS_ERR_UNEXPECTED_RSV_2_3";
const HUGE = frame(OPCODE.binary, "\u0001", { length: 200_000_000 });

/** A bad frame, and whatever follows it: it is over at once. */
function afterBadFrame(id: string, does: string, ...more: readonly Buffer[]): Case {
  return {
    id,
    does,
    play: async (stage) => {
      const peer = await stage.open();
      peer.write(BAD_FRAME);
      for (const bytes of more) peer.write(bytes);
    },
    tells: open,
    end: broken(BAD_CODE),
    memory: (peer) => {
      opens(peer);
      peer.breaksFraming(BAD_CODE);
      if (more.length > 0) peer.receives("good");
    },
  };
}

/** A refusal whose body never comes to its end. */
function stalledBody(id: string, does: string): Case {
  return {
    id,
    does,
    play: async (stage) => {
      const peer = stage.connect();
      await peer.request;
      peer.write("HTTP/1.1 503 X\r\nContent-Length: 100\r\n\r\nab");
    },
    tells: dialling,
    end: answered(503),
    memory: (peer) => {
      dials(peer);
      peer.refuses(503);
    },
  };
}

/** A frame that says it has 200 MB. */
function huge(id: string, does: string, options: NonNullable<Case["options"]>): Case {
  return {
    id,
    does,
    options,
    play: async (stage) => {
      const peer = await stage.open();
      peer.write(HUGE);
    },
    tells: open,
    end: tooBig(),
    memory: (peer) => {
      opens(peer);
      peer.breaksFraming("WS_ERR_UNSUPPORTED_MESSAGE_LENGTH");
    },
  };
}

/** A process of its own: it must survive, say nothing on stderr and end by itself. */
function inProcess(row: Omit<Case, "play" | "memory">, limits = ""): Case {
  return {
    ...row,
    play: async ({ client }) => {
      client.heard.push(...(await runProgram(row.id, limits)));
    },
    memory: invisible.process,
  };
}

const OFFERED = ["Sec-WebSocket-Extensions: permessage-deflate"];
const compressed = (bytes: Buffer, opcode: number = OPCODE.text): Buffer =>
  frame(opcode, bytes, { rsv: 4 });

export const mixing: readonly Case[] = [
  {
    id: "J01",
    does: "throws within a message; the peer goes on, pings and closes",
    owner: { message: throwsWithinTheFirst },
    play: async (stage) => {
      const peer = await stage.open();
      peer.write(text("1"), text("2"));
      peer.write(text("3"));
      peer.write(frame(OPCODE.ping, "hb"));
      peer.write(close(1000));
      await stage.client.until("pinged");
      peer.end();
    },
    tells: [...open, "text 1", "text 2", "text 3", "pinged"],
    end: closedByPeer(1000),
    memory: (peer) => {
      opens(peer);
      thrownBy(() => peer.receives("1", "2"));
      peer.receives("3");
      peer.receivesPing("hb");
      peer.closes(1000);
    },
  },
  {
    id: "J02",
    does: "aborts while connecting",
    refuses: { signal: AbortSignal.abort() },
    play: async (stage) => {
      await (
        await stage.connectOverTcp()
      ).request;
      stage.client.terminates();
    },
    tells: [...dialling, "(terminates)"],
    end: requested,
    memory: (peer, client) => {
      dials(peer);
      client.terminates();
    },
    note: "The signal is the supervisor's; a transport is terminated.",
  },
  {
    id: "J03",
    does: "aborts when open",
    refuses: { signal: AbortSignal.abort() },
    play: async (stage) => {
      await stage.open();
    },
    tells: open,
    end: staysOpen,
    memory: opens,
    note: "As J02: ws would not hear it any more, so it is not offered.",
  },
  {
    id: "J04",
    does: "close() within the upgrade",
    owner: {
      progressed: (client, phase) => {
        if (phase === "upgrade") client.closes();
      },
    },
    play: async (stage) => {
      stage.connect();
      await stage.client.until("(closes)");
    },
    tells: [...dialling, "(closes)"],
    end: requested,
    memory: opens,
    note: "There is no event between request and open; the request itself is the nearest.",
  },
  {
    id: "J05",
    does: "terminate() within opened",
    owner: { opened: (client) => client.terminates() },
    play: async (stage) => {
      await stage.connect().upgrade();
    },
    tells: [...open, "(terminates)"],
    end: requested,
    memory: opens,
  },
  {
    id: "J06",
    does: "101 and messages in one packet, terminate() within opened",
    owner: { opened: (client) => client.terminates() },
    play: async (stage) => {
      await stage.connect().upgrade(Buffer.concat([text("first"), text("second")]));
    },
    tells: [...open, "(terminates)"],
    end: requested,
    memory: (peer) => {
      opens(peer);
      peer.receives("first", "second");
    },
    note: "ws delivers both messages; the adapter is deaf by then.",
  },
  {
    id: "J07",
    does: "101 and a message in one packet, to a listener that comes late",
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
    note: "A sink is there before anything can happen.",
  },
  {
    id: "J08",
    does: "61 pings in one packet",
    play: async (stage) => {
      const peer = await stage.open();
      peer.write(...pings(61));
    },
    tells: [...open, "pinged ×60"],
    end: flooded,
    memory: (peer) => {
      opens(peer);
      for (let i = 0; i < 60; i += 1) peer.receivesPing();
      peer.ends({ class: "abusive-peer", phase: "open" });
    },
    note: "To ws a bare 1006; the adapter knows why.",
  },
  manyPings("J09", "60 pings in one packet", 60),
  {
    ...manyPings("J10", "61 pings in one packet, with maxPendingAutoPongs: 0", 61),
    refuses: { maxPendingAutoPongs: 0 },
    options: { maxPendingAutoPongs: 61 },
    note: "No limit is refused; a higher one is not.",
  },
  {
    ...afterBadFrame("J11", "a bad frame, and terminate() within ended"),
    owner: { ended: (client) => client.terminates() },
    afterwards: ["(terminates)"],
  },
  {
    ...afterBadFrame("J12", "a bad frame, with closeTimeout: undefined"),
    options: { closeTimeout: undefined },
  },
  {
    id: "J13",
    does: "messages and a bad frame in one packet",
    play: async (stage) => {
      const peer = await stage.open();
      peer.write(text("a"), text("b"), BAD_FRAME, text("after"));
    },
    tells: [...open, "text a", "text b"],
    end: broken(BAD_CODE),
    memory: (peer) => {
      opens(peer);
      peer.receives("a", "b");
      peer.breaksFraming(BAD_CODE);
      peer.receives("after");
    },
  },
  {
    id: "J14",
    does: "FIN from a peer that reads on, then send()",
    play: async (stage) => {
      const peer = await stage.openOverTcp();
      peer.end();
      await stage.client.loss();
      stage.client.sends("x");
    },
    tells: open,
    end: dropped(),
    afterwards: ["not sent"],
    memory: (peer, client) => {
      opens(peer);
      peer.drops();
      client.sends("x");
    },
  },
  {
    id: "J15",
    does: "a frame in packets of one byte, with maxBufferedChunks: 50",
    options: { maxBufferedChunks: 50 },
    play: async (stage) => {
      const peer = await stage.open();
      peer.write(frame(OPCODE.binary, "", { length: 1_000_000 }));
      for (let i = 0; i < 60; i += 1) peer.write(Buffer.from([1]));
    },
    tells: open,
    end: tooBig("WS_ERR_TOO_MANY_BUFFERED_PARTS"),
    memory: (peer) => {
      opens(peer);
      peer.breaksFraming("WS_ERR_TOO_MANY_BUFFERED_PARTS");
    },
  },
  {
    id: "J16",
    does: "a slow chain of redirects, with a handshakeTimeout",
    refuses: { followRedirects: true, handshakeTimeout: 200 },
    play: async (stage) => {
      const peer = stage.connect();
      await peer.answer("HTTP/1.1 302 F", "Location: /n", "Content-Length: 0");
    },
    tells: dialling,
    end: answered(302, { location: "ws://feed.test/n" }),
    memory: (peer) => {
      dials(peer);
      peer.refuses(302, undefined, "/n");
    },
    note: "Over at the first: none is followed.",
  },
  stalledBody("J17", "503, and a body that stalls"),
  {
    ...stalledBody(
      "J18",
      "the same, with a listener that waits for the body and a handshakeTimeout",
    ),
    refuses: { handshakeTimeout: 200 },
    note: "That listener is the adapter's own, and waits for nothing.",
  },
  {
    id: "J19",
    does: "goes through an agent that keeps connections",
    play: async (stage) => {
      const agent = new Agent({ keepAlive: true });
      stage.defer(() => agent.destroy());
      const listener = await stage.listen();
      stage.dial(listener.url(), { agent });
      await (await listener.next()).upgrade();
      await stage.client.until("opened");
    },
    tells: open,
    end: staysOpen,
    memory: invisible.options,
  },
  {
    id: "J20",
    does: "three messages that inflate to just under maxPayload",
    options: { perMessageDeflate: true, maxPayload: 1_000_000 },
    play: async (stage) => {
      const peer = await stage.open(Buffer.alloc(0), OFFERED);
      const each = compressed(deflate(Buffer.alloc(900_000)), OPCODE.binary);
      peer.write(each, each, each);
      await stage.client.until("binary 900000 bytes", 3);
    },
    tells: [...open, "binary 900000 bytes", "binary 900000 bytes", "binary 900000 bytes"],
    end: staysOpen,
    memory: (peer) => {
      opens(peer);
      const each = Buffer.alloc(900_000);
      peer.receives(each, each, each);
    },
  },
  {
    id: "J21",
    does: "a compressed message that is cut, then a whole one",
    options: { perMessageDeflate: true },
    play: async (stage) => {
      const peer = await stage.open(Buffer.alloc(0), OFFERED);
      peer.write(compressed(deflate("abcabcabcabcabcabc-first-message").subarray(0, -4)));
      peer.write(compressed(deflate("second-message")));
    },
    tells: [...open, "text 30 characters"],
    end: broken("Z_DATA_ERROR"),
    memory: (peer) => {
      opens(peer);
      peer.receives("abcabcabcabcabcabc-first-messa");
      peer.breaksFraming("Z_DATA_ERROR");
    },
  },
  inProcess({
    id: "J22",
    does: "nobody listens, and nobody listens to errors",
    tells: ["tcp"],
    end: lost("unreachable", "tcp", "ECONNREFUSED"),
    note: "The adapter always listens: the process lives.",
  }),
  inProcess({
    id: "J23",
    does: "terminate() while connecting, without listeners",
    tells: [...dialling, "(terminates)"],
    end: requested,
    note: "The adapter leaves one listener behind: the process lives.",
  }),
  inProcess(
    {
      id: "J24",
      does: "no file descriptors are left",
      tells: ["tcp"],
      end: lost("local-resource", "tcp", "EMFILE"),
    },
    "ulimit -n 40; ",
  ),
  inProcess({
    id: "J25",
    does: "a lookup answers with an empty list",
    tells: ["dns"],
    end: lost("dns-not-found", "dns", "ENOTFOUND"),
    note: "The adapter's own lookup stands between: the process lives.",
  }),
  {
    ...huge("J26", "a frame of 200 MB, with maxPayload: undefined", { maxPayload: undefined }),
    note: "No limit to ws; to the adapter the default.",
  },
  huge("J27", "a frame of 200 MB", {}),
  {
    id: "J28",
    does: "maxPayload: Infinity",
    refuses: { maxPayload: Infinity },
    tells: [],
    end: refused,
    memory: invisible.options,
  },
  afterBadFrame("J29", "two bad frames", BAD_FRAME),
  afterBadFrame("J30", "a bad frame, then a good message", text("good")),
];

function manyPings(id: string, does: string, count: number): Case {
  return {
    id,
    does,
    play: async (stage) => {
      const peer = await stage.open();
      peer.write(...pings(count));
      await stage.client.until(`pinged ×${count}`);
    },
    tells: [...open, `pinged ×${count}`],
    end: staysOpen,
    memory: (peer) => {
      opens(peer);
      for (let i = 0; i < count; i += 1) peer.receivesPing();
    },
  };
}
