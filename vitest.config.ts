import { resolve } from "node:path";
import { defineConfig } from "vitest/config";

// Three rings (style.md §5): `unit` decides and never waits, `simulation` is seeded worlds on
// virtual time, `loopback` opens real sockets on this machine only.
// Tests and examples import the package by its own names, as users do, from source.
const alias = {
  "ws-supervisor/machines": resolve(import.meta.dirname, "machines/index.ts"),
  "ws-supervisor/venues": resolve(import.meta.dirname, "src/venues/index.ts"),
  "ws-supervisor/testing": resolve(import.meta.dirname, "src/testing/index.ts"),
  "ws-supervisor/logs": resolve(import.meta.dirname, "src/observe/logs/index.ts"),
  "ws-supervisor/alerts": resolve(import.meta.dirname, "src/observe/alerts/index.ts"),
  "ws-supervisor/prometheus": resolve(import.meta.dirname, "src/observe/prometheus/index.ts"),
  "ws-supervisor/opentelemetry": resolve(import.meta.dirname, "src/observe/opentelemetry/index.ts"),
  "ws-supervisor/browser": resolve(import.meta.dirname, "src/browser/index.ts"),
  "ws-supervisor/inspector": resolve(import.meta.dirname, "src/observe/inspector/index.ts"),
  "ws-supervisor": resolve(import.meta.dirname, "src/index.ts"),
};

const project = (name: string, include: string[], testTimeout: number) => ({
  resolve: { alias },
  test: { name, include, testTimeout, environment: "node" as const },
});

export default defineConfig({
  test: {
    projects: [
      project("unit", ["test/{machines,src,package,conformance}/**/*.test.ts"], 60_000),
      project("simulation", ["test/simulation/**/*.test.ts"], 120_000),
      project("loopback", ["test/loopback/**/*.test.ts"], 120_000),
      project("browser", ["test/browser/**/*.test.ts"], 120_000),
      project("netns", ["test/netns/**/*.test.ts"], 120_000),
    ],
  },
});
