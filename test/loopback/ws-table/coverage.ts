/**
 * `npm run coverage:ws`: how many of the cases were shown, on the adapter and on the in-memory transport.
 * Exits 1 when one is missing, skipped or failed, and names it.
 */
import type { Reporter, TestCase, TestModule } from "vitest/node";
import { isVisible } from "./case.ts";
import { cases } from "./cases.ts";
import { ids } from "./ids.ts";
import { ADAPTER, MEMORY } from "./suites.ts";

export default class Coverage implements Reporter {
  onTestRunEnd(
    modules: readonly TestModule[],
    errors: readonly { readonly message: string }[],
  ): void {
    const tests = modules.flatMap((module) => [...module.children.allTests()]);
    const onAdapter = shown(tests, ADAPTER, ids);
    const visible = cases.filter(isVisible).map(({ id }) => id);
    const inMemory = shown(tests, MEMORY, visible);

    const broken = [
      ...modules.flatMap((module) => module.errors()).map(({ message }) => message),
      ...errors.map(({ message }) => message),
      ...tests.filter((test) => test.result().state === "failed").map(describeFailure),
      ...onAdapter.missing.map((id) => `${id} was not shown on the adapter`),
      ...inMemory.missing.map((id) => `${id} was not shown on the in-memory transport`),
    ];
    for (const each of broken) console.log(each);
    console.log(`adapter ${onAdapter.count}/${ids.length}`);
    console.log(`in-memory transport ${inMemory.count}/${visible.length} visible at the interface`);
    if (broken.length > 0) process.exitCode = 1;
  }
}

/** Which of `wanted` have a test that passed in this suite. */
function shown(tests: readonly TestCase[], suite: string, wanted: readonly string[]) {
  const passed = new Set(
    tests
      .filter((test) => test.parent.type === "suite" && test.parent.name === suite)
      .filter((test) => test.result().state === "passed")
      .map((test) => test.name.split(" ")[0] ?? ""),
  );
  const missing = wanted.filter((id) => !passed.has(id));
  return { count: wanted.length - missing.length, missing };
}

function describeFailure(test: TestCase): string {
  const [error] = test.result().errors ?? [];
  return `failed: ${test.fullName}: ${error?.message ?? "no reason given"}`;
}
