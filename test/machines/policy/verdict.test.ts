import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  verdict,
  verdictTable,
  type Loss,
  type LossClass,
  type LossHistory,
  type PastLoss,
  type Verdict,
  type VerdictPolicy,
  type VerdictRule,
} from "../../../machines/index.ts";

const NOW_MS = 1_700_000_000_000;
const FIVE_MINUTES_MS = 300_000;
const young: LossHistory = { atMs: NOW_MS, losses: [], hasRenewed: false, wasReady: false };
const fixed: VerdictPolicy = { rules: [], credentials: "fixed" };
const renewable: VerdictPolicy = { rules: [], credentials: "renewable" };

const classes: readonly LossClass[] = [
  "config",
  "dns-transient",
  "dns-not-found",
  "unreachable",
  "local-resource",
  "handshake-cut",
  "handshake-timeout",
  "tls-trust",
  "tls-protocol",
  "tls-client-certificate",
  "http-refusal",
  "redirect",
  "not-websocket",
  "negotiation",
  "auth",
  "resolver",
  "peer-protocol",
  "too-big",
  "abusive-peer",
  "closed-by-peer",
  "ended-without-code",
  "dropped",
  "silent",
  "suspended",
  "requested",
  "planned",
  "mute",
];

function loss(lossClass: LossClass, facts: Partial<Loss> = {}): Loss {
  return { class: lossClass, phase: "open", ...facts };
}

function http(status: number, facts: Partial<Loss> = {}): Loss {
  return loss("http-refusal", { phase: "upgrade", status, ...facts });
}

function close(closeCode: number, facts: Partial<Loss> = {}): Loss {
  return loss("closed-by-peer", { closeCode, ...facts });
}

/** `retry`, `slow 30000+3000`, `slow! 60000+3000` with an alert, `now renewed` and so on. */
function say({ action, floorMs, spreadMs, alerts, renews }: Verdict): string {
  const word = `${action}${alerts ? "!" : ""}${renews ? " renewed" : ""}`;
  return floorMs === 0 && spreadMs === 0 ? word : `${word} ${floorMs}+${spreadMs}`;
}

function rule(when: VerdictRule["when"], ruling: VerdictRule["ruling"]): VerdictRule {
  return { name: "mine", when, ruling };
}

/** The verdict of a connection without a past, with `rules` before the table's own. */
function decide(given: Loss, ...rules: VerdictRule[]): Verdict {
  return verdict(given, young, { rules, credentials: "fixed" });
}

/** What the table says to the same loss, again and again, so far apart, with `policy`. */
function sayEachTime(
  again: Loss,
  times: number,
  everyMs: number,
  policy = fixed,
  past: LossHistory = young,
): string[] {
  let losses: PastLoss[] = [];
  return Array.from({ length: times }, (_, time) => {
    const atMs = NOW_MS + time * everyMs;
    const decided = verdict(again, { ...past, atMs, losses }, policy);
    losses = [...losses, { rule: decided.rule, class: again.class, atMs }];
    return say(decided);
  });
}

