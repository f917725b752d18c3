/**
 * A profile from its definition, checked: what cannot work is said when it is defined, not when the
 * exchange closes the door.
 */
import { checkKeys } from "../check.ts";
import { topicKeys } from "../subscriptions/topic.ts";
import { checkVenue } from "./check-venue.ts";
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
  "closeFrame",
  "verdict",
  "retryBudget",
  "recovery",
  "recoveryPolicy",
  "freshness",
  "mute",
  "open",
] as const satisfies readonly (keyof VenueProfile<unknown>)[];

const LIMITS = [
  "pacing",
  "subscriptionPacing",
  "countsControlFrames",
  "topicsPerConnection",
  "topicsPerFrame",
  "groupOf",
  "charsPerConnection",
  "connects",
  "firstSubscribeWithinMs",
] as const satisfies readonly (keyof VenueLimits)[];

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
  const {
    service = "default",
    limits,
    topics,
    sources,
    services,
    keepalive,
    heartbeat,
  } = definition;
  const profile: VenueProfile<M> = {
    ...definition,
    sources: orDefault(sources, []),
    service,
    services: orDefault(services, [service]),
    topics: orDefault(topics, anyTopic),
    limits: withLimits(limits),
    keepalive: orDefault(keepalive, { mode: "server-ping" }),
    heartbeat: orDefault(heartbeat, { intervalMs: 15_000, timeoutMs: 5_000 }),
  };
  checkVenue(profile);
  return profile;
}

/** `null` is no word for the default. */
function orDefault<T>(value: T | undefined, byDefault: T): T {
  return value === undefined ? byDefault : value;
}

function withLimits(given: Partial<VenueLimits> | undefined): VenueLimits {
  if (given !== undefined) checkKeys(given, "venue.limits", LIMITS);
  const { pacing, countsControlFrames, topicsPerConnection, ...others } = given ?? {};
  return {
    ...others,
    pacing: orDefault(pacing, []),
    countsControlFrames: orDefault(countsControlFrames, false),
    topicsPerConnection: orDefault(topicsPerConnection, Infinity),
  };
}
