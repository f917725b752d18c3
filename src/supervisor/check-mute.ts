/** The option about connections that are alive and bring no data. */
import { defaultMutePolicy, type MutePolicy } from "../../machines/policy/mute.ts";
import { checkInteger, checkKeys, checkMs } from "../check.ts";

type Given = Partial<MutePolicy> | null | undefined;

/** Part by part: the user's, then the venue's, then {@link defaultMutePolicy}; null for never. */
export function checkMute(value: Given, venue: Given, path = "mute"): MutePolicy | null {
  if (value === null || (value === undefined && venue === null)) return null;
  return { ...defaultMutePolicy, ...readMute(venue ?? {}, path), ...readMute(value ?? {}, path) };
}

/** Only what is given. */
function readMute(value: unknown, path: string): Partial<MutePolicy> {
  const given = checkKeys(value, path, ["floorMs", "newSocketAfterMs", "newSocketsPerDay"]);
  const { floorMs, newSocketAfterMs, newSocketsPerDay } = given;
  return {
    ...(floorMs !== undefined && { floorMs: checkMs(floorMs, `${path}.floorMs`, 0, 1) }),
    ...(newSocketAfterMs !== undefined && {
      newSocketAfterMs: checkMs(newSocketAfterMs, `${path}.newSocketAfterMs`, 0),
    }),
    ...(newSocketsPerDay !== undefined && {
      newSocketsPerDay: checkInteger(newSocketsPerDay, `${path}.newSocketsPerDay`, 0),
    }),
  };
}