describe("the verdict, by class (faults.md §A3)", () => {
  it.each([
    ["config", loss("config"), "refuse"],
    ["dns-transient", loss("dns-transient", { code: "EAI_AGAIN" }), "retry"],
    ["dns-not-found", loss("dns-not-found", { code: "ENOTFOUND" }), "slow 5000+3000"],
    ["unreachable", loss("unreachable", { code: "ECONNREFUSED" }), "retry"],
    ["unreachable-locally", loss("unreachable", { code: "EINVAL" }), "slow! 5000+3000"],
    ["local-resource", loss("local-resource", { code: "EMFILE" }), "slow! 5000+3000"],
    ["handshake", loss("handshake-cut", { code: "ECONNRESET" }), "retry"],
    ["handshake", loss("handshake-timeout"), "retry"],
    ["tls-trust", loss("tls-trust", { code: "CERT_HAS_EXPIRED" }), "slow! 60000+3000"],
    ["tls-protocol", loss("tls-protocol", { code: "EPROTO" }), "slow 10000+3000"],
    ["tls-client-certificate", loss("tls-client-certificate"), "refuse"],
    ["not-websocket", loss("not-websocket", { code: "HPE_INVALID_CONSTANT" }), "slow 10000+3000"],
    ["negotiation", loss("negotiation"), "refuse"],
    ["redirect", loss("redirect", { status: 302, location: "https://other.example" }), "refuse"],
    ["peer-protocol", loss("peer-protocol", { code: "WS_ERR_INVALID_UTF8" }), "retry 1000+3000"],
    ["too-big", loss("too-big"), "slow! 10000+3000"],
    ["abusive-peer", loss("abusive-peer"), "slow 10000+3000"],
    ["dropped", loss("dropped"), "retry"],
    ["dropped", loss("ended-without-code", { closeCode: 1005 }), "retry"],
    ["silent", loss("silent", { silentMs: 20_000 }), "retry"],
    ["resolver", loss("resolver", { phase: "resolve" }), "retry"],
    ["resolver-later", loss("resolver", { refusal: "later" }), "slow! 10000+3000"],
    ["resolver-never", loss("resolver", { refusal: "never" }), "refuse"],
    ["auth", loss("auth", { phase: "authenticate" }), "slow! 10000+3000"],
    ["auth-later", loss("auth", { refusal: "later" }), "slow! 10000+3000"],
    ["auth-never", loss("auth", { refusal: "never" }), "refuse"],
    ["requested", loss("requested"), "now"],
    ["planned", loss("planned"), "now"],
    ["mute", loss("mute"), "now"],
  ])("%s: %o is %s", (rule, given, expected) => {
    const decided = verdict(given, young, fixed);

    expect(say(decided)).toBe(expected);
    expect(decided.rule).toBe(rule);
  });

  it("is final on an answer that is no WebSocket's at the third time in five minutes", () => {
    expect(sayEachTime(loss("not-websocket"), 3, 60_000)).toEqual([
      "slow 10000+3000",
      "slow 10000+3000",
      "refuse",
    ]);
  });

  it("has a row for every class there is", () => {
    for (const each of classes) expect(verdict(loss(each), young, fixed).rule).not.toBe("unknown");
  });

  it("retries what it has never heard of", () => {
    const decided = verdict(loss("sunspots" as LossClass), young, fixed);

    expect([decided.rule, say(decided)]).toEqual(["unknown", "retry"]);
  });

  it("has rows with names of their own", () => {
    const names = verdictTable.map(({ name }) => name);

    expect(new Set(names).size).toBe(names.length);
    for (const name of names) expect(name).toMatch(/^[a-z]+(-[a-z]+)*$/);
  });
});

describe("the verdict on an HTTP refusal (faults.md §A3)", () => {
  const rows: [rule: string, statuses: number[], expected: string][] = [
    ["http-not-an-endpoint", [100, 200, 204, 206, 300, 304, 399], "slow 10000+3000"],
    ["http-wrong-endpoint", [400, 404, 405, 410, 426, 501, 505], "slow 30000+3000"],
    ["http-auth", [401, 407], "refuse"],
    ["http-forbidden", [403], "refuse"],
    ["http-legal", [451], "refuse"],
    ["http-server", [500, 502, 504, 520, 521, 522, 523, 524, 530, 599], "retry"],
    ["http-go-away", [429], "slow 10000+3000"],
    ["http-banned", [418], "slow! 120000+3000"],
    ["http-unavailable", [503], "slow 1000+3000"],
    ["http-client-error", [402, 406, 408, 409, 413, 421, 425, 431, 499], "slow! 10000+3000"],
    ["http-unknown", [99, 600, 999], "slow! 10000+3000"],
  ];
  it.each(rows.flatMap(([rule, statuses, say]) => statuses.map((at) => [at, rule, say] as const)))(
    "%i: row %s, %s",
    (status, rule, expected) => {
      const decided = verdict(http(status), young, fixed);

      expect(say(decided)).toBe(expected);
      expect(decided.rule).toBe(rule);
    },
  );

  it.each([200, 204, 304])("%i is final at the third time in five minutes", (status) => {
    expect(sayEachTime(http(status), 3, 60_000)).toEqual([
      "slow 10000+3000",
      "slow 10000+3000",
      "refuse",
    ]);
  });

  it.each([400, 404, 405, 410, 426, 501, 505])(
    "%i is final after three slow tries: a deploy looks like this too",
    (status) => {
      const slow = "slow 30000+3000";
      expect(sayEachTime(http(status), 4, 60_000)).toEqual([slow, slow, slow, "refuse"]);
    },
  );

  it.each([401, 403, 407])("%i renews what can be renewed, once, then goes on slowly", (status) => {
    expect(say(verdict(http(status), young, renewable))).toBe("now renewed");
    expect(say(verdict(http(status), { ...young, hasRenewed: true }, renewable))).toBe(
      "slow renewed 10000+3000",
    );
  });

  it("451 is final even with credentials that can be renewed", () => {
    expect(say(verdict(http(451), young, renewable))).toBe("refuse");
  });
});

