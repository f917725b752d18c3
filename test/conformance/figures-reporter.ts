/** Prints what a coverage test has counted, and why it failed if it did; nothing else. */
import type { Reporter, TestModule } from "vitest/node";

declare module "vitest" {
  interface TaskMeta {
    figures?: readonly string[];
  }
}

export default class FiguresReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    for (const module of modules) {
      for (const test of module.children.allTests()) {
        for (const line of test.meta().figures ?? []) console.log(line);
        for (const { message } of test.result().errors ?? []) console.log(message);
      }
      for (const { message } of module.errors()) console.log(message);
    }
  }
}
