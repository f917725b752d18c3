/** The tables of `docs/errors.md`, held to the verdict: every status, close code and class of loss. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import {
  verdict,
  verdictTable,
  type Loss,
  type LossClass,
  type LossHistory,
  type VerdictPolicy,
} from "../../../machines/index.ts";

const page = readFileSync(new URL("../../../docs/errors.md", import.meta.url), "utf8");
const young: LossHistory = { atMs: 0, losses: [], hasRenewed: false, wasReady: false };
const fixed: VerdictPolicy = { rules: [], credentials: "fixed" };
const renewable: VerdictPolicy = { rules: [], credentials: "renewable" };
const REDIRECTS = [301, 302, 303, 307, 308];

/** The cells of the rows under a heading. */
function rowsUnder(heading: string): string[][] {
  const [, rest = ""] = page.split(`\n${heading}\n`);
  const [section = ""] = rest.split(/\n##+ /);
  return section
    .split("\n")
    .filter((line) => line.startsWith("|") && !/^\| *-/.test(line))
    .slice(1)
    .map((line) =>
      line
        .slice(1, -1)
        .split("|")
        .map((cell) => cell.trim()),
    );
}

/** What each number is documented as: rows that list it, then those with a range of "the others". */
function documented(rows: readonly string[][]): (code: number) => string[] | undefined {
  const listed = rows.filter(([codes = ""]) => !codes.includes("–"));
  const ranges = rows.filter(([codes = ""]) => codes.includes("–"));
  return (code) =>
    listed.find(([codes = ""]) => codes.split(", ").includes(String(code))) ??
    ranges.find(([codes = ""]) =>
      [...codes.matchAll(/(\d+)–(\d+)/g)].some(
        ([, from, to]) => Number(from) <= code && code <= Number(to),
      ),
    );
}

function ruleOf(row: readonly string[] | undefined): string | undefined {
  return row?.[1]?.replaceAll("`", "");
}

/** What a row of the page says of the wait, the alert and the end has to be what the verdict does. */
function expectAsWritten(text: string, loss: Loss): void {
  const decided = verdict(loss, young, fixed);
  const renewed = verdict(loss, young, renewable);
  const told = text.replaceAll(/\[(.*?)\]\(.*?\)/g, "$1");
  expect(renewed.renews, told).toBe(told.startsWith("renewal"));
  const own = told.replace(/^renewal; with fixed credentials /, "");
  if (/^(failed|gives up)/.test(own)) {
    expect(decided.action, told).toBe("refuse");
    const spared = verdict(loss, { ...young, wasReady: true }, fixed);
    expect(spared.action, told).toBe(own.startsWith("gives up") ? "slow" : "refuse");
    return;
  }
  expect(decided.alerts, told).toBe(/alert/.test(own));
  const [, named] = /(?:or|before) (\d+) s/.exec(own) ?? [];
  const floorMs = own.startsWith("a random 5–30 s") ? 5_000 : Number(named ?? 0) * 1_000;
  expect(decided.floorMs, told).toBe(floorMs);
  if (/gives up/.test(own)) {
    const [, ordinal] = /the (third|fourth) in five minutes/.exec(own) ?? [];
    const times = ordinal === "fourth" ? 4 : 3;
    const past = (count: number) => ({
      ...young,
      losses: Array.from({ length: count }, () => ({
        rule: decided.rule,
        class: loss.class,
        atMs: 0,
      })),
    });
    expect(verdict(loss, past(times - 2), fixed).action, told).not.toBe("refuse");
    expect(verdict(loss, past(times - 1), fixed).action, told).toBe("refuse");
    expect(verdict(loss, { ...past(times - 1), wasReady: true }, fixed), told).toMatchObject({
      action: "slow",
      floorMs: 30_000,
      alerts: true,
    });
  }
}

describe("the table of HTTP statuses", () => {
  const rowOf = documented(rowsUnder("### HTTP statuses"));

  it("names the rule of every status, and what it does", () => {
    for (let status = 0; status <= 999; status += 1) {
      if (status === 101 || REDIRECTS.includes(status)) continue;
      const loss: Loss = { class: "http-refusal", phase: "upgrade", status };
      const row = rowOf(status);
      expect(ruleOf(row), String(status)).toBe(verdict(loss, young, fixed).rule);
      expectAsWritten(row?.[2] ?? "", loss);
    }
  });
});

describe("the table of close codes", () => {
  const rowOf = documented(rowsUnder("### Close codes"));

  it("names the rule of every close code, and what it does", () => {
    for (let closeCode = 1_000; closeCode <= 4_999; closeCode += 1) {
      const loss: Loss = { class: "closed-by-peer", phase: "open", closeCode };
      const row = rowOf(closeCode);
      expect(ruleOf(row), String(closeCode)).toBe(verdict(loss, young, fixed).rule);
      expectAsWritten(row?.[2] ?? "", loss);
    }
  });
});

describe("the table of losses", () => {
  const rows = rowsUnder("## Classes of loss");
  const plain = rows.filter(([, , rule = ""]) => rule.startsWith("`"));

  it("names the rule of every class, and what it does", () => {
    for (const [name = "", what = "", rule = "", does = ""] of plain) {
      const [, refusal] = /threw `(later|never)`/.exec(what) ?? [];
      const loss: Loss = {
        class: name.replaceAll("`", "") as LossClass,
        phase: "open",
        ...(refusal === undefined ? {} : { refusal: refusal as "later" | "never" }),
        ...(what.startsWith("EINVAL") ? { code: "EINVAL" } : {}),
      };
      expect(verdict(loss, young, fixed).rule, name).toBe(rule.replaceAll("`", ""));
      if (refusal !== "never" || loss.class !== "resolver") expectAsWritten(does, loss);
    }
  });

  it("has every rule that there is", () => {
    const told = [...rowsUnder("### HTTP statuses"), ...rowsUnder("### Close codes")].map(ruleOf);
    const all = [...told, ...plain.map(([, , rule = ""]) => rule.replaceAll("`", ""))];
    for (const { name } of verdictTable) expect(all).toContain(name);
  });
});
