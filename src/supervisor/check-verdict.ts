/** The option that says what a loss means: rules, or a function whose every answer is checked. */
import type { Loss } from "../../machines/loss.ts";
import type {
  LossHistory,
  VerdictFunction,
  VerdictPolicy,
  VerdictRule,
} from "../../machines/policy/verdict.ts";
import { requireSync, type ReportFailure } from "../check.ts";
import { checkRules, checkRuling } from "../check-rules.ts";

export interface VerdictParts {
  /** The option `verdict`. */
  readonly given: unknown;
  readonly venueRules: readonly VerdictRule[];
  readonly credentials: VerdictPolicy["credentials"];
  readonly report: ReportFailure;
}

/** Where nothing is said, which is mostly: one for all. */
const plain: Readonly<Record<VerdictPolicy["credentials"], VerdictPolicy>> = {
  fixed: { rules: [], credentials: "fixed" },
  renewable: { rules: [], credentials: "renewable" },
};

export function checkVerdict({
  given,
  venueRules,
  credentials,
  report,
}: VerdictParts): VerdictPolicy {
  if (given === undefined) {
    return venueRules.length === 0 ? plain[credentials] : { rules: venueRules, credentials };
  }
  if (typeof given === "function") {
    requireSync(given, "verdict");
    const custom = guardVerdict(given as VerdictFunction, report);
    return { rules: venueRules, custom, credentials };
  }
  const rules = checkRules(given, "verdict", "a list of rules or a function");
  return { rules: [...rules, ...venueRules], credentials };
}

/** What the user's verdict says is checked each time; what is wrong leaves the loss to the table. */
function guardVerdict(custom: VerdictFunction, report: ReportFailure): VerdictFunction {
  return (loss: Loss, history: LossHistory) => {
    try {
      const ruling: unknown = custom(loss, history);
      if (ruling === undefined) return undefined;
      checkRuling(ruling, "verdict()", ["retry", "slow", "now", "refuse"]);
      return ruling as ReturnType<VerdictFunction>;
    } catch (error) {
      report("verdict", error);
      return undefined;
    }
  };
}
