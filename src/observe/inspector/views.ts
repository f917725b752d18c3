/**
 * Values as they may be shown: nothing that could be a secret, nothing without a bound.
 *
 * Numbers, booleans and the words of the vocabulary are shown; text is hidden, because text from
 * outside may be a URL, a header or a token in any encoding, and no pattern tells. What a user
 * reveals is shown but for what its key calls a secret. Getters are never run.
 */
import { printable } from "../../transport/printable.ts";
import { ignoreRejection, isErrorObject, isMap } from "../../shape.ts";
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

/**
 * Views of objects that have been looked at before, at the same depth of the same root. Contexts are
 * immutable, as XState asks: what is the same object looks the same.
 */
export type SeenViews = WeakMap<object, { readonly path: number; readonly view: View }>;

/** True for a text that may be shown; anything else hides it. */
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

  view(value: unknown, place: TextPlace, seen?: SeenViews): View {
    try {
      return this.#view(value, place, [], seen);
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

  #view(value: unknown, place: TextPlace, above: readonly object[], seen?: SeenViews): View {
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
        return value === null ? null : this.#object(value, place, above, seen);
    }
  }

  #text(text: string, place: TextPlace): View {
    if (this.#vocabulary.has(text)) return text;
    if (this.#isRevealed(text, place)) return printable(scrub(text), MAX_TEXT);
    return mark("hidden", { characters: text.length });
  }

  #isRevealed(text: string, place: TextPlace): boolean {
    if (this.#reveal === undefined) return false;
    const isRevealed: unknown = this.#reveal(text, place);
    ignoreRejection(isRevealed);
    return isRevealed === true; // a promise is no yes
  }

  #object(value: object, place: TextPlace, above: readonly object[], seen?: SeenViews): View {
    if (above.includes(value)) return mark("again");
    if (place.path.length > MAX_DEPTH) return mark("deeper");
    const known = seen?.get(value);
    if (known !== undefined && known.path === place.path.length) return known.view;
    const view = this.#inside(value, place, [...above, value], seen);
    seen?.set(value, { path: place.path.length, view });
    return view;
  }

  #inside(value: object, place: TextPlace, above: readonly object[], seen?: SeenViews): View {
    if (Array.isArray(value)) return this.#list(value, place, above, seen);
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype === null || prototype === Object.prototype) {
      return this.#plain(value, place, above, seen);
    }
    if (ArrayBuffer.isView(value)) return mark("bytes", { length: value.byteLength });
    if (value instanceof Date) return mark("date", { atMs: value.getTime() });
    if (isMap(value)) return mark("map", { size: value.size });
    if (value instanceof Set) return mark("set", { size: value.size });
    if (isErrorObject(value)) return mark("error", { name: this.#word(value.name) });
    // What has a class of its own keeps its insides to itself; actors, links and sockets do.
    return mark("object");
  }

  #word(text: string): string {
    return IDENTIFIER.test(text) && text.endsWith("Error") ? text : "Error";
  }

  #list(
    list: readonly unknown[],
    place: TextPlace,
    above: readonly object[],
    seen?: SeenViews,
  ): View {
    const shown = list
      .slice(0, MAX_ITEMS)
      .map((item, index) => this.#view(item, at(place, String(index)), above, seen));
    const left = list.length - MAX_ITEMS;
    return left > 0 ? [...shown, mark("more", { count: left })] : shown;
  }

  #plain(value: object, place: TextPlace, above: readonly object[], seen?: SeenViews): View {
    const shown: Record<string, View> = {};
    const keys = Object.keys(value);
    for (const [index, key] of keys.slice(0, MAX_KEYS).entries()) {
      // A key may be data too: a map by token, say.
      const name = this.#isName(key) ? key : `(key ${index + 1})`;
      shown[name] = this.#property(value, key, at(place, name), above, seen);
    }
    if (keys.length > MAX_KEYS) shown["…"] = mark("more", { count: keys.length - MAX_KEYS });
    return shown;
  }

  /** `__proto__` is none: as a key of a plain object it would do something. */
  #isName(key: string): boolean {
    return key !== "__proto__" && (IDENTIFIER.test(key) || this.#vocabulary.has(key));
  }

  #property(
    owner: object,
    key: string,
    place: TextPlace,
    above: readonly object[],
    seen?: SeenViews,
  ): View {
    const descriptor = Object.getOwnPropertyDescriptor(owner, key);
    if (descriptor?.get !== undefined) return mark("getter");
    const value: unknown = descriptor?.value;
    if (isSecretName(key, value)) return mark("secret");
    return this.#view(value, place, above, seen);
  }
}

function at(place: TextPlace, key: string): TextPlace {
  return { actor: place.actor, path: [...place.path, key] };
}
