/** What is said of frames that go out, and of those that do not. */

/** `message` a `send()` of the user's · `urgent` an opening, a reply or a keepalive of the venue's. */
export type FrameKind = "message" | "request" | "login" | "probe" | "urgent";

/** What became of a frame that a socket was given; only of an `unknown` one something may have gone out. */
export type FrameOutcome = "written" | "unknown" | "invalid" | "not-open";

/** Who is told. */
export interface FrameWatch {
  /** The kernel took a frame. */
  frameWritten(): void;
  /** A frame that is no `message` was dropped: refused by the socket, or one too many. */
  frameDropped(
    kind: Exclude<FrameKind, "message">,
    reason: "invalid" | "overflow",
    bytes: number,
    detail?: string,
  ): void;
}
