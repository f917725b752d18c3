/** B: looking a name up. */
import type { LookupAddress } from "node:dns";
import type { WsTransportOptions } from "../../../src/transport/ws-options.ts";
import { type Case, deadline, type End, invisible, lost, open, staysOpen } from "./case.ts";
import type { Stage } from "./stage.ts";

type Lookup = NonNullable<WsTransportOptions["lookup"]>;

const NAME = "ws://feed.test:9/";

const failing =
  (code: string): Lookup =>
  (hostname, _options, callback) => {
    const error = new Error(`getaddrinfo ${code} ${hostname}`);
    setImmediate(callback, Object.assign(error, { code, syscall: "getaddrinfo", hostname }), []);
  };

const answering =
  (...list: LookupAddress[]): Lookup =>
  (_hostname, _options, callback) => {
    setImmediate(callback, null, list);
  };

function lookup(id: string, does: string, answer: Lookup, end: End, phases = ["dns"]): Case {
  return {
    id,
    does,
    options: { lookup: answer },
    play: (stage) => stage.dial(NAME),
    tells: phases,
    end,
    memory: invisible.names,
  };
}

/** Resolves when the name has been asked for; it is never answered. */
function dialsIntoTheVoid(stage: Stage): Promise<void> {
  return new Promise((resolve) => {
    stage.dial(NAME, { lookup: () => resolve() });
  });
}

export const names: readonly Case[] = [
  lookup(
    "B01",
    "fails with ENOTFOUND",
    failing("ENOTFOUND"),
    lost("dns-not-found", "dns", "ENOTFOUND"),
  ),
  lookup(
    "B02",
    "fails with EAI_AGAIN",
    failing("EAI_AGAIN"),
    lost("dns-transient", "dns", "EAI_AGAIN"),
  ),
  lookup(
    "B03",
    "fails with EAI_FAIL",
    failing("EAI_FAIL"),
    lost("dns-transient", "dns", "EAI_FAIL"),
  ),
  lookup(
    "B04",
    "fails with EAI_NODATA",
    failing("EAI_NODATA"),
    lost("dns-not-found", "dns", "EAI_NODATA"),
  ),
  {
    id: "B05",
    does: "never answers",
    play: dialsIntoTheVoid,
    tells: ["dns"],
    end: deadline("dns"),
    memory: invisible.names,
    note: "No transport has a deadline of its own; the connection's tells in which phase it passed.",
  },
  {
    id: "B06",
    does: "never answers, with a handshakeTimeout",
    refuses: { handshakeTimeout: 200 },
    play: dialsIntoTheVoid,
    tells: ["dns"],
    end: deadline("dns"),
    memory: invisible.names,
    note: "ws's own deadline is refused: the connection has the only one.",
  },
  lookup(
    "B07",
    "answers with an empty list",
    answering(),
    lost("dns-not-found", "dns", "ENOTFOUND"),
  ),
  lookup(
    "B08",
    "answers with what is no address",
    answering({ address: "junk", family: 4 }),
    lost("dns-transient", "tcp", "ERR_INVALID_IP_ADDRESS"),
    ["dns", "tcp"],
  ),
  {
    ...lookup(
      "B09",
      "answers with two addresses, and both refuse",
      answering({ address: "::1", family: 6 }, { address: "127.0.0.1", family: 4 }),
      lost("unreachable", "tcp", "ECONNREFUSED"),
      ["dns", "tcp"],
    ),
    play: (stage) => stage.dial("ws://feed.test:1/"),
  },
  {
    ...lookup(
      "B10",
      "answers with a dead address and a good one",
      answering({ address: "127.0.0.2", family: 4 }, { address: "127.0.0.1", family: 4 }),
      staysOpen,
      ["dns", ...open],
    ),
    play: async (stage) => {
      const listener = await stage.listen();
      stage.dial(listener.url("feed.test"));
      await (await listener.next()).upgrade();
      await stage.client.until("opened");
    },
  },
  lookup(
    "B11",
    "throws",
    () => {
      throw new Error("lookup boom");
    },
    lost("dns-transient", "dns"),
  ),
];
