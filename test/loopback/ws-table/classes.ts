/**
 * Which class each row has, and by whose word.
 *
 * faults.md §A3 names 197 of the 291 rows, in ranges that are now and then wider than they mean; the
 * other 94 have their class from here. The rows themselves state it once more, as what is told.
 */
import type { LossClass } from "../../../machines/loss.ts";
import { ids, range } from "./ids.ts";
import { trustsWeakKeys } from "./this-machine.ts";

type Class = LossClass | "none";

/** §A3, with its classes under our names. A row in two of them may be either. */
const SECTION_A3: Partial<Record<Class, string>> = {
  config: "A01–A13",
  "dns-transient": "B02 B03 B05 B06 B07",
  "dns-not-found": "B01 B04",
  unreachable: "B09 C01–C06",
  "local-resource": "J24 A12",
  "handshake-cut": "C07 C11 C12 D18 D20 D21 E22 E24",
  "handshake-timeout": "C08–C10 D19 E23 E31 J18",
  "tls-trust": "D02–D08 D15",
  "tls-protocol": "D10–D12 D16 D17 D22–D24",
  "http-refusal": "E01 E13 E14 E29",
  "not-websocket": "E10–E28 E30",
  redirect: "E40–E49",
  "peer-protocol": "F11–F25 F43–F46 H01 H03 H04",
  "too-big": "F27–F31 F41 F42 J15",
  "closed-by-peer": "H01",
  dropped: "F02–F10 D25 D26 E32 E33 J08",
  "ended-without-code": "H02",
  requested: "I01–I07 J02 J04",
};

interface Decision {
  readonly ids: string;
  readonly class: Class;
  readonly why: string;
}

/** Where ours is another than §A3 has it. */
const DEPARTURES: readonly Decision[] = [
  {
    ids: "B05 B06",
    class: "handshake-timeout",
    why: "one absolute deadline over the whole dial (§0 #1); its phase is dns, its verdict the same",
  },
  {
    ids: "B07",
    class: "dns-not-found",
    why: "§0 #13 has an empty list become ENOTFOUND, and that is this class",
  },
  {
    ids: "D11",
    class: "tls-client-certificate",
    why: "§A3 sets those about our certificate apart: here they are a class",
  },
  {
    ids: "E01.301 E01.302 E01.307",
    class: "redirect",
    why: "§A3's own words for redirect: a status 3xx that is not followed",
  },
  {
    ids: "E15–E20",
    class: "negotiation",
    why: "§A3 never tries these again, and the rest of not-websocket slowly: two classes",
  },
  { ids: "E21", class: "none", why: "it opens; only the range covers it" },
  {
    ids: "F09",
    class: "none",
    why: "a silent peer is the heartbeat's business; only the range covers it",
  },
  { ids: "F22 F30", class: "none", why: "both are allowed; only the range covers them" },
  {
    ids: "J08",
    class: "abusive-peer",
    why: "§0 #16 has a flood of pings told as one, not as a bare 1006",
  },
  {
    ids: "J18",
    class: "http-refusal",
    why: "the listener that waits for the body is the adapter's own, and does not",
  },
];

/** The rows that §A3 leaves out. */
const DECIDED: readonly Decision[] = [
  { ids: "B08 B11", class: "dns-transient", why: "a lookup that errs, not a name without address" },
  { ids: "D09", class: trustsWeakKeys ? "none" : "tls-trust", why: "as this OpenSSL has it" },
  { ids: "B10 D01 D13 D14 E08 E09 J19", class: "none", why: "it opens" },
  { ids: "E02–E07 J17", class: "http-refusal", why: "a status is a refusal whatever follows it" },
  { ids: "J16", class: "redirect", why: "over at the first hop: none is followed" },
  { ids: "F01 F26 F40 F47 J07 J20", class: "none", why: "a good message" },
  { ids: "F48", class: "none", why: "zlib takes it for a message, so nobody can tell" },
  { ids: "G01 G02 J09 J10", class: "none", why: "control frames within bounds" },
  { ids: "G03 G04 G05", class: "abusive-peer", why: "as J08" },
  { ids: "F32 F33 J28", class: "config", why: "an OptionError: to ws these are no limit at all" },
  { ids: "J26 J27", class: "too-big", why: "the default limit holds, undefined or not" },
  {
    ids: "E34 H05–H11 J01",
    class: "closed-by-peer",
    why: "the first close frame counts, whatever comes before TCP ends",
  },
  {
    ids: "I11 I12 I14 I21–I28 I35 I42",
    class: "closed-by-peer",
    why: "the answer to our close, in phase closing; a code or reason of ours that cannot be sent is mended",
  },
  {
    ids: "I10 I13 I17 I30",
    class: "dropped",
    why: "TCP ends without an answer to our close, in phase closing",
  },
  { ids: "I32 I36 I37 I38 I39 J14", class: "dropped", why: "TCP ends without a close frame" },
  { ids: "I41", class: "closed-by-peer", why: "the close frame, when it is read at last" },
  {
    ids: "I08 I15 I16 I19 I31 I33 I43 J05 J06 J23",
    class: "requested",
    why: "the owner terminates: it is told nothing",
  },
  { ids: "I18 I20 I40 I44", class: "none", why: "a pause is no loss" },
  { ids: "I34", class: "none", why: "the owner's throw is caught, and the socket goes on" },
  { ids: "J03", class: "none", why: "there is no signal to abort an open socket with" },
  { ids: "J11 J12 J13 J29 J30", class: "peer-protocol", why: "a bad frame: over at once" },
  {
    ids: "J21",
    class: "peer-protocol",
    why: "the second message shows what was wrong with the first",
  },
  { ids: "J22", class: "unreachable", why: "as C01" },
  { ids: "J25", class: "dns-not-found", why: "as B07" },
];

const membersInA3 = Object.entries(SECTION_A3).map(([name, text]) => ({
  name,
  members: expand(text),
}));

/** The classes that §A3 gives to a row; none where it leaves the row out. */
export function classesInA3(id: string): readonly string[] {
  return membersInA3.filter(({ members }) => members.has(id)).map(({ name }) => name);
}

export const departures = byId(DEPARTURES);
export const decided = byId(DECIDED);

function byId(decisions: readonly Decision[]): ReadonlyMap<string, Class> {
  return new Map(decisions.flatMap((each) => [...expand(each.ids)].map((id) => [id, each.class])));
}

/** `A01–A03 E01` is A01, A02, A03 and every E01.NNN. */
function expand(text: string): ReadonlySet<string> {
  const stems = text.split(" ").flatMap((part) => {
    const [first = "", last] = part.split("–");
    return last === undefined
      ? [first]
      : range(first.slice(0, 1), Number(first.slice(1)), Number(last.slice(1)));
  });
  return new Set(ids.filter((id) => stems.includes(id) || stems.includes(id.split(".")[0] ?? "")));
}
