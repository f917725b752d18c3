/** A: what the constructor refuses. */
import { type Case, dialling, type End, invisible, lost, refused } from "./case.ts";

const NOBODY = "ws://127.0.0.1:1/";

const mistake = (code?: string): End => lost("config", "resolve", code);

function badUrl(id: string, url: string): Case {
  return {
    id,
    does: `dials ${JSON.stringify(url)}`,
    play: (stage) => stage.dial(url),
    tells: [],
    end: mistake(),
    memory: invisible.url,
  };
}

export const constructing: readonly Case[] = [
  badUrl("A01", "nope"),
  badUrl("A02", "ftp://127.0.0.1/"),
  badUrl("A03", "ws://127.0.0.1/#frag"),
  badUrl("A04", "ws://127.0.0.1:70000/"),
  badUrl("A05", ""),
  {
    id: "A06",
    does: "asks for protocol version 12",
    refuses: { protocolVersion: 12 },
    tells: [],
    end: refused,
    memory: invisible.options,
    note: "There is one version; the option is not ours.",
  },
  {
    id: "A07",
    does: "asks for a subprotocol twice",
    dial: { protocols: ["a", "a"] },
    play: (stage) => stage.dial(NOBODY),
    tells: [],
    end: mistake(),
    memory: invisible.url,
  },
  {
    id: "A08",
    does: "gives a header with a line break",
    dial: { headers: { "X-A": "b\r\nInjected: 1" } },
    play: (stage) => stage.dial(NOBODY),
    tells: [],
    end: mistake("ERR_INVALID_CHAR"),
    memory: invisible.url,
  },
  {
    id: "A09",
    does: "gives a header that is undefined",
    dial: { headers: { "X-A": undefined as unknown as string } },
    play: (stage) => stage.dial(NOBODY),
    tells: [],
    end: mistake("ERR_HTTP_INVALID_HEADER_VALUE"),
    memory: invisible.url,
  },
  badUrl("A10", "ws+unix:"),
  {
    id: "A11",
    does: "gives an origin with a line break",
    options: { origin: "http://a\nb" },
    play: (stage) => stage.dial(NOBODY),
    tells: [],
    end: mistake("ERR_INVALID_CHAR"),
    memory: invisible.options,
  },
  {
    id: "A12",
    does: "connects from an address that is not this machine's",
    options: { localAddress: "203.0.113.9" },
    play: (stage) => stage.dial(NOBODY),
    tells: dialling.slice(0, 1),
    end: lost("local-resource", "tcp", "EADDRNOTAVAIL"),
    memory: invisible.options,
  },
  {
    id: "A13",
    does: "gives an agent that is none",
    refuses: { agent: "x" },
    tells: [],
    end: refused,
    memory: invisible.options,
  },
];
