/**
 * What a venue's `control` says of a message, checked: it decides whether a message is delivered, and leads to
 * sends and to the socket's end. Run for control messages only.
 */
import { OptionError, wrongValue } from "../errors.ts";
import { isPlainObject } from "../shape.ts";
import { checkAnswer } from "../subscriptions/check-answer.ts";
import type { VenueNotice, VenueWord } from "./venue.ts";

const PATH = "venue.control()";

/** @throws {@link OptionError} for what is no word; the rejection of a promise is handled. */
export function checkWord(value: unknown): VenueWord {
  const { kind } = isPlainObject(value) ? value : { kind: undefined };
  const word = value as VenueWord;
  switch (kind) {
    case "alive":
    case "challenge": // its reply is a frame, and is checked as one
      return word;
    case "answer": {
      const { answer } = word as Extract<VenueWord, { kind: "answer" }>;
      return { kind, answer: checkAnswer(answer, `${PATH}.answer`) };
    }
    case "answers": {
      const { answers } = word as Extract<VenueWord, { kind: "answers" }>;
      if (!Array.isArray(answers)) throw new OptionError(`${PATH}.answers`, "a list", answers);
      return { kind, answers: answers.map((one) => checkAnswer(one, `${PATH}.answers`)) };
    }
    case "notice":
      checkNotice((word as Extract<VenueWord, { kind: "notice" }>).notice);
      return word;
    default:
      throw wrongValue(PATH, "undefined, or a word of a known `kind`", value);
  }
}

const ACTIONS: Readonly<Record<VenueNotice["action"], true>> = {
  replace: true,
  pause: true,
  resume: true,
  status: true,
};

function checkNotice(value: unknown): void {
  const path = `${PATH}.notice`;
  if (!isPlainObject(value)) throw new OptionError(path, "an object", value);
  const { action, detail, withinMs } = value;
  if (typeof action !== "string" || !Object.hasOwn(ACTIONS, action)) {
    throw new OptionError(`${path}.action`, Object.keys(ACTIONS).join(" or "), action);
  }
  if (typeof detail !== "string") throw new OptionError(`${path}.detail`, "a string", detail);
  if (action === "replace" && !(typeof withinMs === "number" && withinMs >= 0)) {
    throw new OptionError(`${path}.withinMs`, "milliseconds of 0 or more", withinMs);
  }
}
