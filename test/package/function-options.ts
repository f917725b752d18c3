/**
 * Every option of this package that takes a function, read from the sources: members of the interfaces that
 * users fill in, and of the interfaces that those name.
 *
 * TypeScript 7 has no API to ask, so declarations are read as text: comments go, blocks are found by their
 * braces, members by the semicolons between them.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";

const root = resolve(import.meta.dirname, "../..");

/** Public interfaces with these endings are what users fill in; all else is reached from them. */
const FILLED_IN = /(?:Options|Definition)$/;

/** Given as an argument. */
const ARGUMENTS = ["Target", "Listener", "Logger"];

/** Made by this package and handed to users, or implemented by them as a whole: a clock, a socket. */
const HANDED_OUT: ReadonlySet<string> = new Set([
  "AuthenticationSession",
  "ChartModel",
  "Clock",
  "ConnectionMachine",
  "MemorySocket",
  "Observed",
  "SequenceRule",
  "SocketSink",
  "TransportSocket",
  "WatchedActors",
  "WebSocketLike",
]);

/** Function types that are declared elsewhere. */
const FOREIGN = /\bLookupFunction\b|\["(?:checkServerIdentity|inspect)"\]/;

interface Declaration {
  readonly isExported: boolean;
  readonly kind: "interface" | "type";
  readonly name: string;
  /** What an interface extends, or the text of a type. */
  readonly head: string;
  readonly members: readonly string[];
}

/** `SupervisorOptions.decode`, sorted. */
export function functionOptions(): readonly string[] {
  // Of two with one name the one that is exported counts.
  const declared = sources().flatMap(declarationsIn);
  declared.sort((a, b) => Number(a.isExported) - Number(b.isExported));
  const declarations = new Map(declared.map((one) => [one.name, one]));
  const found = new Set<string>();
  const seen = new Set<string>();
  const waiting = publicTypes()
    .filter((name) => FILLED_IN.test(name))
    .concat(ARGUMENTS);
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    const declaration = declarations.get(name);
    if (declaration === undefined || seen.has(name) || HANDED_OUT.has(name)) continue;
    seen.add(name);
    const { kind, head, members } = declaration;
    if (kind === "type" && ARGUMENTS.includes(name) && isFunction(head, declarations)) {
      found.add(name);
    }
    // Of a function: what it gives may hold functions of its own.
    waiting.push(...namesIn(head.includes("=>") ? resultOf(head) : head));
    for (const member of members) {
      const parts = /^(?:readonly )?(\w+)\??\s*(?:([(<])|:)(.*)$/s.exec(member);
      if (parts === null) continue;
      const [, key = "", call, type = ""] = parts;
      if (call !== undefined || isFunction(type, declarations)) found.add(`${name}.${key}`);
      if (call === undefined && !type.includes("=>")) waiting.push(...namesIn(type));
      waiting.push(...namesIn(resultOf(member)));
    }
  }
  return [...found].sort();
}

/** The types that an entry of the package exports. */
function publicTypes(): string[] {
  const folder = join(root, "test/package/exports");
  return readdirSync(folder).flatMap((name) =>
    [...readFileSync(join(folder, name), "utf8").matchAll(/^type (\w+)/gm)].map(
      ([, type = ""]) => type,
    ),
  );
}

function sources(): readonly string[] {
  return ["src", "machines"].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".ts") && !/^cli\/|exchange\/dialect/.test(name))
      .map((name) => readFileSync(join(root, folder, name), "utf8")),
  );
}

function declarationsIn(source: string): Declaration[] {
  const text = source.replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, "");
  const declarations: Declaration[] = [];
  for (const match of text.matchAll(/^(export )?(interface|type) (\w+)/gm)) {
    const [whole, exported, kind = "", name = ""] = match;
    const isExported = exported !== undefined;
    const rest = text.slice(match.index + whole.length);
    if (kind === "interface") {
      const open = rest.search(/\{\s*$/m);
      const body = rest.slice(open + 1, closing(rest, open));
      declarations.push({
        isExported,
        kind,
        name,
        head: rest.slice(0, open),
        members: split(body),
      });
    } else {
      const head = split(rest)[0] ?? "";
      const members = [...head.matchAll(/\{/g)].flatMap(({ index }) =>
        isInParentheses(head, index) ? [] : split(head.slice(index + 1, closing(head, index))),
      );
      declarations.push({ isExported, kind: "type", name, head, members });
    }
  }
  return declarations;
}

/** Where the bracket that stands at `open` is closed. */
function closing(text: string, open: number): number {
  let depth = 0;
  for (let index = open; index < text.length; index += 1) {
    const character = text[index] ?? "";
    if ("{([".includes(character)) depth += 1;
    if ("})]".includes(character)) depth -= 1;
    if (depth === 0) return index;
  }
  return text.length;
}

function isInParentheses(text: string, index: number): boolean {
  const before = text.slice(0, index);
  return before.split("(").length > before.split(")").length;
}

/** At the semicolons that stand in no bracket. */
function split(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let from = 0;
  for (let index = 0; index < text.length; index += 1) {
    const character = text[index] ?? "";
    if ("{([".includes(character)) depth += 1;
    if ("})]".includes(character)) depth -= 1;
    if (character !== ";" || depth !== 0) continue;
    parts.push(text.slice(from, index).trim());
    from = index + 1;
  }
  parts.push(text.slice(from).trim());
  return parts.filter((part) => part !== "");
}

/** Whether a value of this type may be a function itself. */
function isFunction(
  type: string,
  declarations: ReadonlyMap<string, Declaration>,
  above: readonly string[] = [],
): boolean {
  const own = outsideBraces(type);
  if (own.includes("=>") || FOREIGN.test(own)) return true;
  return namesIn(own).some((name) => {
    const declared = declarations.get(name);
    if (declared?.kind !== "type" || HANDED_OUT.has(name) || above.includes(name)) return false;
    return isFunction(declared.head, declarations, [...above, name]);
  });
}

function outsideBraces(type: string): string {
  const open = type.indexOf("{");
  if (open === -1) return type;
  return type.slice(0, open) + outsideBraces(type.slice(closing(type, open) + 1));
}

function namesIn(type: string): string[] {
  return type.match(/\b[A-Z]\w+/g) ?? [];
}

/** The text behind the last arrow, or behind a method's parameters. */
function resultOf(member: string): string {
  const arrow = member.lastIndexOf("=>");
  return member.slice(arrow === -1 ? member.lastIndexOf("):") + 1 : arrow);
}
