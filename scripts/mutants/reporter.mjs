// What the suites said of a mutant, for suites.mjs: each failure, and whether it is an assertion's. Only
// here are the causes still to be had: fast-check and the walk wrap the assertion that failed.
import { writeFileSync } from "node:fs";

export default class MutantReporter {
  onTestRunEnd(modules, unhandledErrors) {
    const failures = modules.flatMap((module) =>
      [...module.children.allTests("failed")].flatMap((test) =>
        test
          .result()
          .errors.map((error) => failure(`"${test.fullName}"`, error, isAssertion(error))),
      ),
    );
    // A suite that did not load, or an error that no test waits for: it asserts nothing.
    const others = [...modules.flatMap((module) => module.errors()), ...unhandledErrors].map(
      (error) => failure("outside of any test", error, false),
    );
    writeFileSync(process.env.MUTANT_REPORT, JSON.stringify([...failures, ...others]));
  }
}

function failure(where, error, asserts) {
  const says = `${error.name}: ${error.message}`.trim().split("\n", 1)[0].slice(0, 160);
  return { by: `${where}: ${says}`, asserts };
}

function isAssertion(error) {
  if (error === null || typeof error !== "object") return false;
  return error.name === "AssertionError" || isAssertion(error.cause);
}
