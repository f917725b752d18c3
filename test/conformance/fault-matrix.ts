/**
 * The fault matrix: every fault that a connection, a fleet or a relay must survive, by its number.
 *
 * A row is covered by the tests that cite it in their title: `row 21: …`. What one connection cannot show
 * is planned, with what it waits for.
 */
export interface FaultRow {
  readonly row: number;
  readonly phase: string;
  readonly fault: string;
  /** What it waits for. */
  readonly planned?: string;
  /** Why it will never have a test. */
  readonly notApplicable?: string;
}

type Tuple = readonly [row: number, phase: string, fault: string];

const ofOneConnection: readonly Tuple[] = [
  [1, "config", "bad URL, header, subprotocol"],
  [2, "dns", "EAI_AGAIN / EAI_FAIL"],
  [3, "dns", "ENOTFOUND"],
  [4, "dns", "never answers"],
  [5, "dns", "empty list"],
  [6, "dns", "answers a private address for a public feed"],
  [7, "dns", "first address dead, second good"],
  [8, "tcp", "ECONNREFUSED, one or all addresses (AggregateError)"],
  [9, "tcp", "SYN dropped"],
  [10, "tcp", "EHOSTUNREACH / ENETUNREACH (link down)"],
  [11, "tcp", "EACCES / EINVAL (routes, firewall)"],
  [12, "tcp", "EMFILE, EADDRNOTAVAIL"],
  [13, "tcp", "RST or FIN on accept"],
  [14, "tls", "expired, not yet valid, wrong name, unknown CA, revoked, pin"],
  [15, "tls", "alert, version, garbage, plain server"],
  [16, "tls", "client certificate missing"],
  [17, "tls", "silent"],
  [18, "upgrade", "401/403, renewable token"],
  [19, "upgrade", "401/403, nothing to renew"],
  [20, "upgrade", "404/410/426/400"],
  [21, "upgrade", "429 + Retry-After 7"],
  [22, "upgrade", "503 + Retry-After as date"],
  [23, "upgrade", "Retry-After: -1, abc, 1e12"],
  [24, "upgrade", "500/502/504/52x"],
  [25, "upgrade", "3xx"],
  [26, "upgrade", "200, HTML, HPE_*, wrong accept"],
  [27, "upgrade", "subprotocol or extension mismatch"],
  [28, "upgrade", "slow drip, silence, endless body"],
  [29, "upgrade", "101 then FIN/RST at once"],
  [30, "upgrade", "101 + frames in one packet"],
  [31, "upgrade", "101 + close 1013 in one packet"],
  [32, "upgrade", "stop() during dns/tcp/tls/upgrade"],
  [33, "upgrade", "token provider hangs, throws, 403"],
  [34, "subscribing", "no ack for one channel"],
  [35, "subscribing", "channel refused (unknown symbol, no right)"],
  [36, "subscribing", "connection lost mid-replay"],
  [37, "subscribing", "subscribe rate limit (5/s)"],
  [38, "subscribing", "unsubscribe between command and ack"],
  [39, "subscribing", "welcome/hello never comes"],
  [40, "subscribing", "duplicate ack / ack for an unknown id"],
  [41, "live", "FIN without close frame"],
  [42, "live", "RST"],
  [43, "live", "partial frame then cut"],
  [44, "live", "unfinished fragments then cut"],
  [45, "live", "half-open, quiet"],
  [46, "live", "half-open one way: we hear, they don't"],
  [47, "live", "half-open one way: they hear, we don't"],
  [48, "live", "stall 3 s then release"],
  [49, "live", "latency 2 s ± 1 s"],
  [50, "live", "30 % packet loss for 10 s"],
  [51, "live", "corrupt bytes on plain ws"],
  [52, "live", "protocol error of any kind"],
  [53, "live", "message over maxPayload / bomb"],
  [54, "live", "ping flood"],
  [55, "live", "unsolicited pong, old ping id"],
  [56, "live", "close 1000/1001/1005"],
  [57, "live", "close 1012"],
  [58, "live", "close 1013"],
  [59, "live", "close 1008 / 3000 / 4xxx auth"],
  [60, "live", "close 4xxx by the user's table: fatal"],
  [61, "live", "close frame, peer never ends TCP"],
  [62, "live", "sequence gap in one channel"],
  [63, "live", "duplicate / reordered sequence"],
  [64, "live", "sequence restarts with a new session id"],
  [65, "live", "tail loss: last messages lost, then quiet"],
  [66, "live", "handler throws"],
  [67, "live", "consumer too slow"],
  [68, "live", "outbox full (peer stalled)"],
  [69, "live", "event loop blocked 1–5 s"],
  [70, "live", "process stopped 3 s"],
  [71, "live", "process stopped 10 min / wall jump > TTL"],
  [72, "live", "wall clock ±2 h"],
  [73, "live", "token expires"],
  [75, "live", "stop()"],
  [76, "live", "crash of the host process"],
  [77, "paused", "peer FIN/RST/close while paused"],
  [78, "paused", "server heartbeat kills us"],
  [79, "paused", "stop() while paused"],
  [80, "closing", "peer silent"],
  [81, "closing", "peer sends more data"],
  [82, "closing", "start() while closing"],
  [83, "closing", "stop() twice, stop() in stopped"],
  [84, "closing", "RST while closing"],
  [85, "waiting", "start() again / network-up"],
  [86, "waiting", "stop()"],
  [87, "waiting", "subscribe/unsubscribe/send while away"],
  [88, "waiting", "retry bucket empty"],
];

const planned: Readonly<Record<string, readonly Tuple[]>> = {
  rotation: [
    [74, "live", "server's 24 h limit / maintenance notice"],
    [89, "rotating", "new line refuses / times out"],
    [90, "rotating", "old line dies before the new is ready"],
    [91, "rotating", "both deliver"],
    [92, "rotating", "new line subscribes only part"],
    [93, "rotating", "stop() in the middle"],
  ],
  lines: [
    [94, "redundant", "line A stale, B good"],
    [95, "redundant", "both lose the same number"],
    [96, "redundant", "A and B disagree for one number"],
    [97, "redundant", "A far behind B (replay lag)"],
  ],
  shards: [
    [98, "sharding", "one shard down"],
    [99, "sharding", "all shards at once (provider restart)"],
    [100, "sharding", "resize while connecting"],
  ],
  relay: [
    [101, "relay", "engine down / slow"],
    [102, "relay", "ack lost, publish repeated"],
    [103, "relay", "engine restarted, stream gone"],
    [104, "relay", "two relays for one feed"],
  ],
};

export const faultMatrix: readonly FaultRow[] = [
  ...ofOneConnection.map(([row, phase, fault]) => ({ row, phase, fault })),
  ...Object.entries(planned).flatMap(([what, rows]) =>
    rows.map(([row, phase, fault]) => ({ row, phase, fault, planned: what })),
  ),
].sort((a, b) => a.row - b.row);
