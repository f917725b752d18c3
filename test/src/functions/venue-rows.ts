/** The functions of a venue's definition, and among the options of built-in venues. */
import { binanceSpot, coinbaseExchange, kucoin } from "../../../src/venues/index.ts";
import {
  answered,
  everySecond,
  type Json,
  numbered,
  numberedVenue,
  promisesSettle,
  startSupervisor,
  url,
} from "../start-supervisor.ts";
import { all, type Given, type Row } from "./given.ts";
import { conversing, liveAt, lossToText, orRefused } from "./life.ts";

const spoken = (word: string) => (given: Given) => liveAt(conversing({ [word]: given }));

/** `open` is right when the venue is defined; a socket later it is the one given. */
function openingLater(given: Given): Promise<string> {
  let times = 0;
  const { open } = numberedVenue();
  const late = (): unknown => {
    times += 1;
    return times <= 4 ? open() : given();
  };
  return liveAt({ open: late });
}

/** What a feed of Coinbase's sends, and how often its function failed. */
function signing(sign: Given): Promise<string> {
  return orRefused(() => {
    const target = coinbaseExchange({ sign });
    const world = startSupervisor({ target, topics: ["level2:BTC-USD"] });
    world.socket.opens();
    const words = world
      .heard("callback.failed")
      .map(({ callback }) => `callback.failed ${callback}`);
    world.feed.terminate();
    return [`${world.sent().length} requests sent`, ...new Set(words)].join(", ");
  });
}

/** A book of Binance's, whose snapshot is fetched. */
function fetching(fetch: Given): Promise<string> {
  return orRefused(async () => {
    const target = binanceSpot({ fetch });
    const world = startSupervisor({ target, topics: ["btcusdt@depth"] });
    world.socket.opens();
    const delta = { e: "depthUpdate", s: "BTCUSDT", E: 1, U: 11, u: 12, b: [], a: [] };
    world.socket.receives(JSON.stringify({ stream: "btcusdt@depth", data: delta }));
    for (let second = 0; second < 300; second += 1) {
      await promisesSettle();
      world.clock.advance(1_000);
    }
    const words = world.facts.map(({ type }) => type).filter((type) => type === "valid");
    world.feed.terminate();
    return [...words, ...world.alerts("recovery-failed").map(({ kind }) => `alert ${kind}`)].join();
  });
}

const snapshot = (text: unknown): unknown => ({ ok: true, status: 200, text });
const bookText = (): Promise<string> =>
  Promise.resolve(JSON.stringify({ lastUpdateId: 10, bids: [], asks: [] }));

/** The token that KuCoin wants before every dial. */
function askingToken(fetch: Given): Promise<string> {
  return orRefused(async () => {
    const target = kucoin({ fetch });
    const world = startSupervisor({ target, ...everySecond });
    await promisesSettle();
    world.clock.advance(10_000);
    await promisesSettle();
    const losses = world.heard("attempt.failed").map(({ loss }) => lossToText(loss));
    const { dials } = world;
    world.feed.terminate();
    return [dials > 0 ? "dialled" : "not dialled", ...new Set(losses)].join(", ");
  });
}

const token = () => ({
  ok: true,
  status: 200,
  text: () =>
    Promise.resolve(
      JSON.stringify({
        code: "200000",
        data: { token: "t", instanceServers: [{ endpoint: "wss://ws-api-spot.kucoin.com/" }] },
      }),
    ),
});

