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
import type { FactPayloads, FactType } from "./facts.ts";
import type { Subscriptions } from "./subscriptions.ts";

export interface ControlParts<M> {
  readonly link: Pick<Link, "expires">;
  readonly outgoing: Pick<Outgoing<OutboxItem>, "urgent" | "pump">;
  readonly subscriptions: Pick<Subscriptions<M>, "acknowledge" | "pause" | "resume" | "renew">;
  readonly publish: <T extends FactType>(type: T, payload: FactPayloads[T]) => void;
  readonly callbackFailed: (callback: string, error: unknown) => void;
}

export class ControlWords<M> {
  readonly #parts: ControlParts<M>;

  constructor(parts: ControlParts<M>) {
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
      this.#parts.outgoing.urgent(encodeFrame(frame));
    } catch (error) {
      this.#parts.callbackFailed("venue.control", error);
    }
  }

  #note(notice: VenueNotice): void {
    const { link, subscriptions, publish } = this.#parts;
    const { action, detail } = notice;
    const withinMs = action === "replace" ? notice.withinMs : null;
    publish("notice", { action, detail: printable(detail), withinMs });
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
