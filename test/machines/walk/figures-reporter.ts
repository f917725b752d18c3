/**
 * Prints what tests counted (`task.meta.figures`), a plain line each, and why a test failed; nothing
 * else. For commands whose point is a figure: `npm run coverage:transitions`.
 */
import type { Reporter, SerializedError, TestModule } from "vitest/node";

declare module "vitest" {
  interface TaskMeta {
    figures?: readonly string[];
  }
}

// Vitest takes a reporter from a module's default export only.
export default class FiguresReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly SerializedError[]): void {
    for (const test of modules.flatMap(({ children }) => [...children.allTests()])) {
      for (const line of test.meta().figures ?? []) console.log(line);
      for (const { message } of test.result().errors ?? []) {
        console.error(`${test.fullName}: ${message}`);
      }
    }
    for (const { message } of [...modules.flatMap((module) => module.errors()), ...unhandled]) {
      console.error(message);
    }
  }
}