describe("the verdict on a close code (faults.md §A3)", () => {
  const rows: [rule: string, codes: number[], expected: string][] = [
    ["close", [1000, 1001, 1009, 1011, 1014], "retry"],
    ["close-our-protocol-error", [1002, 1003, 1007, 1010], "retry"],
    ["close-policy", [1008], "slow 10000+3000"],
    ["close-restart", [1012, 1013], "retry 5000+25000"],
    ["close-auth", [3000], "refuse"],
    ["close-forbidden", [3003], "refuse"],
    ["close", [3008], "retry"],
    ["close-auth-private", [4001, 4401, 4403], "slow! 10000+3000"],
    ["close", [3001, 3999, 4000, 4002, 4321, 4402, 4999], "retry"],
  ];
  it.each(rows.flatMap(([rule, codes, say]) => codes.map((code) => [code, rule, say] as const)))(
    "%i: row %s, %s",
    (code, rule, expected) => {
      const decided = verdict(close(code), young, fixed);

      expect(say(decided)).toBe(expected);
      expect(decided.rule).toBe(rule);
    },
  );

  it.each([1002, 1003, 1007, 1010])(
    "%i, we broke the protocol, is final at the third time in five minutes",
    (code) => {
      expect(sayEachTime(close(code), 3, 60_000)).toEqual(["retry", "retry", "refuse"]);
    },
  );

  it.each([
    ["1008", close(1008)],
    ["3000", close(3000)],
    ["4001", close(4001)],
    ["4401", close(4401)],
    ["4403", close(4403)],
    ["a login that failed", loss("auth")],
    ["a login that was refused for good", loss("auth", { refusal: "never" })],
    ["a token server's refusal for good", loss("resolver", { refusal: "never" })],
  ])("%s renews what can be renewed, at once and then slowly", (_, given) => {
    expect(say(verdict(given, young, renewable))).toBe("now renewed");
    expect(say(verdict(given, { ...young, hasRenewed: true }, renewable))).toBe(
      "slow renewed 10000+3000",
    );
  });

  it.each([loss("auth"), loss("resolver")])(
    "%o that is refused for now waits as it was told, and asks for no new credentials",
    ({ class: name }) => {
      const given = loss(name, { refusal: "later", retryAfterMs: 45_000 });

      expect(say(verdict(given, young, renewable))).toBe("slow! 45000+3000");
      expect(say(verdict(given, young, fixed))).toBe("slow! 45000+3000");
    },
  );
});

