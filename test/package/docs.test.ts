/** Docs that can rot are held to the code. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { counted, measured, type Metric } from "../../src/observe/metrics/catalog.ts";

const root = resolve(import.meta.dirname, "../..");
const read = (file: string) => readFileSync(resolve(root, file), "utf8");

/** The string literals of a union type, by its name. */
function unionOf(file: string, name: string): string[] {
  const [, body = ""] = new RegExp(`export type ${name} =([^;]+);`).exec(read(file)) ?? [];
  return [...body.matchAll(/"([^"]+)"/g)].map(([, literal = ""]) => literal);
}

/** The `kind`s of a union of objects. */
function kindsOf(file: string, name: string): string[] {
  const text = read(file);
  const start = text.indexOf(`export type ${name} =`);
  const body = text.slice(start, text.indexOf("\n\n", start));
  return [...body.matchAll(/kind: "([^"]+)"/g)].map(([, kind = ""]) => kind);
}

const inTable = (doc: string) => [...doc.matchAll(/^\| `([^`]+)`/gm)].map(([, name = ""]) => name);

describe("docs/errors.md", () => {
  const rows = inTable(read("docs/errors.md"));

  it("has a row for every class of loss, and no other", () => {
    const classes = unionOf("machines/loss.ts", "LossClass");
    expect(classes.length).toBeGreaterThan(20);
    for (const name of classes) expect(rows).toContain(name);
  });

  it("has a row for every alert", () => {
    const alerts = [
      ...kindsOf("machines/connection.events.ts", "ConnectionAlert"),
      ...kindsOf("src/supervisor/facts.ts", "Alert"),
    ];
    expect(alerts.length).toBeGreaterThan(4);
    for (const kind of alerts) expect(rows).toContain(kind);
  });

  it("has a row for every error class", () => {
    const errors = [...read("src/errors.ts").matchAll(/export class (\w+)/g)].map(
      ([, name = ""]) => name,
    );
    for (const name of errors) expect(rows).toContain(name);
  });

  it("names nothing that is not in the code", () => {
    const known = [
      ...unionOf("machines/loss.ts", "LossClass"),
      ...kindsOf("machines/connection.events.ts", "ConnectionAlert"),
      ...kindsOf("src/supervisor/facts.ts", "Alert"),
      ...[...read("src/errors.ts").matchAll(/export class (\w+)/g)].map(([, name = ""]) => name),
    ];
    expect(rows.filter((name) => !known.includes(name))).toEqual([]);
  });
});

describe("docs/observability.md", () => {
  const rows = [...read("docs/observability.md").matchAll(/^\| `([^`]+)` +\|(.*)$/gm)];
  const named = new Map(rows.map(([, name = "", rest = ""]) => [name, rest]));
  const facts = read("src/supervisor/facts.ts");
  const [, payloads = ""] = /export interface FactPayloads \{([\s\S]*?)\n\}/.exec(facts) ?? [];
  const payloadOf = new Map(
    payloads.split(/^ {2}(?=["\w])/m).flatMap((entry) => {
      const [, type] = /^"?([\w.-]+)"?: /.exec(entry) ?? [];
      const fields = [...entry.matchAll(/readonly (\w+):/g)].map(([, field = ""]) => field);
      return type === undefined ? [] : [[type, fields] as const];
    }),
  );

  it("has a row for every channel, with every field of its fact", () => {
    expect(payloadOf.size).toBeGreaterThan(15);
    for (const [type, fields] of payloadOf) {
      const row = named.get(`ws-supervisor:${type}`);
      expect(row, type).toBeDefined();
      for (const field of fields) expect(row, type).toContain(`\`${field}\``);
    }
    const channels = [...named.keys()].filter((name) => name.startsWith("ws-supervisor:"));
    expect(channels.length).toBe(payloadOf.size);
  });

  it("has a row for every metric, with its kind and labels", () => {
    for (const { name, kind, labels } of Object.values<Metric>({ ...measured, ...counted })) {
      expect(named.get(name), name).toMatch(new RegExp(`^ ${kind} `));
      for (const label of labels) expect(named.get(name), name).toContain(`\`${label}\``);
    }
  });
});

describe("every document", () => {
  const documents = [
    "README.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    ...readdirSync(resolve(root, "docs")).map((name) => `docs/${name}`),
  ].filter((name) => name.endsWith(".md"));

  it.each(documents)("%s links only to what is there", (document) => {
    const links = [...read(document).matchAll(/\]\((?!https?:)([^)#]+)/g)].map(
      ([, link = ""]) => link,
    );
    const missing = links.filter((link) => !existsSync(resolve(root, dirname(document), link)));
    expect(missing).toEqual([]);
  });

  it("names only npm scripts that exist", () => {
    const { scripts } = JSON.parse(read("package.json")) as { scripts: Record<string, string> };
    const named = documents.flatMap((document) =>
      [...read(document).matchAll(/`npm run ([\w:]+)`/g)].map(([, name = ""]) => name),
    );
    expect(named.filter((name) => !(name in scripts))).toEqual([]);
  });
});
