/**
 * Values as they may be shown: nothing that could be a secret, nothing without a bound.
 *
 * Numbers, booleans and the words of the vocabulary are shown; text is hidden, because text from
 * outside may be a URL, a header or a token in any encoding, and no pattern tells. What a user
 * reveals is shown but for what its key calls a secret. Getters are never run.
 */
import { printable } from "../../transport/printable.ts";
import { isSecretName, scrub } from "./secrets.ts";
import type { View, ViewObject } from "./protocol.ts";
import type { Vocabulary } from "./vocabulary.ts";

/** Where a value stands, for whoever decides whether its text is revealed. */
export interface TextPlace {
  /** `context`, `event`, `output` or `error`, then the keys down to the text. */
  readonly path: readonly string[];
  /** The id of the actor. */
  readonly actor: string;
}

export type Reveal = (text: string, place: TextPlace) => boolean;

const MAX_DEPTH = 6;
const MAX_KEYS = 60;
const MAX_ITEMS = 40;
const MAX_TEXT = 500;
const IDENTIFIER = /^[A-Za-z_][A-Za-z_$]{0,39}\d{0,2}$/;

const TYPE = /^[\w.:$*/ -]{1,120}$/;

const mark = (kind: string, more: ViewObject = {}): ViewObject => ({ $: kind, ...more });

export class Viewer {
  readonly #vocabulary: Vocabulary;
  readonly #reveal: Reveal | undefined;

  constructor(vocabulary: Vocabulary, reveal?: Reveal) {
    this.#vocabulary = vocabulary;
    this.#reveal = reveal;
  }

  view(value: unknown, place: TextPlace): View {
    try {
      return this.#view(value, place, new Set());
    } catch {
      return mark("unreadable"); // a proxy's trap, or a toJSON that throws
    }
  }

  /** The name of an event: it comes from code, but for what looks like anything else. */
  eventType(type: unknown): string {
    if (typeof type !== "string") return "(no type)";
    const isName = this.#vocabulary.has(type) || (TYPE.test(type) && scrub(type) === type);
    return isName ? type : `(hidden type, ${type.length} characters)`;
  }

  #view(value: unknown, place: TextPlace, above: ReadonlySet<object>): View {
    switch (typeof value) {
      case "string":
        return this.#text(value, place);
      case "number":
        return Number.isFinite(value) ? value : mark("number", { is: String(value) });
      case "boolean":
        return value;
      case "bigint":
        return mark("number", { is: `${value}` });
      case "undefined":
        return mark("undefined");
      case "function":
        return mark("function");
      case "symbol":
        return mark("symbol");
      case "object":
        return value === null ? null : this.#object(value, place, above);
    }
  }

  #text(text: string, place: TextPlace): View {
    if (this.#vocabulary.has(text)) return text;
    if (this.#isRevealed(text, place)) return printable(scrub(text), MAX_TEXT);
    return mark("hidden", { characters: text.length });
  }

  #isRevealed(text: string, place: TextPlace): boolean {
    return this.#reveal !== undefined && this.#reveal(text, place);
  }

  #object(value: object, place: TextPlace, above: ReadonlySet<object>): View {
    if (above.has(value)) return mark("again");
    if (place.path.length > MAX_DEPTH) return mark("deeper");
    if (ArrayBuffer.isView(value)) return mark("bytes", { length: value.byteLength });
    if (value instanceof Date) return mark("date", { atMs: value.getTime() });
    if (value instanceof Map) return mark("map", { size: value.size });
    if (value instanceof Set) return mark("set", { size: value.size });
    if (value instanceof Error) return mark("error", { name: this.#word(value.name) });
    const within = new Set(above).add(value);
    if (Array.isArray(value)) return this.#list(value, place, within);
    const prototype: unknown = Object.getPrototypeOf(value);
    // What has a class of its own keeps its insides to itself; actors, links and sockets do.
    if (prototype !== null && prototype !== Object.prototype) return mark("object");
    return this.#plain(value, place, within);
  }

  #word(text: string): string {
    return IDENTIFIER.test(text) && text.endsWith("Error") ? text : "Error";
  }

  #list(list: readonly unknown[], place: TextPlace, above: ReadonlySet<object>): View {
    const shown = list
      .slice(0, MAX_ITEMS)
      .map((item, index) => this.#view(item, at(place, String(index)), above));
    return list.length > MAX_ITEMS
      ? [...shown, mark("more", { count: list.length - MAX_ITEMS })]
      : shown;
  }

  #plain(value: object, place: TextPlace, above: ReadonlySet<object>): View {
    const shown: [string, View][] = [];
    const descriptors = Object.entries(Object.getOwnPropertyDescriptors(value));
    for (const [key, descriptor] of descriptors.slice(0, MAX_KEYS)) {
      if (descriptor.enumerable !== true) continue;
      // A key may be data too: a map by token, say.
      const name =
        IDENTIFIER.test(key) || this.#vocabulary.has(key) ? key : `(key ${shown.length + 1})`;
      shown.push([name, this.#property(key, descriptor, at(place, name), above)]);
    }
    if (descriptors.length > MAX_KEYS)
      shown.push(["…", mark("more", { count: descriptors.length - MAX_KEYS })]);
    return Object.fromEntries(shown);
  }

  #property(
    key: string,
    descriptor: PropertyDescriptor,
    place: TextPlace,
    above: ReadonlySet<object>,
  ): View {
    if (descriptor.get !== undefined) return mark("getter");
    const value: unknown = descriptor.value;
    if (isSecretName(key, value)) return mark("secret");
    return this.#view(value, place, above);
  }
}

function at(place: TextPlace, key: string): TextPlace {
  return { actor: place.actor, path: [...place.path, key] };
}
