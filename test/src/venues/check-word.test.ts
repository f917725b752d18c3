import { describe, expect, it } from "vitest";
import { checkWord } from "../../../src/venues/check-word.ts";

const complaintAbout = (word: unknown): string => {
  try {
    return `none: ${JSON.stringify(checkWord(word))}`;
  } catch (error) {
    return (error as Error).message;
  }
};

describe("a word of a venue's `control`", () => {
  it.each([
    [{ kind: "alive" }],
    [{ kind: "challenge", reply: "pong" }],
    [{ kind: "answer", answer: { id: 1 } }],
    [{ kind: "answers", answers: [{ id: 1 }, { state: [] }] }],
    [{ kind: "notice", notice: { action: "replace", withinMs: 0, detail: "soon" } }],
    [{ kind: "notice", notice: { action: "status", detail: "" } }],
  ])("may be %j", (word) => {
    expect(checkWord(word)).toEqual(word);
  });

  it.each([
    [true, "venue.control(): expected undefined, or a word of a known `kind`, received true"],
    [{ kind: "news" }, "venue.control(): expected undefined, or a word of a known `kind`"],
    [new Map([["kind", "alive"]]), "venue.control(): expected undefined, or a word"],
    [Promise.resolve({ kind: "alive" }), "received a promise"],
    [{ kind: "answer" }, "venue.control().answer: expected undefined, or an object with `id`"],
    [{ kind: "answers", answers: { id: 1 } }, "venue.control().answers: expected a list"],
    [
      { kind: "answers", answers: [5] },
      "venue.control().answers: expected undefined, or an object",
    ],
    [{ kind: "notice" }, "venue.control().notice: expected an object"],
    [
      { kind: "notice", notice: { action: "panic", detail: "" } },
      "venue.control().notice.action: expected replace or pause or resume or status",
    ],
    [
      { kind: "notice", notice: { action: "status", detail: { code: 5 } } },
      "venue.control().notice.detail: expected a string, received an object",
    ],
    [
      { kind: "notice", notice: { action: "replace", detail: "soon" } },
      "venue.control().notice.withinMs: expected milliseconds of 0 or more",
    ],
  ])("is refused where it cannot be read: %j", (word, complaint) => {
    expect(complaintAbout(word)).toContain(complaint);
  });
});