export const venueRows = [
  {
    option: "VenueProfile.url",
    fine: "6 messages",
    promised: all("0 messages, loss config by url, alert failed, failed", {
      async: "6 messages",
      throws: "0 messages, loss resolver",
      rejects: "0 messages, loss resolver",
      hangs: "0 messages, loss handshake-timeout in resolve",
    }),
    right: () => url,
    live: (given) => liveAt({ url: given }),
  },
  {
    option: "VenueProfile.opening",
    fine: "11 messages",
    promised: all("6 messages, callback.failed venue.opening", {
      async: "OptionError venue.opening",
    }),
    right: () => [{ op: "hello" }],
    live: (given) => liveAt({ opening: given }),
  },
  {
    option: "VenueProfile.authenticate",
    fine: "6 messages",
    promised: all("6 messages", {
      throws: "0 messages, loss auth, alert loss",
      rejects: "0 messages, loss auth, alert loss",
      hangs: "0 messages, loss handshake-timeout in authenticate",
    }),
    right: () => undefined,
    live: (given) => liveAt({ authenticate: given }),
  },
  {
    option: "VenueProfile.recovery",
    fine: "6 messages",
    promised: all("6 messages, callback.failed recovery", { async: "OptionError venue.recovery" }),
    right: () => "none",
    live: (given) => liveAt({ recovery: given }),
  },
  {
    option: "VenueProfile.freshness",
    fine: "6 messages",
    promised: all("6 messages, callback.failed freshness", {
      async: "OptionError venue.freshness",
      null: "6 messages",
      undefined: "6 messages",
    }),
    right: () => ({ firstMs: null, silenceMs: 60_000 }),
    live: (given) => liveAt({ freshness: given }),
  },
  {
    option: "VenueProfile.open",
    fine: "6 messages",
    promised: all("OptionError venue.open()", {
      async: "OptionError venue.open",
      throws: "thrown: not my day",
      map: "OptionError venue.open().subscribe",
    }),
    right: () => numberedVenue().open(),
    live: (given) => liveAt({ open: given }),
  },
  {
    option: "VenueProfile.open",
    fine: "6 messages",
    promised: all("0 messages, loss resolver by venue.open()", {
      throws: "0 messages, loss resolver",
      map: "0 messages, loss resolver by venue.open().subscribe",
    }),
    right: () => numberedVenue().open(),
    live: openingLater,
  },
  {
    option: "TopicGrammar.parse",
    fine: "6 messages",
    promised: all("OptionError venue.topics.parse()", {
      async: "OptionError venue.topics.parse",
      throws: "thrown: not my day",
    }),
    right: (topic: string) => ({ topic }),
    live: (given) => liveAt({ topics: { parse: given, example: "a" } }),
  },
  {
    option: "VenueLimits.groupOf",
    fine: "6 messages",
    promised: all("OptionError venue.limits.groupOf()", {
      async: "OptionError venue.limits.groupOf",
      throws: "thrown: not my day",
    }),
    right: () => "all",
    live: (given) => liveAt({ limits: { groupOf: given } }),
  },
  {
    option: "VenueLimits.groupOf",
    fine: "6 messages",
    promised: all("6 messages, callback.failed venue.limits.groupOf", {
      async: "OptionError venue.limits.groupOf",
    }),
    right: () => "all",
    // Asked for the first time when the supervisor is made.
    live: (given) =>
      liveAt({ limits: { groupOf: given } }, { topics: [] }, ({ feed }) =>
        feed.subscribe(["a", "b"]),
      ),
  },
  {
    option: "Keepalive.frame",
    fine: "6 messages",
    promised: all("6 messages, callback.failed venue.keepalive.frame", {
      async: "OptionError venue.keepalive.frame",
    }),
    right: () => "ping",
    live: (given) =>
      liveAt({ keepalive: { mode: "client-message", everyMs: 10_000, frame: given } }),
  },
  {
    option: "VenueHeartbeat.probe",
    fine: "6 messages",
    promised: all("6 messages, callback.failed heartbeat.probe", {
      async: "OptionError venue.heartbeat.probe",
    }),
    right: () => "ping",
    live: (given) => liveAt({ heartbeat: { intervalMs: 15_000, timeoutMs: 5_000, probe: given } }),
  },
  {
    option: "Conversation.subscribe",
    fine: "6 messages",
    promised: all(
      "6 messages, callback.failed subscriptions.subscribe, topic.refused, alert topic-refused",
      { async: "OptionError venue.open().subscribe" },
    ),
    right: answered.subscribe,
    live: spoken("subscribe"),
  },
  {
    option: "Conversation.unsubscribe",
    fine: "6 messages",
    promised: all("6 messages, callback.failed subscriptions.unsubscribe", {
      async: "OptionError venue.open().unsubscribe",
      undefined: "6 messages",
    }),
    right: (topics: string[], id: number) => ({ op: "unsub", topics, id }),
    live: spoken("unsubscribe"),
  },
  {
    option: "Conversation.decode",
    fine: "12 messages",
    promised: all("0 messages, message.invalid by decode()", {
      async: "OptionError venue.open().decode",
      throws: "0 messages, message.invalid",
      map: "12 messages",
      null: "12 messages",
    }),
    right: numbered.decode,
    live: (given) => liveAt(conversing({ decode: given, control: undefined, sequence: undefined })),
  },
  {
    option: "Conversation.control",
    fine: "6 messages",
    promised: all("2 messages, callback.failed venue.control, alert subscriptions-timed-out", {
      async: "OptionError venue.open().control",
      throws: "0 messages, message.invalid, alert subscriptions-timed-out",
      null: "2 messages, alert subscriptions-timed-out",
      undefined: "2 messages, alert subscriptions-timed-out",
    }),
    right: ({ ack }: Json) =>
      ack === undefined ? undefined : { kind: "answer", answer: { id: ack } },
    live: spoken("control"),
  },
  {
    option: "Conversation.topicOf",
    fine: "6 messages",
    promised: all("0 messages, message.invalid by venue.topicOf(), alert subscriptions-timed-out", {
      async: "OptionError venue.open().topicOf",
      throws: "0 messages, message.invalid, alert subscriptions-timed-out",
      null: "6 messages",
      undefined: "6 messages",
    }),
    right: ({ s }: Json) => s,
    live: spoken("topicOf"),
  },
  {
    option: "Conversation.sequence",
    fine: "6 messages",
    promised: all("6 messages, message.unjudged by sequence()", {
      async: "OptionError venue.open().sequence",
      throws: "0 messages, message.invalid",
      null: "6 messages",
      undefined: "6 messages",
    }),
    right: numbered.sequence,
    live: spoken("sequence"),
  },
  {
    option: "Conversation.isSnapshot",
    fine: "6 messages",
    promised: all("0 messages, message.invalid by venue.isSnapshot()", {
      async: "OptionError venue.open().isSnapshot",
      throws: "0 messages, message.invalid",
      null: "6 messages",
      undefined: "6 messages",
    }),
    right: () => false,
    live: spoken("isSnapshot"),
  },
  {
    option: "Conversation.verify",
    fine: "6 messages",
    promised: all("6 messages, callback.failed venue.verify, mismatch", {
      async: "OptionError venue.open().verify",
      null: "6 messages",
      undefined: "6 messages",
    }),
    right: () => true,
    live: spoken("verify"),
  },
  {
    // Only `check` of the command asks it.
    option: "Conversation.carriesChecksum",
    fine: "6 messages",
    promised: all("6 messages", { async: "OptionError venue.open().carriesChecksum" }),
    right: () => true,
    live: spoken("carriesChecksum"),
  },
  {
    option: "BinanceOptions.fetch",
    fine: "valid",
    promised: all("alert recovery-failed", { async: "valid" }),
    right: () => snapshot(bookText),
    live: fetching,
  },
  {
    option: "Fetch.text",
    fine: "valid",
    promised: all("alert recovery-failed", { async: "valid" }),
    right: bookText,
    live: (given) => fetching(() => Promise.resolve(snapshot(given))),
  },
  {
    option: "Fetch.get",
    fine: "alert recovery-failed",
    promised: all("alert recovery-failed"),
    right: () => null,
    live: (given) =>
      fetching(() => Promise.resolve({ ok: false, status: 429, headers: { get: given } })),
  },
  {
    option: "KucoinOptions.fetch",
    fine: "dialled, loss handshake-timeout in resolve",
    promised: all("not dialled, loss resolver by fetch()", {
      async: "dialled, loss handshake-timeout in resolve",
      throws: "not dialled, loss resolver",
      rejects: "not dialled, loss resolver",
      hangs: "not dialled, loss handshake-timeout in resolve",
    }),
    right: token,
    live: askingToken,
  },
  {
    option: "CoinbaseExchangeOptions.sign",
    fine: "1 requests sent",
    promised: all("0 requests sent, callback.failed subscriptions.subscribe", {
      async: "OptionError sign",
    }),
    right: () => ({ signature: "s" }),
    live: signing,
  },
] as const satisfies readonly Row[];
