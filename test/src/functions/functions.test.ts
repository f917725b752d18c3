/**
 * Every option that takes a function, given one that is async, that throws, that gives a `Map`, `null`,
 * `undefined`, a promise that rejects or one that hangs: what is promised of each.
 */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { functionOptions } from "../../package/function-options.ts";
import { promisesSettle } from "../start-supervisor.ts";
import { type Given, mistakes, names, type Row } from "./given.ts";
import { supervisorRows } from "./supervisor-rows.ts";
import { toolRows } from "./tool-rows.ts";
import { transportRows } from "./transport-rows.ts";
import { venueRows } from "./venue-rows.ts";

const rows: readonly Row[] = [...supervisorRows, ...venueRows, ...transportRows, ...toolRows];

const unhandled: unknown[] = [];
const note = (reason: unknown): void => void unhandled.push(reason);

beforeEach(() => {
  unhandled.length = 0;
  process.on("unhandledRejection", note);
});

afterEach(() => {
  process.off("unhandledRejection", note);
});

describe.each(rows)("$option", ({ right, live, fine, promised }) => {
  it("that is right does its work", async () => {
    expect(await live(right as Given)).toBe(fine);
  });

  it.each(names)(
    "%s: has the promised outcome, and leaves no rejection unhandled",
    async (name) => {
      expect(await live(mistakes[name](right))).toBe(promised[name]);
      await promisesSettle();
      expect(unhandled).toEqual([]);
    },
  );
});

describe("the table", () => {
  /** A schema's function is declared by the Standard Schema's own package. */
  const elsewhere = ["StandardSchemaV1.validate"];

  it("has every option that takes a function, and no other", () => {
    const options = new Set(rows.map(({ option }) => option));
    expect([...options].sort()).toEqual([...functionOptions(), ...elsewhere].sort());
  });

  it("knows functions wherever they stand in the sources", () => {
    const found = functionOptions();
    for (const option of [
      "SupervisorOptions.decode", // a property
      "Conversation.decode", // a method, of what a function gives
      "Keepalive.frame", // a member of a union
      "SupervisorOptions.headers", // by the name of its type
      "WsTransportOptions.lookup", // by the name of a type of Node's
      "Logger.warn", // by the name of a type that is not exported
    ]) {
      expect(found).toContain(option);
    }
  });

  it("lets no mistake pass in silence", () => {
    const told =
      /OptionError|thrown|loss|callback\.failed|message\.|alert|failures|warning|refused/;
    /** A test that hangs ends by its own deadline; a text that is not revealed is hidden; a key may be none. */
    const meant = /^waits$|^not shown$|^3 of 3 messages$/;
    const silent = rows.flatMap(({ option, fine, promised }) =>
      names
        .filter((name) => promised[name] !== fine)
        .filter((name) => !told.test(promised[name]) && !meant.test(promised[name]))
        .map((name) => `${option}, ${name}: ${promised[name]}`),
    );
    expect(silent).toEqual([]);
  });

  it("is told in the docs, option by option", () => {
    const page = readFileSync(resolve(import.meta.dirname, "../../../docs/functions.md"), "utf8");
    const members = rows.map(({ option }) => option.split(".").at(-1) ?? option);
    expect(members.filter((member) => !page.includes(`\`${member}\``))).toEqual([]);
  });
});
