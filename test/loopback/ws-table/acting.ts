/** I: what the owner does. */
import type { MemorySocket } from "../../../src/testing/memory-transport.ts";
import { close, frame, OPCODE, text, type RawConnection } from "../raw-peer.ts";
import {
  type Case,
  closedByPeer,
  dialling,
  dials,
  dropped,
  type End,
  open,
  opens,
  requested,
  staysOpen,
} from "./case.ts";
import type { Client } from "./client.ts";
import type { Stage } from "./stage.ts";

/** For a peer that never ends TCP: the adapter waits no longer than this for it. */
const IMPATIENT = { closeTimeout: 20 } as const;

const FIVE = ["1", "2", "3", "4", "5"];
const MEGABYTES = Buffer.alloc(4_000_000);

/** The owner ends a socket whose peer has the request and has not answered. */
function beforeOpen(id: string, does: string, ends: (client: Client) => void): Case {
  return {
    id,
    does,
    play: async (stage) => {
      await (
        await stage.connectOverTcp()
      ).request;
      ends(stage.client);
    },
    tells: [...dialling, "(closes)"],
    end: requested,
    memory: (peer, client) => {
      dials(peer);
      ends(client);
    },
  };
}

/** The socket opens, then both sides play. */
function live(
  id: string,
  does: string,
  play: (peer: RawConnection, client: Client, stage: Stage) => unknown,
  told: readonly string[],
  end: End,
  memory: (peer: MemorySocket, client: Client) => void,
  more: Partial<Case> = {},
): Case {
  return {
    id,
    does,
    play: async (stage) => {
      const peer = await stage.open();
      await play(peer, stage.client, stage);
    },
    tells: [...open, ...told],
    end,
    memory: (peer, client) => {
      opens(peer);
      memory(peer, client);
    },
    ...more,
  };
}

/** The peer reads the client's close frame, answers it with these bytes and ends TCP. */
async function answersClose(peer: RawConnection, ...answer: readonly Buffer[]): Promise<void> {
  await peer.nextFrame();
  peer.write(...answer);
  peer.end();
}

/** Five messages in one packet; the owner acts within the first. */
function withinTheFirst(
  id: string,
  does: string,
  acts: (client: Client) => void,
  told: readonly string[],
  end: End,
  more: Partial<Case> = {},
): Case {
  return live(
    id,
    does,
    (peer) => peer.write(...FIVE.map((each) => text(each))),
    told,
    end,
    (peer) => {
      peer.receives(...FIVE);
      if (end.kind === "told") peer.drops();
    },
    {
      owner: {
        message: (client, what) => {
          if (what === "1") acts(client);
        },
      },
      ...more,
    },
  );
}

/** The owner closes with what no close frame can carry: something near it goes out. */
function closesOddly(id: string, does: string, code: unknown, reason?: string): Case {
  return live(
    id,
    does,
    async (peer, client) => {
      client.closes(code as number, reason);
      await answersClose(peer, close(1000));
    },
    ["(closes)"],
    closedByPeer(1000, undefined, "closing"),
    (peer, client) => {
      client.closes(code as number, reason);
      peer.closes(peer.closedWith?.code);
    },
    {
      note: "ws throws a TypeError or RangeError; the adapter sends 1000 and what fits of the reason.",
    },
  );
}

/** The owner pauses; the peer plays; then what the pause held back is read, or not. */
function paused(
  id: string,
  does: string,
  play: (peer: RawConnection, client: Client, stage: Stage) => unknown,
  told: readonly string[],
  end: End,
  memory: (peer: MemorySocket, client: Client) => void,
  more: Partial<Case> = {},
): Case {
  return live(
    id,
    does,
    async (peer, client, stage) => {
      client.pauses();
      await play(peer, client, stage);
    },
    ["(pauses)", ...told],
    end,
    (peer, client) => {
      client.pauses();
      memory(peer, client);
    },
    more,
  );
}

