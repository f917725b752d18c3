/**
 * What must hold, by the numbers of the plan (faults.md §D2), and where each is looked after.
 *
 * Nothing here is checked by what the supervisor says of itself alone: the oracle stands at the wire,
 * at the user's functions and at the exchange's ledger, and compares.
 */

export const invariants = {
  "1 one socket": "at most one live socket, none in idle, reconnecting, failed and closed",
  "2 nothing left": "in failed and closed: no timer, no socket, no promise that waits",
  "3 no dial after the end": "no dial in failed or closed; each dial has its reason",
  "4 budget": "no dial by itself without a token of the retry budget",
  "5 floor and cap": "each wait lies between its floor and its cap, and is waited out",
  "6 forgiveness": "failures are forgiven by stable time only",
  "7 deadlines": "no state is held longer than its deadline; few timers",
  "8 intents": "wanted topics are those the user wants, and their states are what was answered",
  "9 asked once": "a topic is asked for once on a socket, wanted and in small enough frames",
  "11 epochs": "nothing of an old socket, nothing after closed",
  "12 order": "numbers of a stream only rise",
  "13 completeness": "what was received is delivered, what was emitted is delivered or in one gap",
  "14 true gaps": "a gap is told once, for exactly what never came",
  "15 bounds": "outbox and iterators stay within their bounds",
  "16 fates": "each send has one fate, true to the wire, at the right time and in order",
  "17 alternation":
    "down and up alternate, states change, losses are told once, waits are as announced",
  "18 silence": "silence is declared after the whole of it, in time, never over unread data",
  "19 pacing": "frames keep within the windows, probes are few",
  "20 renewal": "credentials are renewed once per refusal and once before stable",
  "21 callbacks": "a function of the user's that throws is counted, and changes nothing else",
  "22 secrets": "no credential in a fact, a status, a snapshot or an error",
  "23 sanity": "known states only, no error, no loop without time, no foreign time or chance",
  "L1 ready again": "after the last fault: ready within detection, wait and deadlines",
  "L2 all confirmed": "after that every wanted topic is confirmed on a fresh socket",
  "L3 streams deliver": "after that every wanted stream delivers",
  "L4 outbox empty": "after that every send is settled",
  "L5 closes": "close resolves within its deadline",
  "L6 streams whole": "after that every wanted stream that can be recovered is whole",
  "L7 quarantine ends": "after that whoever is in quarantine is asked for again in the end",
  "L8 refusals heal": "after that whoever was refused for now, or not answered, is confirmed",
  jitter: "waits of the same width differ",
  "fresh topics":
    "stale is said of topics that were silent for their time, once, and fresh when they speak",
  quarantine: "quarantined topics have deserved it and are not asked for; suspects are tried alone",
  refusals:
    "refusals are told with their wait; who is refused for now is asked for again, alone, at most ten a minute",
  "whole streams":
    "a stream that is not whole is said so, is recovered in order, and loses nothing silently",
  mute: "a silence is told when it is too long, in time, replaced after that, and over when data comes",
  drops: "the first message that is dropped for a reason is told, and once in a minute",
  numbers:
    "where numbers lie, nothing new is lost, nothing known is told again, and doubt is short or spoken of",
  silence:
    "while messages come for a wanted topic a listener gets one, or a fact about it, within a bound",
  planned:
    "planned reconnects come within the window of what announced them, and are nobody's failure",
} as const;

export type Invariant = keyof typeof invariants;

/** Numbers of the plan that no world here can break, and why. */
export const notApplicable = {
  10: "unsubscribe() gives no promise; 9 holds that an unwanted topic is asked for no more",
  24: "not within a life: two lives of one seed are compared by the test of determinism",
  25: "make-before-break is planned; a connection that replaces itself is looked after by `planned`",
  26: "redundant lines are planned",
  27: "shards are planned",
  28: "the relay is planned",
} as const;

/** Something that must not be. */
export interface Violation {
  readonly invariant: Invariant;
  readonly detail: string;
}