describe("an endpoint that was ready once", () => {
  const known: LossHistory = { ...young, wasReady: true };

  it.each<Loss>([
    ...[200, 204, 304, 400, 403, 404, 405, 410, 426, 501, 505].map((status) => http(status)),
    loss("not-websocket"),
    ...[1002, 1003, 1007, 1010].map((code) => close(code)),
  ])("is not given up for %o: where another one is, it goes on slowly with an alert", (again) => {
    const never = sayEachTime(again, 5, 60_000);
    const once = sayEachTime(again, 5, 60_000, fixed, known);

    expect(never.at(-1)).toBe("refuse");
    expect(once.at(-1)).toBe("slow! 30000+3000");
    expect(once.slice(0, never.indexOf("refuse"))).toEqual(never.slice(0, never.indexOf("refuse")));
  });

  it.each([
    ["401", http(401)],
    ["407", http(407)],
    ["451", http(451)],
    ["3000", close(3000)],
    ["3003", close(3003)],
    ["a login that was refused for good", loss("auth", { refusal: "never" })],
    ["a redirect", loss("redirect")],
    ["negotiation", loss("negotiation")],
    ["a refused client certificate", loss("tls-client-certificate")],
    ["config", loss("config")],
  ])("is given up for %s all the same", (_, given) => {
    expect(say(verdict(given, known, fixed))).toBe("refuse");
  });

  it("may be spared by a row of the user's too", () => {
    const mine: VerdictRule = {
      ...rule({ closeCode: 4100 }, { action: "refuse" }),
      onceReady: { action: "slow", floorMs: 2_000, spreadMs: 0 },
    };
    const policy = { ...fixed, rules: [mine] };

    expect(say(verdict(close(4100), young, policy))).toBe("refuse");
    expect(say(verdict(close(4100), known, policy))).toBe("slow 2000+0");
  });
});

describe("three times in five minutes", () => {
  const broken = loss("peer-protocol");
  const past = (rule: string, ...agesMs: number[]): LossHistory => ({
    ...young,
    losses: agesMs.map((ageMs) => ({ rule, class: broken.class, atMs: NOW_MS - ageMs })),
  });

  it("counts the present time, and goes on counting", () => {
    const slow = "slow 30000+3000";
    expect(sayEachTime(broken, 5, 60_000)).toEqual([
      "retry 1000+3000",
      "retry 1000+3000",
      slow,
      slow,
      slow,
    ]);
  });

  it("looks back five minutes exactly", () => {
    const inside = past("peer-protocol", FIVE_MINUTES_MS, 1_000);
    const outside = past("peer-protocol", FIVE_MINUTES_MS + 1, 1_000);

    expect(say(verdict(broken, inside, fixed))).toBe("slow 30000+3000");
    expect(say(verdict(broken, outside, fixed))).toBe("retry 1000+3000");
  });

  it("is not reached by those who take their time", () => {
    expect(new Set(sayEachTime(broken, 20, FIVE_MINUTES_MS / 2 + 1))).toEqual(
      new Set(["retry 1000+3000"]),
    );
  });

  it("counts its own row only", () => {
    expect(say(verdict(broken, past("dropped", 1, 2, 3, 4), fixed))).toBe("retry 1000+3000");
  });
});

describe("Retry-After", () => {
  it.each([
    [500, 1_000],
    [0, 1_000],
    [-5_000, 1_000],
    [1_000, 1_000],
    [30_000, 30_000],
    [3_600_000, 3_600_000],
    [3_600_001, 3_600_000],
    [1e12, 3_600_000],
    [Infinity, 3_600_000],
  ])("of %d ms is a floor of %d ms, with jitter on top", (retryAfterMs, floorMs) => {
    const decided = verdict(http(503, { retryAfterMs }), young, fixed);

    expect(say(decided)).toBe(`slow ${floorMs}+3000`);
  });

  it("that is not a number is ignored", () => {
    expect(say(verdict(http(503, { retryAfterMs: NaN }), young, fixed))).toBe("slow 1000+3000");
  });

  it.each([429, 418, 503])("that %i sends takes the place of the row's own wait", (status) => {
    expect(say(verdict(http(status, { retryAfterMs: 2_000 }), young, fixed))).toMatch(
      /2000\+3000$/,
    );
    expect(say(verdict(http(status, { retryAfterMs: 300_000 }), young, fixed))).toMatch(
      /300000\+3000$/,
    );
  });

  it("is heard for any loss, and takes the larger of the two floors", () => {
    expect(say(verdict(http(502, { retryAfterMs: 7_000 }), young, fixed))).toBe("retry 7000+3000");
    expect(say(verdict(http(404, { retryAfterMs: 7_000 }), young, fixed))).toBe("slow 30000+3000");
    expect(say(verdict(http(404, { retryAfterMs: 90_000 }), young, fixed))).toBe("slow 90000+3000");
    expect(say(verdict(http(401, { retryAfterMs: 7_000 }), young, renewable))).toBe(
      "now renewed 7000+3000",
    );
  });

  it("does not open what was refused for good", () => {
    expect(say(verdict(http(451, { retryAfterMs: 7_000 }), young, fixed))).toBe("refuse");
  });
});

