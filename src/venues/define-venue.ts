/**
 * A profile from its definition, checked: what cannot work is said when it is defined, not when the
 * exchange closes the door.
 */
import { checkInteger, checkKeys, checkMs } from "../check.ts";
import { OptionError } from "../errors.ts";
import { topicKeys } from "../subscriptions/topic.ts";
import type { Keepalive, TopicGrammar, VenueLimits, VenueProfile } from "./venue.ts";

/** A profile as it is written: what most venues have in common may be left out. */
export interface VenueDefinition<M> extends Omit<
  VenueProfile<M>,
  "sources" | "service" | "services" | "topics" | "limits" | "keepalive" | "heartbeat"
> {
  /** @defaultValue none */
  readonly sources?: VenueProfile<M>["sources"];
  /** @defaultValue "default" */
  readonly service?: string | undefined;
  /** @defaultValue `service` alone */
  readonly services?: readonly string[] | undefined;
  /** @defaultValue any text is a topic, and any JSON value by its text */
  readonly topics?: TopicGrammar | undefined;
  /** @defaultValue nothing is limited */
  readonly limits?: Partial<VenueLimits> | undefined;
  /** @defaultValue the server pings */
  readonly keepalive?: Keepalive | undefined;
  /** @defaultValue 15,000 ms of silence, and 5,000 for an answer */
  readonly heartbeat?: VenueProfile<M>["heartbeat"] | undefined;
}

const KNOWN = [
  "id",
  "sources",
  "service",
  "services",
  "url",
  "topics",
  "limits",
  "keepalive",
  "heartbeat",
  "opening",
  "authenticate",
  "maxAgeMs",
  "verdict",
  "retryBudget",
  "recovery",
  "recoveryPolicy",
  "freshness",
  "open",
] as const satisfies readonly (keyof VenueProfile<unknown>)[];

const anyTopic: TopicGrammar = {
  example: "a topic",
  parse: (topic) => ({ topic: topicKeys([topic], "topic")[0] ?? "" }),
};

/**
 * Makes a venue profile.
 *
 * @throws {@link OptionError} for what cannot work, naming it, what was expected and what came.
 */
export function defineVenue<M>(definition: VenueDefinition<M>): VenueProfile<M> {
  checkKeys(definition, "venue", KNOWN);
  const { id, service = "default", services = [service] } = definition;
  if (typeof id !== "string" || !/^[a-z0-9]+(-[a-z0-9]+)*$/.test(id)) {
    throw new OptionError("venue.id", "a kebab-case name, such as binance-spot", id);
  }
  if (!services.includes(service)) {
    throw new OptionError(
      "venue.service",
      services.map((name) => `"${name}"`).join(" or "),
      service,
    );
  }
  checkUrl(definition.url);
  checkMs(definition.maxAgeMs, "venue.maxAgeMs", Infinity, 1_000);
  const profile: VenueProfile<M> = {
    ...definition,
    sources: definition.sources ?? [],
    service,
    services,
    topics: definition.topics ?? anyTopic,
    limits: checkLimits(definition.limits ?? {}),
    keepalive: checkKeepalive(definition.keepalive ?? { mode: "server-ping" }),
    heartbeat: checkHeartbeat(definition.heartbeat ?? { intervalMs: 15_000, timeoutMs: 5_000 }),
  };
  checkFunctions(profile);
  return profile;
}

function checkUrl(url: unknown): void {
  if (typeof url === "function") return;
  const isUrl = typeof url === "string" && /^wss?:\/\/./.test(url) && URL.canParse(url);
  if (!isUrl) throw new OptionError("venue.url", "a ws: or wss: URL, or a function", url);
}

function checkLimits(given: Partial<VenueLimits>): VenueLimits {
  const path = "venue.limits";
  checkKeys(given, path, [
    "pacing",
    "subscriptionPacing",
    "countsControlFrames",
    "topicsPerConnection",
    "topicsPerFrame",
    "groupOf",
    "charsPerConnection",
    "connects",
    "firstSubscribeWithinMs",
  ]);
  const windows = (name: "pacing" | "subscriptionPacing") =>
    given[name]?.forEach(({ frames, perMs }, index) => {
      checkInteger(frames ?? NaN, `${path}.${name}[${index}].frames`, 1, 1, 100_000);
      checkMs(perMs ?? NaN, `${path}.${name}[${index}].perMs`, 1, 1);
    });
  windows("pacing");
  windows("subscriptionPacing");
  const topics = checkInteger(
    given.topicsPerConnection,
    `${path}.topicsPerConnection`,
    Infinity,
    1,
    Infinity,
  );
  checkInteger(given.topicsPerFrame, `${path}.topicsPerFrame`, 1, 1);
  checkInteger(given.charsPerConnection, `${path}.charsPerConnection`, 1, 1);
  checkMs(given.firstSubscribeWithinMs, `${path}.firstSubscribeWithinMs`, 1, 1);
  return {
    ...given,
    pacing: given.pacing ?? [],
    countsControlFrames: given.countsControlFrames ?? false,
    topicsPerConnection: topics,
  };
}

const MODES = [
  "server-ping",
  "challenge",
  "server-message",
  "channel",
  "idle-probe",
  "client-ping",
  "client-message",
] as const;

function checkKeepalive(keepalive: Keepalive): Keepalive {
  const { mode } = keepalive;
  if (!MODES.includes(mode))
    throw new OptionError("venue.keepalive.mode", MODES.join(" or "), mode);
  if (mode === "client-ping" || mode === "client-message") {
    checkMs(keepalive.everyMs ?? NaN, "venue.keepalive.everyMs", 1, 1);
  }
  if (mode === "client-message" && typeof keepalive.frame !== "function") {
    throw new OptionError("venue.keepalive.frame", "a function", keepalive.frame);
  }
  return keepalive;
}

function checkHeartbeat<M>(heartbeat: VenueProfile<M>["heartbeat"]): VenueProfile<M>["heartbeat"] {
  const intervalMs = checkMs(heartbeat.intervalMs ?? NaN, "venue.heartbeat.intervalMs", 1, 1);
  const timeoutMs = checkMs(heartbeat.timeoutMs ?? NaN, "venue.heartbeat.timeoutMs", 1, 1);
  if (timeoutMs > intervalMs) {
    const expected = `at most heartbeat.intervalMs (${intervalMs})`;
    throw new OptionError("venue.heartbeat.timeoutMs", expected, timeoutMs);
  }
  return heartbeat;
}

function checkFunctions<M>(profile: VenueProfile<M>): void {
  for (const name of ["opening", "authenticate", "recovery", "freshness"] as const) {
    const value = profile[name];
    if (value !== undefined && typeof value !== "function") {
      throw new OptionError(`venue.${name}`, "a function", value);
    }
  }
  if (typeof profile.topics.parse !== "function") {
    throw new OptionError("venue.topics.parse", "a function", profile.topics.parse);
  }
  if (typeof profile.open !== "function")
    throw new OptionError("venue.open", "a function", profile.open);
  const words: unknown = profile.open();
  const talk = (typeof words === "object" && words !== null ? words : {}) as Record<
    string,
    unknown
  >;
  for (const name of ["subscribe", "decode"]) {
    if (typeof talk[name] !== "function") {
      throw new OptionError(`venue.open().${name}`, "a function", talk[name]);
    }
  }
}
