/**
 * All that can be known to be wrong with a venue's definition before a socket is opened. What its
 * functions give is checked where it is asked for.
 */
import { checkRules } from "../check-rules.ts";
import {
  checkBoolean,
  checkFunction,
  checkInteger,
  checkKeys,
  checkMs,
  checkSync,
  requireFunction,
  requireSync,
} from "../check.ts";
import { OptionError, wrongValue } from "../errors.ts";
import { checkRecoveryPolicy } from "../recovery/check-recovery-policy.ts";
import { isPromiseLike } from "../shape.ts";
import type { Keepalive, VenueHeartbeat, VenueLimits, VenueProfile } from "./venue.ts";

/** @throws {@link OptionError} */
export function checkVenue<M>(venue: VenueProfile<M>): void {
  const { id, url, maxAgeMs, verdict, retryBudget, recoveryPolicy } = venue;
  if (typeof id !== "string" || !/^[a-z0-9]+(-[a-z0-9]+)*$/.test(id)) {
    throw new OptionError("venue.id", "a kebab-case name, such as binance-spot", id);
  }
  checkServices(venue);
  checkSources(venue.sources);
  checkUrl(url);
  checkLimits(venue.limits);
  checkKeepalive(venue.keepalive);
  checkHeartbeat(venue.heartbeat);
  checkMs(maxAgeMs, "venue.maxAgeMs", Infinity, 1_000);
  if (verdict !== undefined) checkRules(verdict, "venue.verdict");
  if (retryBudget !== undefined) {
    const { attempts, perMs } = checkKeys(retryBudget, "venue.retryBudget", ["attempts", "perMs"]);
    checkInteger(attempts ?? NaN, "venue.retryBudget.attempts", 1, 1);
    checkMs(perMs ?? NaN, "venue.retryBudget.perMs", 1, 1);
  }
  checkRecoveryPolicy(recoveryPolicy, undefined, "venue.recoveryPolicy");
  checkFunction(venue.authenticate, "venue.authenticate");
  for (const name of ["opening", "recovery", "freshness"] as const) {
    checkSync(venue[name], `venue.${name}`);
  }
  const { parse } = checkKeys(venue.topics, "venue.topics", ["parse", "example"]);
  requireSync(parse, "venue.topics.parse");
  requireSync(venue.open, "venue.open");
  checkConversation(venue.open());
}

function checkServices({
  service,
  services,
}: Pick<VenueProfile<never>, "service" | "services">): void {
  const isNames =
    Array.isArray(services) &&
    services.length > 0 &&
    services.every((name) => typeof name === "string" && name !== "");
  if (!isNames) throw new OptionError("venue.services", "a list of names", services);
  if (!services.includes(service)) {
    const names = services.map((name) => `"${name}"`);
    throw new OptionError("venue.service", names.join(" or "), service);
  }
}

function checkSources(sources: VenueProfile<never>["sources"]): void {
  if (!Array.isArray(sources)) throw new OptionError("venue.sources", "a list", sources);
  for (const [index, source] of sources.entries()) {
    const path = `venue.sources[${index}]`;
    const { readOn } = checkKeys(source, path, ["tag", "what", "readOn"]);
    if (typeof readOn !== "string" || !/^\d{4}-\d\d-\d\d$/.test(readOn)) {
      throw new OptionError(`${path}.readOn`, "an ISO date, such as 2026-11-22", readOn);
    }
  }
}

function checkUrl(url: unknown): void {
  if (typeof url === "function") {
    requireFunction(url, "venue.url");
    return;
  }
  const isUrl = typeof url === "string" && /^wss?:\/\/./.test(url) && URL.canParse(url);
  if (!isUrl) throw new OptionError("venue.url", "a ws: or wss: URL, or a function", url);
}

