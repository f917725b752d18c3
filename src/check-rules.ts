/** Rules that say what a loss means, the user's and a venue's: a misspelt one would never match, silently. */
import { lossClasses } from "../machines/loss.ts";
import type { VerdictRule } from "../machines/policy/verdict.ts";
import { checkBoolean, checkInteger, checkKeys, checkMs } from "./check.ts";
import { OptionError } from "./errors.ts";

export function checkRules(
  value: unknown,
  path: string,
  expected = "a list of rules",
): readonly VerdictRule[] {
  if (!Array.isArray(value)) throw new OptionError(path, expected, value);
  const rules = value.map((rule, index) => checkRule(rule, `${path}[${index}]`));
  rules.forEach(({ name }, index) => {
    // Losses are counted by the name of their rule.
    if (rules.findIndex((rule) => rule.name === name) < index)
      throw new OptionError(`${path}[${index}].name`, "a name of its own", name);
  });
  return rules;
}

const FINAL = ["retry", "slow", "now", "refuse"] as const;
const ACTIONS = ["retry", "slow", "now", "renew", "refuse"] as const;

function checkRule(value: unknown, path: string): VerdictRule {
  const rule = checkKeys(value, path, ["name", "when", "ruling", "repeated", "onceReady"]);
  if (typeof rule.name !== "string" || rule.name === "") {
    throw new OptionError(`${path}.name`, "a non-empty string", rule.name);
  }
  checkMatch(rule.when, `${path}.when`);
  checkRuling(rule.ruling, `${path}.ruling`, ACTIONS);
  if (rule.onceReady !== undefined) checkRuling(rule.onceReady, `${path}.onceReady`, FINAL);
  if (rule.repeated !== undefined) {
    const keys = ["times", "withinMs", "ruling"] as const;
    const repeated = checkKeys(rule.repeated, `${path}.repeated`, keys);
    checkInteger(repeated.times ?? NaN, `${path}.repeated.times`, 1, 1);
    checkMs(repeated.withinMs ?? NaN, `${path}.repeated.withinMs`, 1, 1);
    checkRuling(repeated.ruling, `${path}.repeated.ruling`, FINAL);
  }
  return value as VerdictRule;
}

const MATCHED = [
  "class",
  "status",
  "statuses",
  "closeCode",
  "closeCodes",
  "code",
  "refusal",
  "detailIncludes",
] as const;

function checkMatch(value: unknown, path: string): void {
  const when = checkKeys(value, path, MATCHED);
  checkEach(when.class, `${path}.class`, "the name of a class of loss", (name) =>
    typeof name === "string" ? Object.hasOwn(lossClasses, name) : false,
  );
  checkEach(when.status, `${path}.status`, "an HTTP status", Number.isInteger);
  checkEach(when.closeCode, `${path}.closeCode`, "a close code", Number.isInteger);
  checkEach(when.code, `${path}.code`, "a string", isText);
  if (when.detailIncludes !== undefined && !isText(when.detailIncludes)) {
    throw new OptionError(`${path}.detailIncludes`, "a non-empty string", when.detailIncludes);
  }
  if (when.refusal !== undefined && when.refusal !== "never" && when.refusal !== "later") {
    throw new OptionError(`${path}.refusal`, '"never" or "later"', when.refusal);
  }
  checkRange(when.closeCodes, `${path}.closeCodes`, "two close codes, [from, to]");
  checkRange(when.statuses, `${path}.statuses`, "two HTTP statuses, [from, to]");
}

function checkRange(value: unknown, path: string, expected: string): void {
  if (value === undefined) return;
  const [from, to, ...more]: readonly unknown[] = Array.isArray(value) ? value : [];
  if (typeof from !== "number" || typeof to !== "number" || !(from <= to) || more.length > 0) {
    throw new OptionError(path, expected, value);
  }
}

/** A value, or a list of them. */
function checkEach(
  value: unknown,
  path: string,
  expected: string,
  isGood: (value: unknown) => boolean,
): void {
  if (value === undefined) return;
  const values: readonly unknown[] = Array.isArray(value) ? value : [value];
  const wrong = values.find((one) => !isGood(one));
  if (wrong !== undefined || values.length === 0) {
    throw new OptionError(path, `${expected}, or a list of them`, wrong ?? value);
  }
}

function isText(value: unknown): boolean {
  return typeof value === "string" && value !== "";
}

const RULED = [
  "action",
  "floorMs",
  "defaultRetryAfterMs",
  "spreadMs",
  "alerts",
  "otherwise",
  "fixed",
] as const;

export function checkRuling(value: unknown, path: string, actions: readonly string[]): void {
  const ruling = checkKeys(value, path, RULED);
  const { action } = ruling;
  if (typeof action !== "string" || !actions.includes(action)) {
    throw new OptionError(
      `${path}.action`,
      actions.map((name) => `"${name}"`).join(" or "),
      action,
    );
  }
  checkMs(ruling.floorMs, `${path}.floorMs`, 0);
  checkMs(ruling.defaultRetryAfterMs, `${path}.defaultRetryAfterMs`, 0);
  checkMs(ruling.spreadMs, `${path}.spreadMs`, 0);
  checkBoolean(ruling.alerts, `${path}.alerts`);
  if (action !== "renew") return;
  for (const branch of ["otherwise", "fixed"] as const) {
    checkRuling(ruling[branch], `${path}.${branch}`, FINAL);
  }
}
