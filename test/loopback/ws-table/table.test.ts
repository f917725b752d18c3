/** The table itself: no row is lost, and each has the class that faults.md §A3 or `classes.ts` gives it. */
import { describe, expect, it } from "vitest";
import { classOf } from "./case.ts";
import { cases } from "./cases.ts";
import { classesInA3, decided, departures } from "./classes.ts";
import { ids } from "./ids.ts";

describe("the table of cases", () => {
  it("has each of the 291 rows once", () => {
    expect(ids).toHaveLength(291);
    expect(cases.map(({ id }) => id).sort()).toEqual([...ids].sort());
  });

  it("has the class of §A3 where §A3 names the row, or says why not", () => {
    for (const row of cases.filter(({ id }) => classesInA3(id).length > 0)) {
      const given = classesInA3(row.id);
      const departure = departures.get(row.id);
      if (departure === undefined) expect(given, row.id).toContain(classOf(row));
      else {
        expect(classOf(row), row.id).toBe(departure);
        expect(given, `${row.id} departs from nothing`).not.toContain(departure);
      }
    }
  });

  it("has a class of its own for each of the 94 others", () => {
    const others = cases.filter(({ id }) => classesInA3(id).length === 0);
    expect(others).toHaveLength(94);
    expect([...decided.keys()].sort()).toEqual(others.map(({ id }) => id).sort());
    for (const row of others) expect(classOf(row), row.id).toBe(decided.get(row.id));
  });
});
