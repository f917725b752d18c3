/** `venues`: what the profiles know, as a table; or all that one of them knows, with its sources. */
import { OptionError } from "../index.ts";
import type { VenueProfile } from "../venues/index.ts";
import { showMs } from "../observe/durations.ts";
import { Output, type CommandIo } from "./output.ts";
import { textTable } from "./text-table.ts";

/** The options of `venues`, by their names on the command line. */
export interface VenuesOptions {
  readonly json?: boolean;
}

type Profile = VenueProfile<unknown>;

/**
 * @param name - A venue's name, or none for all.
 * @throws {@link OptionError} for a venue that is not known.
 */
export async function listVenues(
  name: string | undefined,
  options: VenuesOptions,
  io: CommandIo,
  venues: readonly Profile[],
): Promise<number> {
  const output = new Output(io.stdout);
  const found = name === undefined ? venues : venues.filter(({ id }) => id === name);
  if (found.length === 0) {
    throw new OptionError("NAME", `one of ${venues.map(({ id }) => id).join(", ")}`, name);
  }
  const [only] = found;
  if (options.json === true) {
    await output.json(JSON.stringify(found.map(factsOf)));
    return 0;
  }
  const lines = name !== undefined && only !== undefined ? describe(only) : table(found);
  for (const line of lines) await output.line(line);
  return 0;
}

/** What is known, as data; unknown is null, and a thing without a bound has none. */
function factsOf(venue: Profile) {
  const { limits, keepalive, heartbeat, topics, maxAgeMs } = venue;
  return {
    venue: venue.id,
    services: venue.services,
    url: typeof venue.url === "string" ? venue.url : null,
    example: topics.example,
    recovery: recoveryOf(venue),
    topicsPerConnection: finite(limits.topicsPerConnection),
    topicsPerFrame: limits.topicsPerFrame ?? null,
    charsPerConnection: limits.charsPerConnection ?? null,
    pacing: limits.pacing,
    subscriptionPacing: limits.subscriptionPacing ?? null,
    countsControlFrames: limits.countsControlFrames,
    connects: limits.connects ?? null,
    firstSubscribeWithinMs: limits.firstSubscribeWithinMs ?? null,
    keepalive: keepalive.mode,
    keepaliveEveryMs: "everyMs" in keepalive ? keepalive.everyMs : null,
    heartbeat: { intervalMs: heartbeat.intervalMs, timeoutMs: heartbeat.timeoutMs },
    maxAgeMs: maxAgeMs ?? null,
    sources: venue.sources,
  };
}

type Facts = ReturnType<typeof factsOf>;

/** How the stream of the example is recovered. */
function recoveryOf({ recovery, topics }: Profile): string {
  const how = recovery?.(topics.example) ?? "none";
  return typeof how === "string" ? how : "snapshot";
}

function table(venues: readonly Profile[]): readonly string[] {
  const header = ["venue", "endpoints", "topic", "frames", "topics", "keepalive", "cut after"];
  const rows = venues
    .map(factsOf)
    .map((facts) => [
      facts.venue,
      facts.services.join(", "),
      facts.example,
      windows(facts.pacing),
      facts.topicsPerConnection === null ? "-" : String(facts.topicsPerConnection),
      facts.keepalive,
      facts.maxAgeMs === null ? "-" : showMs(facts.maxAgeMs),
    ]);
  return [...textTable([header, ...rows]), "", "ws-supervisor venues NAME says all of one."];
}

function describe(venue: Profile): readonly string[] {
  const facts = factsOf(venue);
  const rows = Object.entries(toText(facts)).map(([label, text]) => [label, text]);
  const sources = venue.sources.map(({ tag, what, readOn }) => [
    `[${tag}]`,
    what,
    `read ${readOn}`,
  ]);
  return [facts.venue, "", ...textTable(rows), "", "sources", ...textTable(sources)];
}

function toText(facts: Facts): Readonly<Record<string, string>> {
  const everyMs = facts.keepaliveEveryMs;
  return {
    endpoints: facts.services.join(", "),
    url: facts.url ?? "asked for at every attempt",
    "a topic": facts.example,
    "its gaps": facts.recovery,
    frames: `${windows(facts.pacing)}${facts.countsControlFrames ? ", pings and pongs counted" : ""}`,
    "of subscriptions": windows(facts.subscriptionPacing ?? []),
    "topics a connection": bound(facts.topicsPerConnection),
    "topics a frame": bound(facts.topicsPerFrame),
    "characters a connection": bound(facts.charsPerConnection),
    "dials from an address": windows(
      facts.connects?.map(({ attempts, perMs }) => ({ frames: attempts, perMs })) ?? [],
    ),
    "first subscription": within(facts.firstSubscribeWithinMs),
    keepalive: everyMs === null ? facts.keepalive : `${facts.keepalive} every ${showMs(everyMs)}`,
    heartbeat: `asked after ${showMs(facts.heartbeat.intervalMs)}, given up ${showMs(facts.heartbeat.timeoutMs)} later`,
    "cut after": facts.maxAgeMs === null ? "-" : showMs(facts.maxAgeMs),
  };
}

function windows(list: Facts["pacing"]): string {
  if (list.length === 0) return "-";
  return list.map(({ frames, perMs }) => `${frames} in ${showMs(perMs)}`).join(", ");
}

function bound(value: number | null): string {
  return value === null ? "-" : String(value);
}

function within(ms: number | null): string {
  return ms === null ? "-" : `within ${showMs(ms)}`;
}

function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