describe("a user's or a venue's word", () => {
  it("comes before the table", () => {
    const decided = decide(http(451), rule({ status: 451 }, { action: "slow", floorMs: 60_000 }));

    expect([decided.rule, say(decided)]).toEqual(["mine", "slow 60000+3000"]);
  });

  it("leaves to the table what it does not speak of", () => {
    expect(decide(http(500), rule({ status: 451 }, { action: "now" })).rule).toBe("http-server");
  });

  it("is the first that matches", () => {
    const first = rule({ class: "closed-by-peer" }, { action: "slow" });
    const second = { ...rule({ closeCode: 4001 }, { action: "refuse" }), name: "second" };

    expect(decide(close(4001), first, second).rule).toBe("mine");
    expect(decide(close(4001), second, first).rule).toBe("second");
  });

  it.each<[string, VerdictRule["when"], Loss, boolean]>([
    ["a class", { class: "dropped" }, loss("dropped"), true],
    ["the first of a range of statuses", { statuses: [500, 599] }, http(500), true],
    ["the last of a range of statuses", { statuses: [500, 599] }, http(599), true],
    ["just before a range of statuses", { statuses: [500, 599] }, http(499), false],
    ["just after a range of statuses", { statuses: [500, 599] }, http(600), false],
    ["a refusal for now", { refusal: "later" }, loss("auth", { refusal: "later" }), true],
    ["a refusal for good", { refusal: "later" }, loss("auth", { refusal: "never" }), false],
    ["a refusal that says neither", { refusal: "later" }, loss("auth"), false],
    ["any of several classes", { class: ["silent", "dropped"] }, loss("dropped"), true],
    ["another class", { class: "silent" }, loss("dropped"), false],
    ["a status", { status: [500, 502] }, http(502), true],
    ["a status that the loss has none of", { status: [500, 502] }, loss("dropped"), false],
    ["a close code", { closeCode: 4001 }, close(4001), true],
    ["the first of a range", { closeCodes: [4000, 4099] }, close(4000), true],
    ["the last of a range", { closeCodes: [4000, 4099] }, close(4099), true],
    ["just before a range", { closeCodes: [4000, 4099] }, close(3999), false],
    ["just after a range", { closeCodes: [4000, 4099] }, close(4100), false],
    ["a range without a code", { closeCodes: [4000, 4099] }, loss("dropped"), false],
    ["an errno", { code: ["EPIPE"] }, loss("dropped", { code: "EPIPE" }), true],
    ["another errno", { code: "EPIPE" }, loss("dropped", { code: "ECONNRESET" }), false],
    [
      "a part of the reason",
      { detailIncludes: "Too many" },
      close(1008, { detail: "Too many requests" }),
      true,
    ],
    ["a literal, no pattern", { detailIncludes: "T.o" }, close(1008, { detail: "Too" }), false],
    ["a reason where there is none", { detailIncludes: "Too many" }, close(1008), false],
    [
      "everything that is given, together",
      { class: "closed-by-peer", closeCode: 1008, detailIncludes: "ban" },
      close(1008, { detail: "IP ban" }),
      true,
    ],
    [
      "all but one",
      { class: "closed-by-peer", closeCode: 1009, detailIncludes: "ban" },
      close(1008, { detail: "IP ban" }),
      false,
    ],
    ["nothing in particular", {}, loss("dropped"), true],
  ])("selects by %s", (_, when, given, isSelected) => {
    expect(decide(given, rule(when, { action: "refuse" })).rule === "mine").toBe(isSelected);
  });

  it("may count and may renew as the table does", () => {
    const limited: VerdictRule = {
      ...rule({ closeCode: 4008 }, { action: "slow", floorMs: 2_000, spreadMs: 500, alerts: true }),
      repeated: { times: 2, withinMs: 1_000, ruling: { action: "refuse" } },
    };
    const policy = { ...fixed, rules: [limited] };
    expect(sayEachTime(close(4008), 2, 1_000, policy)).toEqual(["slow! 2000+500", "refuse"]);
    expect(sayEachTime(close(4008), 2, 1_001, policy)).toEqual([
      "slow! 2000+500",
      "slow! 2000+500",
    ]);

    const login = rule(
      { closeCode: 4003 },
      { action: "renew", otherwise: { action: "refuse" }, fixed: { action: "slow" } },
    );
    const withLogin = { rules: [login], credentials: "renewable" } as const;
    expect(say(verdict(close(4003), young, withLogin))).toBe("now renewed");
    expect(say(verdict(close(4003), { ...young, hasRenewed: true }, withLogin))).toBe("refuse");
    expect(say(verdict(close(4003), young, { ...withLogin, credentials: "fixed" }))).toBe("slow");
  });

  it("as a function is asked before any row, and may leave it to them", () => {
    const asked: [Loss, LossHistory][] = [];
    const policy: VerdictPolicy = {
      rules: [rule({}, { action: "refuse" })],
      credentials: "fixed",
      custom: (given, history) => {
        asked.push([given, history]);
        return given.closeCode === 4000 ? { action: "slow", floorMs: 9_000 } : undefined;
      },
    };

    const custom = verdict(close(4000, { retryAfterMs: 20_000 }), young, policy);
    expect([custom.rule, say(custom)]).toEqual(["custom", "slow 20000+3000"]);
    expect(verdict(close(4001), young, policy).rule).toBe("mine");
    expect(asked.map(([given]) => given.closeCode)).toEqual([4000, 4001]);
    expect(asked[0]?.[1]).toBe(young);
  });
});

