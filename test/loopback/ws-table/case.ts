/**
 * One row of the table of faults.md's appendix: what the peer and the owner do, and what our transport
 * interface tells of it.
 *
 * The 291 rows were measured on plain `ws`. Here each is written for {@link Transport}: one expectation,
 * shared by the adapter over the real `ws` and by the transport in memory. Where a row's user did what
 * our interface does not offer (an option we refuse, a listener of `ws`'s own), the nearest thing is
 * done and the row's `note` says so.
 */
import type { Loss, LossClass, LossPhase } from "../../../machines/loss.ts";
import type { MemorySocket } from "../../../src/testing/memory-transport.ts";
import type { Dial } from "../../../src/transport/transport.ts";
import type { WsTransportOptions } from "../../../src/transport/ws-options.ts";
import type { Client } from "./client.ts";
import type { Stage } from "./stage.ts";

/** A loss as far as both transports must agree on it: all of it but the words, which are OpenSSL's or Node's. */
export type LossFacts = Omit<Loss, "silentMs">;

/**
 * How a case ends.
 *
 * - `told`: `ended` is heard, last, and once
 * - `none`: the socket stays open and usable until the test is done with it
 * - `requested`: the owner ends it, and is told nothing (rule 1 of `transport.ts`)
 * - `deadline`: no transport ends it; the connection's own absolute deadline does, and gives its class
 * - `refused`: our options do not allow it: an `OptionError`, before any I/O
 */
export type End =
  | { readonly kind: "told"; readonly loss: LossFacts }
  | { readonly kind: "none" }
  | { readonly kind: "requested" }
  | { readonly kind: "deadline"; readonly phase: LossPhase }
  | { readonly kind: "refused" };

/** What the owner does at once, within the call that tells it something. */
export type Reactions = Partial<
  Record<"progressed" | "opened" | "message" | "ended", (client: Client, what: string) => void>
>;

export interface Case {
  readonly id: string;
  /** What the peer or the owner does. */
  readonly does: string;
  /** Options that the row is about and that we do not take, by the name that the refusal gives. */
  readonly refuses?: Readonly<Record<string, unknown>>;
  readonly options?: WsTransportOptions;
  readonly dial?: Partial<Dial>;
  readonly owner?: Reactions;
  /** The case on the real adapter. Absent where the options are refused and that is all. */
  readonly play?: (stage: Stage) => unknown;
  /** Everything that is told and done before the end, in order: see `client.ts` for the words. */
  readonly tells: readonly string[];
  readonly end: End;
  /** What the owner's acts after the end give. */
  readonly afterwards?: readonly string[];
  /** The case on the in-memory transport, in its peer's verbs; or why it cannot show it. */
  readonly memory: ((peer: MemorySocket, client: Client) => void) | string;
  /** What this machine must have. */
  readonly needs?: "openssl" | "ipv6";
  readonly note?: string;
}

/** The class of a row: "none" where nothing was lost. */
export function classOf({ end }: Case): LossClass | "none" {
  switch (end.kind) {
    case "told":
      return end.loss.class;
    case "none":
      return "none";
    case "requested":
      return "requested";
    case "deadline":
      return "handshake-timeout";
    case "refused":
      return "config";
  }
}

/** Whether the in-memory transport can show a case. */
export const isVisible = ({ memory }: Case): boolean => typeof memory !== "string";

const told = (loss: LossFacts): End => ({ kind: "told", loss });

export const staysOpen: End = { kind: "none" };
export const requested: End = { kind: "requested" };
export const refused: End = { kind: "refused" };
export const deadline = (phase: LossPhase): End => ({ kind: "deadline", phase });

export const lost = (lossClass: LossClass, phase: LossPhase, code?: string): End =>
  told({ class: lossClass, phase, ...(code === undefined ? {} : { code }) });

export const dropped = (code?: string, phase: LossPhase = "open"): End =>
  lost("dropped", phase, code);

export const broken = (code: string): End => lost("peer-protocol", "open", code);

export const tooBig = (code = "WS_ERR_UNSUPPORTED_MESSAGE_LENGTH"): End =>
  lost("too-big", "open", code);

export const closedByPeer = (closeCode: number, detail?: string, phase: LossPhase = "open"): End =>
  told({
    class: "closed-by-peer",
    phase,
    closeCode,
    ...(detail === undefined ? {} : { detail }),
  });

export const answered = (
  status: number,
  more: Pick<LossFacts, "retryAfterMs" | "location"> = {},
): End => told({ class: classOfStatus(status), phase: "upgrade", status, ...more });

function classOfStatus(status: number): LossClass {
  if ([301, 302, 303, 307, 308].includes(status)) return "redirect";
  return status === 101 ? "not-websocket" : "http-refusal";
}

/** What a socket tells on its way to an address, and once it is open. */
export const dialling = ["tcp", "upgrade"] as const;
export const open = [...dialling, "opened"] as const;

/** The in-memory transport on the same way. */
export function dials(peer: MemorySocket): void {
  for (const phase of dialling) peer.progresses(phase);
}

export function opens(peer: MemorySocket): void {
  dials(peer);
  peer.opens();
}

/** Why the in-memory transport cannot show a case. */
export const invisible = {
  url: "it reads neither the URL nor the headers: whoever dials has checked them",
  options: "it takes no options of `ws`",
  names: "it looks no names up: `ends` would only repeat what it was given",
  tls: "it has no TLS: `ends` would only repeat what it was given",
  process: "the row is about the process, not about what the transport tells",
} as const;
