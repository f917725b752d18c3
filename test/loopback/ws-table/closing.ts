/** H: close frames of the peer. */
import { close, frame, OPCODE, text } from "../raw-peer.ts";
import { broken, type Case, closedByPeer, type End, lost, open, opens } from "./case.ts";

/** The peer sends these bytes, reads our answer and ends TCP. */
function closes(
  id: string,
  does: string,
  bytes: readonly Buffer[],
  end: End,
  memory: Extract<Case["memory"], (...args: never) => unknown>,
  told: readonly string[] = [],
): Case {
  return {
    id,
    does,
    play: async (stage) => {
      const peer = await stage.open();
      peer.write(...bytes);
      await peer.nextFrame();
      peer.end();
    },
    tells: [...open, ...told],
    end,
    memory: (peer, client) => {
      opens(peer);
      memory(peer, client);
    },
  };
}

const GOOD = [
  1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4408,
  4999,
];
const BAD = [0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65535];

function good(code: number): Case {
  const reason = code === 1000 ? "bye" : undefined;
  return closes(
    `H01.${code}`,
    `close ${code}`,
    [close(code, reason)],
    closedByPeer(code, reason),
    (peer) => peer.closes(code, reason),
  );
}

function bad(code: number): Case {
  return closes(
    `H01.${code}`,
    `close ${code}, which no frame may carry`,
    [close(code)],
    broken("WS_ERR_INVALID_CLOSE_CODE"),
    (peer) => peer.closes(code),
  );
}

const LONG = "r".repeat(123);

export const closing: readonly Case[] = [
  ...GOOD.map(good),
  ...BAD.map(bad),
  closes("H02", "a close without a code", [close()], lost("ended-without-code", "open"), (peer) =>
    peer.closes(),
  ),
  closes(
    "H03",
    "a close with one byte",
    [frame(OPCODE.close, "\u0003")],
    broken("WS_ERR_INVALID_CONTROL_PAYLOAD_LENGTH"),
    (peer) => peer.breaksFraming("WS_ERR_INVALID_CONTROL_PAYLOAD_LENGTH"),
  ),
  closes(
    "H04",
    "a close with a reason that is not UTF-8",
    [frame(OPCODE.close, Buffer.from([3, 232, 0xc3, 0x28]))],
    broken("WS_ERR_INVALID_UTF8"),
    (peer) => peer.breaksFraming("WS_ERR_INVALID_UTF8"),
  ),
  closes(
    "H05",
    "close 4000 with the longest reason",
    [close(4000, LONG)],
    closedByPeer(4000, LONG),
    (peer) => peer.closes(4000, LONG),
  ),
  {
    ...closes("H06", "close 1000, and never ends TCP", [], closedByPeer(1000), (peer) =>
      peer.closes(1000),
    ),
    options: { closeTimeout: 20 },
    play: async (stage) => {
      const peer = await stage.open();
      peer.write(close(1000));
    },
  },
  closes(
    "H07",
    "a message after a close",
    [close(1000), text("late")],
    closedByPeer(1000),
    (peer) => {
      peer.closes(1000);
      peer.receives("late");
    },
  ),
  closes("H08", "two closes", [close(1000), close(1001)], closedByPeer(1000), (peer) => {
    peer.closes(1000);
    peer.closes(1001);
  }),
  {
    ...closes("H09", "a close, then RST at once", [], closedByPeer(1012), (peer) => {
      peer.closes(1012);
      peer.drops("ECONNRESET");
    }),
    play: async (stage) => {
      const peer = await stage.open();
      peer.write(close(1012));
      peer.reset();
    },
  },
  closes(
    "H10",
    "messages and a close in one packet",
    [text("a"), text("b"), close(1000)],
    closedByPeer(1000),
    (peer) => {
      peer.receives("a", "b");
      peer.closes(1000);
    },
    ["text a", "text b"],
  ),
  {
    ...closes("H11", "a close in two packets", [], closedByPeer(1001, "x"), (peer) =>
      peer.closes(1001, "x"),
    ),
    play: async (stage) => {
      const peer = await stage.open();
      const bytes = close(1001, "x");
      peer.write(bytes.subarray(0, 3));
      peer.write(bytes.subarray(3));
      await peer.nextFrame();
      peer.end();
    },
  },
];
