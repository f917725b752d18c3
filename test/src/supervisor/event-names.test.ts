/** The names of events: one that is none is refused, as its listener would never be called. */
import { describe, expect, it } from "vitest";
import { factTypes } from "../../../src/supervisor/facts.ts";
import { OptionError } from "../../../src/index.ts";
import { SupervisorWorld } from "../start-supervisor.ts";

const ignore = (): void => undefined;

describe("on()", () => {
  it.each(["open", "close", "error", "Message", "attempt-failed", "", "toString", "__proto__"])(
    "refuses %j, with the names there are",
    (name) => {
      const { feed } = new SupervisorWorld();
      const listen = () => feed.on(name as never, ignore);
      expect(listen).toThrow(OptionError);
      expect(listen).toThrow(
        /^type: expected "message", "\*" or one of .*\bup, down, .*, received /,
      );
      for (const type of Object.keys(factTypes)) expect(listen).toThrow(type);
      expect(feed.status().listeners).toBe(1);
    },
  );

  it.each([undefined, null, 5, {}, Symbol("up")])("refuses what is no name: %s", (name) => {
    const { feed } = new SupervisorWorld();
    expect(() => feed.on(name as never, ignore)).toThrow(OptionError);
  });

  it.each([...Object.keys(factTypes), "message", "*"])("takes %s", (name) => {
    const { feed } = new SupervisorWorld();
    const off = feed.on(name as never, ignore);
    expect(feed.status().listeners).toBe(2); // the world has one of its own
    off();
    expect(feed.status().listeners).toBe(1);
  });
});