describe("the verdict on anything at all", () => {
  const anyLoss = fc
    .record(
      {
        class: fc.constantFrom(...classes),
        phase: fc.constantFrom("tcp", "upgrade", "open"),
        status: fc.integer({ min: 100, max: 999 }),
        closeCode: fc.integer({ min: 1_000, max: 4_999 }),
        code: fc.constantFrom("ECONNRESET", "EINVAL", "HPE_INVALID_CONSTANT"),
        retryAfterMs: fc.double(),
        refusal: fc.constantFrom("never", "later"),
        detail: fc.string(),
      },
      { requiredKeys: ["class", "phase"] },
    )
    .map((made) => made as Loss);
  const anyHistory = fc.record({
    atMs: fc.constant(NOW_MS),
    hasRenewed: fc.boolean(),
    wasReady: fc.boolean(),
    losses: fc.array(
      fc.record({
        rule: fc.constantFrom(...verdictTable.map(({ name }) => name)),
        class: fc.constantFrom(...classes),
        atMs: fc.integer({ min: NOW_MS - 600_000, max: NOW_MS }),
      }),
      { maxLength: 32 },
    ),
  });

  it("is one, the same each time, with a floor that a server may set and a row that is named", () => {
    fc.assert(
      fc.property(anyLoss, anyHistory, fc.constantFrom(fixed, renewable), (given, past, policy) => {
        const decided = verdict(given, past, policy);
        expect(verdict(given, past, policy)).toEqual(decided);
        expect(decided.floorMs).toBeGreaterThanOrEqual(0);
        expect(decided.floorMs).toBeLessThanOrEqual(3_600_000);
        expect([0, 3_000, 25_000]).toContain(decided.spreadMs);
        expect(decided.rule).not.toBe("unknown");
        if (decided.renews) expect(decided.action).toBe(past.hasRenewed ? "slow" : "now");
        if (decided.action === "refuse") expect(decided.floorMs).toBe(0);
      }),
      { seed: 1, numRuns: 5_000 },
    );
  });
});
