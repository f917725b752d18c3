/**
 * Binance's public stream protocol, as the server speaks it: pure text in, text out.
 *
 * @see {@link https://github.com/binance/binance-spot-api-docs/blob/master/web-socket-streams.md}
 *   paths, requests, error texts; read 2026-11-22 (venues.md §3.1)
 */
import { isObject, parseJson, type JsonObject } from "./json.ts";

/** What a client has asked for, and how it wants it wrapped. */
export interface Subscriptions {
  readonly streams: Set<string>;
  isCombined: boolean;
}

/** Where a client came in. */
export interface Entrance {
  /** Streams named in the URL; they get no acknowledgement. */
  readonly streams: readonly string[];
  readonly isCombined: boolean;
}

/**
 * `/ws`, `/ws/<stream>/<stream>`, `/stream` and `/stream?streams=<stream>/<stream>`; undefined for
 * any other path.
 */
export function parseEntrance(path: string): Entrance | undefined {
  const [pathname = "", query = ""] = path.split("?", 2);
  if (pathname === "/ws" || pathname.startsWith("/ws/")) {
    return { streams: splitStreams(decode(pathname.slice("/ws/".length))), isCombined: false };
  }
  if (pathname === "/stream" || pathname === "/stream/") {
    const streams = new URLSearchParams(query).get("streams") ?? "";
    return { streams: splitStreams(streams), isCombined: true };
  }
  return undefined;
}

/** A combined event carries its stream's name. */
export function wrap(stream: string, payload: string): string {
  return `{"stream":"${stream}","data":${payload}}`;
}

/** The notice that the server is about to go away. It comes unasked. */
export function shutdownNotice(isCombined: boolean, atMs: number): string {
  const payload = JSON.stringify({ e: "serverShutdown", E: Math.floor(atMs) });
  return isCombined ? wrap("!serverShutdown", payload) : payload;
}

type RequestId = number | string | null;
type Outcome = { readonly result: unknown } | { readonly code: number; readonly msg: string };

const METHODS = ["SUBSCRIBE", "UNSUBSCRIBE", "LIST_SUBSCRIPTIONS", "SET_PROPERTY", "GET_PROPERTY"];

/** Serves one request: changes `subscriptions` as it says and gives the frame to answer with. */
export function answer(frame: string, subscriptions: Subscriptions, maxStreams: number): string {
  const request = parseJson(frame);
  if (!isObject(request) || Array.isArray(request)) {
    return JSON.stringify({ code: 3, msg: "Invalid JSON: expected value at line 1 column 1" });
  }
  const id = parseId(request["id"]);
  const outcome =
    id === undefined
      ? invalid("request ID must be an unsigned integer")
      : serve(request, subscriptions, maxStreams, frame.length);
  return JSON.stringify(id === undefined ? outcome : { ...outcome, id });
}

function serve(
  request: JsonObject,
  subscriptions: Subscriptions,
  maxStreams: number,
  column: number,
): Outcome {
  const { streams } = subscriptions;
  const method = request["method"];
  const params = request["params"] ?? [];
  if (method === undefined) return invalid(`missing field \`method\` at line 1 column ${column}`);
  if (!isString(method)) return invalid("method must be a string");
  if (!Array.isArray(params)) return invalid("params must be an array");
  switch (method) {
    case "SUBSCRIBE": {
      const wanted = new Set([...streams, ...params.filter(isString)]);
      if (!params.every(isString)) return invalid("stream name must be a string");
      if (wanted.size > maxStreams) return invalid("too many subscriptions");
      for (const stream of wanted) streams.add(stream);
      return { result: null };
    }
    case "UNSUBSCRIBE":
      if (!params.every(isString)) return invalid("stream name must be a string");
      for (const stream of params) streams.delete(stream);
      return { result: null };
    case "LIST_SUBSCRIPTIONS":
      return params.length > 0 ? invalid("too many parameters") : { result: [...streams] };
    case "SET_PROPERTY": {
      const refusal = refuseProperty(params, 2);
      if (refusal !== undefined) return refusal;
      const value: unknown = params[1];
      if (typeof value !== "boolean") {
        return { code: 1, msg: "Invalid value type: expected Boolean" };
      }
      subscriptions.isCombined = value;
      return { result: null };
    }
    case "GET_PROPERTY":
      return refuseProperty(params, 1) ?? { result: subscriptions.isCombined };
  }
  const known = METHODS.map((name) => `\`${name}\``).join(", ");
  return invalid(`unknown variant \`${method}\`, expected one of ${known} at line 1 column 1`);
}

/** `combined` is the only property there is. */
function refuseProperty(params: readonly unknown[], most: number): Outcome | undefined {
  const [name] = params;
  if (typeof name !== "string") return invalid("property name must be a string");
  if (params.length > most) return invalid("too many parameters");
  return name === "combined" ? undefined : { code: 0, msg: "Unknown property" };
}

function invalid(why: string): Outcome {
  return { code: 2, msg: `Invalid request: ${why}` };
}

/** An integer, a short word or null; undefined when it is none of these. */
function parseId(id: unknown): RequestId | undefined {
  if (id === null || (typeof id === "number" && Number.isInteger(id))) return id;
  return typeof id === "string" && /^[A-Za-z0-9]{1,36}$/.test(id) ? id : undefined;
}

function isString(value: unknown): value is string {
  return typeof value === "string";
}

function splitStreams(list: string): readonly string[] {
  return [...new Set(list.split("/").filter((stream) => stream !== ""))];
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
