/** What `connect` was asked for, as what a supervisor is made of: checked before any I/O but for files. */
import {
  OptionError,
  type HeartbeatOptions,
  type SupervisorOptions,
  type WsTransportOptions,
} from "../index.ts";
import type { VenueProfile } from "../venues/index.ts";
import type { Credentials } from "./credentials.ts";
import type { InspectingOptions } from "./inspecting.ts";
import { venueFor } from "./venue-catalog.ts";

/** The options of `connect`, by their names on the command line. */
export interface ConnectOptions extends InspectingOptions {
  readonly venue?: string;
  readonly endpoint?: string;
  readonly subscribe?: readonly string[];
  readonly header?: readonly string[];
  readonly headerFile?: string;
  readonly protocol?: readonly string[];
  readonly origin?: string;
  readonly ca?: readonly string[];
  readonly cert?: string;
  readonly key?: string;
  readonly maxRetries?: number;
  readonly heartbeatInterval?: number;
  readonly heartbeatTimeout?: number;
  /** False with `--no-heartbeat`. */
  readonly heartbeat: boolean;
  readonly backoff?: "default" | "lone-client";
  readonly connectTimeout?: number;
  readonly seed?: number;
  readonly items?: boolean;
  readonly record?: string;
  readonly recordRotateSize?: number;
  readonly recordRotateEvery?: number;
  readonly jsonFacts?: boolean;
  readonly quiet?: boolean;
}

/** One URL, with the frames as topics. */
export function urlTarget(
  names: readonly string[],
  options: ConnectOptions,
  credentials: Credentials,
  signal: AbortSignal,
): { readonly url: string; readonly options: SupervisorOptions<Buffer> } {
  const [given] = names;
  if (given === undefined || names.length > 1) {
    throw new OptionError("url", "one URL (topics go with --venue)", `${names.length} words`);
  }
  if (options.endpoint !== undefined) {
    throw new OptionError("--endpoint", "--venue beside it", options.endpoint);
  }
  const shared = supervisorOptions(options, credentials, signal);
  // A topic is the frame itself, and a message its bytes.
  const topics = options.subscribe?.map((frame) => credentials.frame("--subscribe", frame));
  const url = credentials.url("url", given);
  return { url, options: { ...shared, decode: asItCame, topics } };
}

/** A venue, with its topics. */
export function venueTarget(
  name: string,
  topics: readonly string[],
  options: ConnectOptions,
  credentials: Credentials,
  signal: AbortSignal,
): { readonly venue: VenueProfile<unknown>; readonly options: SupervisorOptions<unknown> } {
  const { endpoint } = options;
  const at = endpoint === undefined ? undefined : credentials.url("--endpoint", endpoint);
  const shared = supervisorOptions(options, credentials, signal);
  return { venue: venueFor(name, topics, at), options: { ...shared, topics } };
}

function asItCame(data: Buffer): Buffer {
  return data;
}

function supervisorOptions(options: ConnectOptions, credentials: Credentials, signal: AbortSignal) {
  const { header = [], headerFile } = options;
  const hasHeaders = header.length > 0 || headerFile !== undefined;
  return {
    headers: hasHeaders ? credentials.headers(headerFile, header) : undefined,
    protocols: options.protocol?.map((name) => credentials.protocol("--protocol", name)),
    ws: wsOptions(options, credentials),
    maxRetries: options.maxRetries,
    heartbeat: heartbeatOf(options),
    backoff: options.backoff,
    connectTimeoutMs: options.connectTimeout,
    seed: options.seed,
    signal,
  } satisfies SupervisorOptions<never>;
}

/** The `Origin` of a page: printable, without spaces. */
const ORIGIN = /^[\x21-\x7e]{1,2048}$/;

function wsOptions(options: ConnectOptions, credentials: Credentials): WsTransportOptions {
  const { origin, ca, cert, key } = options;
  if (origin !== undefined && !ORIGIN.test(origin)) {
    throw new OptionError("--origin", "an origin, such as https://example.com", origin);
  }
  return { ...(origin === undefined ? {} : { origin }), ...credentials.tls({ ca, cert, key }) };
}

function heartbeatOf(options: ConnectOptions): HeartbeatOptions | null {
  if (!options.heartbeat) return null;
  const { heartbeatInterval: intervalMs, heartbeatTimeout: timeoutMs } = options;
  return {
    ...(intervalMs === undefined ? {} : { intervalMs }),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
  };
}
