import { describe, expect, it } from "vitest";
import {
  createFaultPlan,
  faultKinds,
  venueFaultKinds,
  parseFaultPlan,
  type Fault,
  type PlannedFault,
} from "../../../src/testing/index.ts";

/** When a fault is over at the latest; a silence without an end has none. */
function endOf({ atMs, fault }: PlannedFault): number {
  if (fault.kind === "silence") return atMs + (fault.durationMs ?? Infinity);
  return atMs + ("durationMs" in fault ? (fault.durationMs ?? Infinity) : 0);
}

describe("a fault plan from a seed", () => {
  it("has every kind once when left to itself, in an order that the seed decides", () => {
    const plan = createFaultPlan(1, { durationMs: 60_000 });
    const kinds = plan.map(({ fault }) => fault.kind);
    expect(kinds.toSorted()).toEqual(faultKinds.toSorted());
    expect(plan).toEqual(createFaultPlan(1, { durationMs: 60_000 }));
    expect(kinds).not.toEqual(
      createFaultPlan(2, { durationMs: 60_000 }).map(({ fault }) => fault.kind),
    );
  });

  it("leaves the tail in peace, over 500 seeds", () => {
    for (let seed = 0; seed < 500; seed += 1) {
      const plan = createFaultPlan(seed, { durationMs: 30_000, everyMs: 700, quietTailMs: 8_000 });
      expect(plan.length).toBeGreaterThan(25);
      expect(Math.max(...plan.map(endOf))).toBeLessThanOrEqual(22_000);
      expect(Math.min(...plan.map(({ atMs }) => atMs))).toBeGreaterThan(0);
      expect(plan.map(({ atMs }) => atMs)).toEqual(
        plan.map(({ atMs }) => atMs).toSorted((one, other) => one - other),
      );
    }
  });

  it("uses all kinds it was given before it uses one again", () => {
    const kinds = ["reset", "fin", "stall"] as const;
    const plan = createFaultPlan(5, {
      durationMs: 12_000,
      quietTailMs: 2_000,
      everyMs: 1_000,
      kinds,
    });
    const struck = plan.map(({ fault }) => fault.kind);
    for (let round = 0; round + 3 <= struck.length; round += 3) {
      expect(struck.slice(round, round + 3).toSorted()).toEqual(["fin", "reset", "stall"]);
    }
  });

  it("refuses what can't be a plan", () => {
    expect(() => createFaultPlan(1, { durationMs: NaN })).toThrow(/durationMs.*NaN/);
    expect(() => createFaultPlan(1, { durationMs: 10, quietTailMs: 10 })).toThrow(/quietTailMs/);
    expect(() => createFaultPlan(1, { durationMs: 10, kinds: [] })).toThrow(/kinds/);
  });
});

describe("a fault plan in one line", () => {
  it("says what strikes, when and for how long", () => {
    const text = "silence@10s+8s, reset@5s,close:1012@20s,status:503:2@30s+3s,flap:40ms@1m+500ms";
    expect(parseFaultPlan(text)).toEqual([
      { atMs: 5_000, fault: { kind: "reset" } },
      { atMs: 10_000, fault: { kind: "silence", durationMs: 8_000 } },
      { atMs: 20_000, fault: { kind: "close", code: 1012 } },
      {
        atMs: 30_000,
        fault: { kind: "status", status: 503, retryAfterSeconds: 2, durationMs: 3_000 },
      },
      { atMs: 60_000, fault: { kind: "flap", afterMs: 40, durationMs: 500 } },
    ]);
  });

  it("knows every kind", () => {
    const shapes = {
      close: "close:1001",
      status: "status:429",
    };
    for (const kind of [...faultKinds, ...venueFaultKinds]) {
      const isLasting = ["stall", "pause", "refuse", "never-answer", "status", "flap"].includes(
        kind,
      );
      const head = kind === "close" || kind === "status" ? shapes[kind] : kind;
      const [planned] = parseFaultPlan(`${head}@1.5s${isLasting ? "+2s" : ""}`);
      expect(planned).toMatchObject({ atMs: 1_500, fault: { kind } });
    }
  });

  it.each<[string, Fault]>([
    [
      "renumber:trades:7:offline@1s",
      { kind: "renumber", of: "trades", to: 7, offline: true, unannounced: false },
    ],
    [
      "renumber:unannounced@1s",
      { kind: "renumber", of: undefined, to: undefined, offline: false, unannounced: true },
    ],
    ["absurd-number:1@1s", { kind: "absurd-number", number: 1 }],
    ["constant-number@1s+2s", { kind: "constant-number", durationMs: 2_000 }],
    ["retell:20@1s", { kind: "retell", count: 20, durationMs: undefined }],
    ["lag:500ms@1s+1m", { kind: "lag", lagMs: 500, durationMs: 60_000 }],
    [
      "refuse-for-now:logins:11051@1s+2m",
      { kind: "refuse-for-now", of: "logins", code: "11051", durationMs: 120_000 },
    ],
    [
      "http-out:429:20@1s+1m",
      { kind: "http-out", status: 429, retryAfterSeconds: 20, durationMs: 60_000 },
    ],
    [
      "http-out@1s",
      { kind: "http-out", status: undefined, retryAfterSeconds: undefined, durationMs: undefined },
    ],
    ["wrong-checksum@1s+1h", { kind: "wrong-checksum", durationMs: 3_600_000 }],
    ["mute:all:socket@1s", { kind: "mute", all: true, until: "socket" }],
    ["mute@1s", { kind: "mute", all: false, until: "subscription" }],
  ])("reads %s", (text, fault) => {
    expect(parseFaultPlan(text)).toEqual([{ atMs: 1_000, fault }]);
  });

  it("repeats at equal steps", () => {
    expect(parseFaultPlan("reset@1s..5s/2s").map(({ atMs }) => atMs)).toEqual([
      1_000, 3_000, 5_000,
    ]);
  });

  it("knows none, and takes default from whoever asks", () => {
    const plan = createFaultPlan(1, { durationMs: 1_000 });
    expect(parseFaultPlan("none")).toEqual([]);
    expect(parseFaultPlan("default", plan)).toBe(plan);
  });

  it.each([
    ["boom@5s", /one of reset, fin/],
    ["reset", /such as reset@5s/],
    ["", /such as reset@5s/],
    ["reset@5", /"5".*reset@5"/],
    ["reset@5s+1s", /no duration/],
    ["stall@5s", /a duration/],
    ["close@5s", /a close code/],
    ["close:1006@5s", /a close code/],
    ["close:999@5s", /1000 to 4999/],
    ["status:99@5s+1s", /200 to 599/],
    ["reset:1@5s", /at most 0 values/],
    ["reset@5s..1s/1s", /a series/],
    ["renumber:quotes@5s", /a whole number.*"quotes"/],
    ["mute:some@5s", /all or socket/],
    ["lag:11s@5s", /at most 10s/],
    ["retell:201@5s", /1 to 200/],
    ["http-out:200@5s", /300 to 599/],
    ["fin@1s,flap:x@5s+1s", /"x".*flap:x@5s\+1s/],
  ])("names what it can't read: %s", (text, message) => {
    expect(() => parseFaultPlan(text)).toThrow(message);
  });
});
