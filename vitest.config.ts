import { defineConfig } from "vitest/config";

// Three rings (style.md §5): `unit` decides and never waits, `simulation` is seeded worlds on
// virtual time, `loopback` opens real sockets on this machine only.
const project = (name: string, include: string[], testTimeout: number) => ({
  test: { name, include, testTimeout, environment: "node" as const },
});

export default defineConfig({
  test: {
    projects: [
      project("unit", ["test/{machines,src,package}/**/*.test.ts"], 20_000),
      project("simulation", ["test/simulation/**/*.test.ts"], 120_000),
      project("loopback", ["test/loopback/**/*.test.ts"], 120_000),
    ],
  },
});