function checkLimits(limits: VenueLimits): void {
  const path = "venue.limits";
  checkWindows(limits.pacing, `${path}.pacing`, "frames");
  checkWindows(limits.subscriptionPacing, `${path}.subscriptionPacing`, "frames");
  checkWindows(limits.connects, `${path}.connects`, "attempts");
  checkBoolean(limits.countsControlFrames, `${path}.countsControlFrames`);
  checkInteger(limits.topicsPerConnection, `${path}.topicsPerConnection`, 1, 1, Infinity);
  checkInteger(limits.topicsPerFrame, `${path}.topicsPerFrame`, 1, 1);
  checkInteger(limits.charsPerConnection, `${path}.charsPerConnection`, 1, 1);
  checkMs(limits.firstSubscribeWithinMs, `${path}.firstSubscribeWithinMs`, 1, 1);
  checkSync(limits.groupOf, `${path}.groupOf`);
}

function checkWindows(windows: unknown, path: string, what: "frames" | "attempts"): void {
  if (windows === undefined) return;
  if (!Array.isArray(windows)) throw new OptionError(path, `a list of { ${what}, perMs }`, windows);
  for (const [index, window] of windows.entries()) {
    const at = `${path}[${index}]`;
    const given = checkKeys(window, at, [what, "perMs"]);
    checkInteger(given[what] ?? NaN, `${at}.${what}`, 1, 1, 100_000);
    checkMs(given.perMs ?? NaN, `${at}.perMs`, 1, 1);
  }
}

const MODES: Readonly<Record<Keepalive["mode"], true>> = {
  "server-ping": true,
  challenge: true,
  "server-message": true,
  channel: true,
  "idle-probe": true,
  "client-ping": true,
  "client-message": true,
};

function checkKeepalive(keepalive: Keepalive): void {
  const path = "venue.keepalive";
  const { mode, everyMs, frame } = checkKeys(keepalive, path, ["mode", "everyMs", "frame"]);
  if (typeof mode !== "string" || !Object.hasOwn(MODES, mode)) {
    throw new OptionError(`${path}.mode`, Object.keys(MODES).join(" or "), mode);
  }
  if (mode === "client-ping" || mode === "client-message") {
    checkMs(everyMs ?? NaN, `${path}.everyMs`, 1, 1);
  }
  if (mode === "client-message") requireSync(frame, `${path}.frame`);
}

function checkHeartbeat(heartbeat: VenueHeartbeat): void {
  const path = "venue.heartbeat";
  const keys = ["intervalMs", "timeoutMs", "suspendedAfterMs", "probe"] as const;
  const given = checkKeys(heartbeat, path, keys);
  const intervalMs = checkMs(given.intervalMs ?? NaN, `${path}.intervalMs`, 1, 1);
  const timeoutMs = checkMs(given.timeoutMs ?? NaN, `${path}.timeoutMs`, 1, 1);
  if (timeoutMs > intervalMs) {
    const expected = `at most heartbeat.intervalMs (${intervalMs})`;
    throw new OptionError(`${path}.timeoutMs`, expected, timeoutMs);
  }
  checkMs(given.suspendedAfterMs, `${path}.suspendedAfterMs`, 1, 1);
  checkSync(given.probe, `${path}.probe`);
}

const OPTIONAL_WORDS = [
  "unsubscribe",
  "control",
  "topicOf",
  "sequence",
  "isSnapshot",
  "verify",
  "carriesChecksum",
] as const;

/**
 * What `open` gives, once when the venue is defined and for every socket.
 *
 * @throws {@link OptionError}
 */
export function checkConversation(talk: unknown): void {
  if (typeof talk !== "object" || talk === null || isPromiseLike(talk)) {
    throw wrongValue("venue.open()", "a conversation", talk);
  }
  const words = talk as Readonly<Record<string, unknown>>;
  for (const name of ["subscribe", "decode"]) {
    requireSync(words[name], `venue.open().${name}`);
  }
  for (const name of OPTIONAL_WORDS) checkSync(words[name], `venue.open().${name}`);
  checkBoolean(words["numbersControl"], "venue.open().numbersControl");
}