export const acting: readonly Case[] = [
  beforeOpen("I01", "close() before the answer", (client) => client.closes()),
  {
    ...beforeOpen("I02", "terminate() before the answer", (client) => client.terminates()),
    tells: [...dialling, "(terminates)"],
  },
  {
    id: "I03",
    does: "close() while a name is looked up",
    play: async (stage) => {
      const answer = await new Promise<() => void>((resolve) => {
        stage.dial("ws://feed.test:9/", {
          lookup: (_hostname, _options, callback) => {
            resolve(() => callback(null, [{ address: "127.0.0.1", family: 4 }]));
          },
        });
      });
      stage.client.closes();
      answer();
    },
    tells: ["dns", "(closes)"],
    end: requested,
    memory: (peer, client) => {
      peer.progresses("dns");
      client.closes();
    },
  },
  {
    id: "I04",
    does: "close() at once",
    play: async (stage) => {
      const listener = await stage.listen();
      stage.dial(listener.url());
      stage.client.closes();
    },
    tells: ["tcp", "(closes)"],
    end: requested,
    memory: (peer, client) => {
      peer.progresses("tcp");
      client.closes();
    },
  },
  {
    id: "I05",
    does: "close() in the TLS handshake",
    play: async (stage) => {
      const listener = await stage.listen();
      stage.dial(listener.url("127.0.0.1", "wss"));
      const peer = await listener.next();
      await new Promise((resolve) => peer.socket.once("data", resolve));
      stage.client.closes();
    },
    tells: ["tcp", "tls", "(closes)"],
    end: requested,
    memory: (peer, client) => {
      peer.progresses("tcp");
      peer.progresses("tls");
      client.closes();
    },
  },
  {
    ...beforeOpen("I06", "close() before the answer, which then comes", (client) =>
      client.closes(),
    ),
    play: async (stage) => {
      const peer = await stage.connectOverTcp();
      await peer.request;
      stage.client.closes();
      await peer.upgrade();
    },
    memory: (peer, client) => {
      dials(peer);
      client.closes();
      peer.opens();
    },
  },
  {
    ...beforeOpen("I07", "close(), then terminate(), before the answer", (client) => {
      client.closes();
      client.terminates();
    }),
    tells: [...dialling, "(closes)", "(terminates)"],
  },
  {
    id: "I08",
    does: "send() and ping() before the socket is open",
    play: (stage) => {
      stage.connect();
      stage.client.sends("x");
      stage.client.socket.ping();
      stage.client.terminates();
    },
    tells: ["tcp", "not sent", "(terminates)"],
    end: requested,
    memory: (peer, client) => {
      peer.progresses("tcp");
      client.sends("x");
      client.socket.ping();
      client.terminates();
    },
  },
  live(
    "I10",
    "close(1000), and the peer answers nothing",
    (_, client) => client.closes(1000, "done"),
    ["(closes)"],
    dropped(undefined, "closing"),
    (peer, client) => {
      client.closes(1000, "done");
      peer.drops();
    },
    { options: IMPATIENT },
  ),
  live(
    "I11",
    "close(1000), and the peer answers the same",
    async (peer, client) => {
      client.closes(1000, "done");
      await answersClose(peer, close(1000));
    },
    ["(closes)"],
    closedByPeer(1000, undefined, "closing"),
    (peer, client) => {
      client.closes(1000, "done");
      peer.closes(1000);
    },
  ),
  live(
    "I12",
    "close(1000), and the peer answers another code",
    async (peer, client) => {
      client.closes();
      await answersClose(peer, close(4001, "own"));
    },
    ["(closes)"],
    closedByPeer(4001, "own", "closing"),
    (peer, client) => {
      client.closes();
      peer.closes(4001, "own");
    },
  ),
  live(
    "I13",
    "close(4000), and the peer ends TCP without a close frame",
    async (peer, client) => {
      client.closes(4000);
      await answersClose(peer);
    },
    ["(closes)"],
    dropped(undefined, "closing"),
    (peer, client) => {
      client.closes(4000);
      peer.drops();
    },
  ),
  live(
    "I14",
    "close(), and the peer sends three more messages first",
    async (peer, client) => {
      client.closes();
      await answersClose(peer, text("m1"), text("m2"), text("m3"), close(1000));
    },
    ["(closes)", "text m1", "text m2", "text m3"],
    closedByPeer(1000, undefined, "closing"),
    (peer, client) => {
      client.closes();
      peer.receives("m1", "m2", "m3");
      peer.answersClose();
    },
  ),
  live(
    "I15",
    "terminate()",
    (_, client) => client.terminates(),
    ["(terminates)"],
    requested,
    (_, client) => client.terminates(),
  ),
  withinTheFirst(
    "I16",
    "terminate() within the first of five messages",
    (client) => client.terminates(),
    ["text 1", "(terminates)"],
    requested,
    { note: "ws delivers the other four; the adapter is deaf by then." },
  ),
  withinTheFirst(
    "I17",
    "close() within the first of five messages",
    (client) => client.closes(),
    ["text 1", "(closes)", "text 2", "text 3", "text 4", "text 5"],
    dropped(undefined, "closing"),
    { options: IMPATIENT },
  ),
  withinTheFirst(
    "I18",
    "pause() within the first of five messages",
    (client) => client.pauses(),
    ["text 1", "(pauses)", "text 2", "text 3", "text 4", "text 5"],
    staysOpen,
  ),
  withinTheFirst(
    "I19",
    "as I16, with allowSynchronousEvents: false",
    (client) => client.terminates(),
    ["text 1", "(terminates)"],
    requested,
    { refuses: { allowSynchronousEvents: false } },
  ),
  withinTheFirst(
    "I20",
    "as I18, with allowSynchronousEvents: false",
    (client) => client.pauses(),
    ["text 1", "(pauses)", "text 2", "text 3", "text 4", "text 5"],
    staysOpen,
    { refuses: { allowSynchronousEvents: false } },
  ),
  closesOddly("I21", "close(1005)", 1005),
  closesOddly("I22", "close(1006)", 1006),
  closesOddly("I23", "close(999)", 999),
  closesOddly("I24", "close(5000)", 5000),
  closesOddly("I25", "close() with a reason of 124 bytes", 1000, "x".repeat(124)),
  closesOddly("I26", 'close("1000")', "1000"),
  closesOddly("I27", "close(1004)", 1004),
  closesOddly("I28", "close(1015)", 1015),
  live(
    "I30",
    "send() after close()",
    (_, client) => {
      client.closes();
      client.sends("a");
      client.sends("b");
    },
    ["(closes)", "not sent", "not sent"],
    dropped(undefined, "closing"),
    (peer, client) => {
      client.closes();
      client.sends("a");
      client.sends("b");
      peer.drops();
    },
    { options: IMPATIENT },
  ),
  {
    ...live(
      "I31",
      "send() of what is neither text nor bytes",
      async (_, client) => {
        for (const each of [undefined, {}, Symbol("s"), 5, null]) client.sends(each as string);
        await client.until("sent", 3);
        client.terminates();
      },
      ["not sent", "not sent", "sent", "sent", "sent", "(terminates)"],
      requested,
      () => {},
      {
        note:
          "The supervisor refuses them with an OptionError. The adapter never throws, and each has its " +
          "one answer: ws makes frames of undefined, 5 and null.",
      },
    ),
    memory: "it does not frame what it is sent; the types allow text and bytes alone",
  },
  live(
    "I32",
    "sends to a peer that does not read, then RST",
    async (peer, client) => {
      peer.socket.pause();
      for (let i = 0; i < 3; i += 1) client.sends(MEGABYTES);
      await client.until("sent");
      peer.reset();
    },
    ["sent", "not sent", "not sent"],
    dropped("ECONNRESET"),
    (peer, client) => {
      client.sends(MEGABYTES);
      peer.holdsSends = true;
      client.sends(MEGABYTES);
      client.sends(MEGABYTES);
      peer.drops("ECONNRESET");
    },
  ),
  live(
    "I33",
    "terminate() with sends that wait",
    async (peer, client) => {
      peer.socket.pause();
      for (let i = 0; i < 3; i += 1) client.sends(MEGABYTES);
      await client.until("sent");
      client.terminates();
      await client.until("not sent", 2);
    },
    ["sent", "(terminates)", "not sent", "not sent"],
    requested,
    (peer, client) => {
      client.sends(MEGABYTES);
      peer.holdsSends = true;
      client.sends(MEGABYTES);
      client.sends(MEGABYTES);
      client.terminates();
    },
  ),
  live(
    "I34",
    "throws within a message",
    async (peer, client) => {
      peer.write(text("1"), text("2"));
      await client.until("text 2");
    },
    ["text 1", "text 2"],
    staysOpen,
    (peer) => thrownBy(() => peer.receives("1", "2")),
    { owner: { message: throwsWithinTheFirst }, note: "It wedges ws; the adapter catches it." },
  ),
  live(
    "I35",
    "close() twice, then both when it is over",
    async (peer, client) => {
      client.closes();
      client.closes();
      await answersClose(peer, close(1000));
      await client.loss();
      client.closes();
      client.terminates();
    },
    ["(closes)", "(closes)"],
    closedByPeer(1000, undefined, "closing"),
    (peer, client) => {
      client.closes();
      client.closes();
      peer.answersClose();
      client.closes();
      client.terminates();
    },
    { afterwards: ["(closes)", "(terminates)"] },
  ),
  paused(
    "I36",
    "pause(), then FIN",
    (peer) => peer.end(),
    [],
    dropped(),
    (peer) => peer.drops(),
  ),
  paused(
    "I37",
    "pause(), then messages and FIN",
    async (peer, client, stage) => {
      peer.write(text("a"));
      peer.write(text("b"));
      peer.end();
      await stage.staysOpen();
      client.resumes();
    },
    ["(resumes)", "text a", "text b"],
    dropped(),
    (peer, client) => {
      peer.receives("a");
      peer.receives("b");
      peer.drops();
      client.resumes();
    },
    { note: "Nothing is told before resume()." },
  ),
  paused(
    "I38",
    "pause(), then RST",
    (peer) => peer.reset(),
    [],
    dropped("ECONNRESET"),
    (peer) => peer.drops("ECONNRESET"),
  ),
  paused(
    "I39",
    "pause(), then a message and RST",
    (peer) => {
      peer.write(text("a"));
      peer.reset();
    },
    ["text a"],
    dropped("ECONNRESET"),
    (peer) => {
      peer.receives("a");
      peer.drops("ECONNRESET");
    },
  ),
  paused(
    "I40",
    "pause(), then a ping",
    async (peer, client, stage) => {
      peer.write(frame(OPCODE.ping, "hb"));
      await stage.staysOpen();
      client.resumes();
      await client.until("pinged");
    },
    ["(resumes)", "pinged"],
    staysOpen,
    (peer, client) => {
      peer.receivesPing("hb");
      client.resumes();
    },
    { note: "Neither told nor answered before resume()." },
  ),
  paused(
    "I41",
    "pause(), then a close frame",
    async (peer, client, stage) => {
      peer.write(close(1001, "bye"));
      await stage.staysOpen();
      client.resumes();
      await peer.nextFrame();
      peer.end();
    },
    ["(resumes)"],
    closedByPeer(1001, "bye"),
    (peer, client) => {
      peer.closes(1001, "bye");
      client.resumes();
    },
    { note: "Not told before resume()." },
  ),
  paused(
    "I42",
    "pause(), then close(), which the peer answers",
    async (peer, client) => {
      client.closes();
      await answersClose(peer, close(1000));
    },
    ["(closes)"],
    closedByPeer(1000, undefined, "closing"),
    (peer, client) => {
      client.closes();
      peer.answersClose();
      peer.drops("ECONNABORTED"); // closeTimeout has passed: our own end of TCP
    },
    { options: IMPATIENT, note: "The answer is read when closeTimeout ends TCP." },
  ),
  paused(
    "I43",
    "pause(), then messages, then terminate()",
    async (peer, client, stage) => {
      peer.write(text("a"), text("b"));
      await stage.staysOpen();
      client.terminates();
    },
    ["(terminates)"],
    requested,
    (peer, client) => {
      peer.receives("a", "b");
      client.terminates();
    },
    { note: "ws flushes both messages; the adapter is deaf by then." },
  ),
  paused(
    "I44",
    "pause(), then messages, then resume()",
    async (peer, client, stage) => {
      peer.write(text("a"), text("b"));
      await stage.staysOpen();
      client.resumes();
      await client.until("text b");
    },
    ["(resumes)", "text a", "text b"],
    staysOpen,
    (peer, client) => {
      peer.receives("a", "b");
      client.resumes();
    },
  ),
];

/** The owner's bug: what a sink promises not to do. */
export function throwsWithinTheFirst(_: Client, what: string): void {
  if (what === "1") throw new Error("owner's bug");
}

/** The in-memory transport throws it on to the test, when the chunk is done. */
export function thrownBy(act: () => void): void {
  try {
    act();
  } catch {
    return;
  }
  throw new Error("nothing was thrown");
}
