/**
 * What a venue's control words lead to: answers settle subscriptions, challenges are answered at once,
 * notices pause, resume or replace the connection. Heartbeats lead to nothing: any byte is life.
 */
import type { Link } from "../connection/link.ts";
import type { Outgoing } from "../connection/outgoing.ts";
import type { OutboxItem } from "./outbox.ts";
import { encodeFrame, type Frame } from "../subscriptions/protocol.ts";
import { printable } from "../transport/printable.ts";
import type { VenueNotice, VenueWord } from "../venues/venue.ts";
import type { Facts } from "./publisher.ts";
import type { Subscriptions } from "./subscriptions.ts";

/** The other parts of the supervisor, as far as a word leads to them. */
export interface ControlledParts<M> {
  readonly link: Pick<Link, "expires">;
  readonly outgoing: Pick<Outgoing<OutboxItem>, "urgent" | "pump">;
  readonly subscriptions: Pick<Subscriptions<M>, "acknowledge" | "pause" | "resume" | "renew">;
  readonly publisher: Facts;
}

export class ControlWords<M> {
  readonly #parts: ControlledParts<M>;

  constructor(parts: ControlledParts<M>) {
    this.#parts = parts;
  }

  heed(word: VenueWord): void {
    const { subscriptions, outgoing } = this.#parts;
    switch (word.kind) {
      case "answer":
        subscriptions.acknowledge(word.answer);
        outgoing.pump();
        return;
      case "answers":
        for (const answer of word.answers) subscriptions.acknowledge(answer);
        outgoing.pump();
        return;
      case "challenge":
        this.#reply(word.reply);
        return;
      case "notice":
        this.#note(word.notice);
        return;
      case "alive":
        return;
    }
  }

  #reply(frame: Frame): void {
    try {
      this.#parts.outgoing.urgent(encodeFrame(frame, "the reply of venue.control()"));
    } catch (error) {
      this.#parts.publisher.callbackFailed("venue.control", error);
    }
  }

  #note(notice: VenueNotice): void {
    const { link, subscriptions, publisher } = this.#parts;
    const { action, detail } = notice;
    const withinMs = action === "replace" ? notice.withinMs : null;
    publisher.publish("notice", { action, detail: printable(detail), withinMs });
    switch (action) {
      case "replace":
        link.expires(notice.withinMs, detail);
        return;
      case "pause":
        subscriptions.pause("venue");
        return;
      case "resume":
        subscriptions.resume("venue");
        subscriptions.renew();
        return;
      case "status":
        return;
    }
  }
}
