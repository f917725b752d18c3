/**
 * The account of a band: every number between the first and the last of a stream was delivered once, lies
 * in exactly one gap, or is covered by a snapshot. What does not fit is said in words.
 */
import type { FeedItem, MessageItem } from "../../../src/supervisor/items.ts";
import type { VenueProfile } from "../../../src/venues/index.ts";

interface Standing {
  /** The last number that is accounted for; undefined where numbering has begun anew. */
  last: number | undefined;
  /** Its messages may wait for a snapshot. */
  isInvalid: boolean;
  /** Received up to here and not delivered, because a snapshot that is to come will have it. */
  owed: number | undefined;
  delivered: number;
  gaps: number;
  snapshots: number;
}

/** `faults` is empty where the account closes. */
export interface Account {
  readonly faults: readonly string[];
  readonly streams: ReadonlyMap<string, Readonly<Standing>>;
}

/**
 * Of streams whose numbers have no holes, or are linked; not of a connection's own counter. `mayOverlap`
 * where a venue tells again of what was, in one message with what is new.
 */
export function accountOf(
  items: readonly FeedItem<unknown>[],
  profile: VenueProfile<unknown>,
  mayOverlap: (stream: string) => boolean = () => false,
): Account {
  const words = profile.open();
  const faults: string[] = [];
  const streams = new Map<string, Standing>();
  const standingOf = (stream: string): Standing => {
    const known = streams.get(stream);
    if (known !== undefined) return known;
    const fresh = {
      last: undefined,
      isInvalid: false,
      owed: undefined,
      delivered: 0,
      gaps: 0,
      snapshots: 0,
    };
    streams.set(stream, fresh);
    return fresh;
  };

  /** A message goes on where its stream stands, neither behind it nor before it. */
  const take = ({ data, raw, isSnapshot, stream = "", first, position }: MessageItem<unknown>) => {
    const standing = standingOf(stream);
    const { last } = standing;
    standing.delivered += 1;
    standing.last = Number(position);
    if (isSnapshot) standing.snapshots += 1;
    else if (standing.owed !== undefined) faults.push(`${stream}: ${standing.owed} is owed`);
    standing.owed = undefined;
    if (last === undefined || isSnapshot) return;
    const previous = words.sequence?.(data, raw)?.previous;
    const follows = previous === undefined ? Number(first) - 1 : Number(previous);
    const where = `${stream}: ${first}..${position} after ${last}`;
    if (follows > last) faults.push(`hole before ${where}`);
    // The first behind a snapshot may overlap it.
    else if (follows < last && standing.snapshots === 0 && !mayOverlap(stream))
      faults.push(`overlap in ${where}`);
    // A sign of life, or a renumbering that is properly linked, does not grow.
    if (Number(position) <= last && previous === undefined) faults.push(`repeat in ${where}`);
  };

  for (const item of items) {
    switch (item.kind) {
      case "message":
        if (item.stream !== undefined) take(item);
        break;
      case "gap": {
        const standing = standingOf(item.stream);
        standing.gaps += 1;
        const expected = (standing.last ?? NaN) + 1;
        if (item.from < expected || (item.from > expected && !standing.isInvalid)) {
          faults.push(`gap of ${item.stream} from ${item.from} after ${standing.last}`);
        }
        if (item.from > expected) standing.owed = Number(item.from) - 1;
        standing.last = Number(item.to);
        break;
      }
      case "snapshot": {
        const standing = standingOf(item.stream);
        if (standing.last !== undefined && Number(item.position) < standing.last) {
          faults.push(`snapshot of ${item.stream} at ${item.position} before ${standing.last}`);
        }
        if (standing.owed !== undefined && item.position < standing.owed) {
          faults.push(`snapshot of ${item.stream} at ${item.position}: ${standing.owed} is owed`);
        }
        standing.last = Number(item.position);
        standing.owed = undefined;
        standing.snapshots += 1;
        break;
      }
      case "overflow":
        faults.push(`overflow of ${item.dropped}`);
        break;
      case "invalid":
      case "valid":
        standingOf(item.stream).isInvalid = item.kind === "invalid";
        break;
      case "reset": {
        const standing = standingOf(item.stream);
        standing.last = undefined;
        standing.owed = undefined;
        break;
      }
    }
  }
  for (const [stream, { owed }] of streams) {
    if (owed !== undefined) faults.push(`${stream}: ${owed} is owed at the end`);
  }
  return { faults, streams };
}
