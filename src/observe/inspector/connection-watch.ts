/**
 * A supervisor's facts and outages, for as long as it is attached.
 *
 * A fact is shown as one line and its payload; an outage is open from `down`, or the first dial that
 * fails, until `recovered` brings its report.
 */
import { describeLoss, type Loss } from "../../../machines/loss.ts";
import type { Fact } from "../../supervisor/facts.ts";
import type { OutageReport } from "../../supervisor/outage.ts";
import type { FactView, OutageView, View } from "./protocol.ts";
import { Ring } from "./ring.ts";
import { scrub } from "./secrets.ts";
import type { Viewer } from "./views.ts";

const MAX_OUTAGES = 100;
const MAX_FACTS = 200;
const MAX_STREAMS = 50;

export interface ConnectionWatchParts {
  readonly viewer: Viewer;
  readonly nextNumber: () => number;
  /** Key of the actor; undefined before it runs. */
  readonly actor: () => string | undefined;
  /** The last outage, with the gaps that showed up after it. */
  readonly lastOutage: () => OutageReport | undefined;
  readonly onFact: (fact: FactView) => void;
  readonly onOutages: (actor: string, outages: readonly OutageView[]) => void;
}

export class ConnectionWatch {
  readonly #parts: ConnectionWatchParts;
  readonly #outages = new Ring<OutageView>(MAX_OUTAGES);
  readonly #facts = new Ring<FactView>(MAX_FACTS);
  #open: OutageView | undefined;

  constructor(parts: ConnectionWatchParts) {
    this.#parts = parts;
  }

  get actor(): string | undefined {
    return this.#parts.actor();
  }

  get facts(): readonly FactView[] {
    return this.#facts.items;
  }

  get outages(): readonly OutageView[] {
    return this.#open === undefined ? this.#outages.items : [...this.#outages.items, this.#open];
  }

  /** An outage that was under way when it was attached. */
  found(cause: Loss, sinceMs: number): void {
    this.#begin(cause, sinceMs);
  }

  note(fact: Fact): void {
    const actor = this.#parts.actor();
    if (actor === undefined) return;
    this.#follow(fact, actor);
    if (fact.type === "state") return; // the chart's own steps say it better
    const view: FactView = {
      n: this.#parts.nextNumber(),
      actor,
      atMs: fact.atMs,
      type: fact.type,
      text: textOf(fact),
      detail: this.#detailOf(fact),
    };
    this.#facts.push(view);
    this.#parts.onFact(view);
  }

  #follow(fact: Fact, actor: string): void {
    if (fact.type === "down" || fact.type === "attempt.failed") this.#begin(fact.loss, fact.atMs);
    else if (fact.type === "recovered") this.#recover(fact.report);
    else if (fact.type === "gap") this.#countLateGap();
    else if (fact.type === "closed") this.#end(fact.atMs);
    else return;
    this.#parts.onOutages(actor, this.outages);
  }

  #begin(cause: Loss, startedAtMs: number): void {
    this.#open ??= { startedAtMs, endedAtMs: null, cause: lossText(cause), report: null };
  }

  #recover(report: OutageReport): void {
    this.#open = undefined;
    this.#outages.push({
      startedAtMs: report.startedAtMs,
      endedAtMs: report.recoveredAtMs,
      cause: lossText(report.cause),
      report: reportView(report),
    });
  }

  /** What an outage missed shows when the next message of each stream has come: often after it is over. */
  #countLateGap(): void {
    const report = this.#parts.lastOutage();
    if (report === undefined) return;
    const { startedAtMs } = report;
    this.#outages.replaceLast((last) =>
      last.startedAtMs === startedAtMs ? { ...last, report: reportView(report) } : last,
    );
  }

  /** One that the owner's close has cut short. */
  #end(atMs: number): void {
    if (this.#open !== undefined) this.#outages.push({ ...this.#open, endedAtMs: atMs });
    this.#open = undefined;
  }

  #detailOf(fact: Fact): View {
    if (fact.type === "recovered") return reportView(fact.report);
    // What was fetched is data, and data is none of an inspector's business.
    const {
      type: _,
      atMs: __,
      ...payload
    } = fact.type === "snapshot" ? { ...fact, data: undefined } : fact;
    return this.#parts.viewer.view(payload, { actor: "fact", path: ["fact"] });
  }
}

function lossText(loss: Loss): string {
  return scrub(describeLoss(loss));
}

function reportView(report: OutageReport): View {
  const streams = [...report.lastPositions].slice(0, MAX_STREAMS);
  return {
    cause: lossText(report.cause),
    startedAtMs: report.startedAtMs,
    detectedAtMs: report.detectedAtMs,
    recoveredAtMs: report.recoveredAtMs,
    durationMs: report.durationMs,
    attempts: report.attempts,
    losses: report.losses.map(lossText),
    timeInStateMs: { ...report.timeInStateMs },
    missed: { gaps: report.missed.gaps, numbers: report.missed.numbers },
    lastPositions: streams.map(([stream, position]) => `${scrub(stream)} ${position}`),
    streams: report.lastPositions.size,
  };
}

/** One line. What came from outside in it is scrubbed. */
function textOf(fact: Fact): string {
  switch (fact.type) {
    case "down":
      return `${lossText(fact.loss)}; ${retryText(fact.retryInMs)}`;
    case "attempt.failed":
      return `attempt ${fact.attempt}: ${lossText(fact.loss)}; ${retryText(fact.retryInMs)}`;
    case "up":
      return `ready after ${fact.attempt} ${fact.attempt === 1 ? "attempt" : "attempts"}`;
    case "command.delayed":
      return `${fact.command} waits ${(fact.retryInMs / 1_000).toFixed(1)} s`;
    case "gap":
      return `${scrub(fact.stream)}: ${fact.from} to ${fact.to} never came`;
    case "reset":
      return `${scrub(fact.stream)} numbers anew`;
    case "in-doubt":
      return `${scrub(fact.stream)}: ${fact.messages} held`;
    case "numbering-stuck":
      return `${scrub(fact.stream)}: its number does not change`;
    case "mismatch":
      return `${scrub(fact.stream)}: its checksum differs`;
    case "invalid":
      return `${scrub(fact.stream)} is not whole`;
    case "snapshot":
      return `${scrub(fact.stream)} begins anew`;
    case "valid":
      return `${scrub(fact.stream)} is whole again`;
    case "recovery.abandoned":
      return `${scrub(fact.stream)} is not wanted any more`;
    case "notice":
      return `${fact.action}: ${scrub(fact.detail)}`;
    case "topic.stale":
    case "topic.fresh":
      return `${scrub(fact.topic)}, silent for ${(fact.silentMs / 1_000).toFixed(1)} s`;
    case "mute":
      return `no data for ${(fact.silentMs / 1_000).toFixed(1)} s: ${fact.action}`;
    case "mute.ended":
      return `data again after ${(fact.silentMs / 1_000).toFixed(1)} s`;
    case "topic.quarantined":
      return `${scrub(fact.topic)}: sockets died of it`;
    case "subscriptions.settled":
      return `${fact.confirmed.length} confirmed, ${fact.rejected.length} rejected, ${fact.refused.length} refused for now, ${fact.timedOut.length} timed out`;
    case "topic.rejected":
    case "topic.refused":
      return scrub(fact.topic);
    case "alert":
      return fact.alert.kind;
    case "recovered":
      return `after ${(fact.report.durationMs / 1_000).toFixed(1)} s and ${fact.report.attempts} attempts`;
    case "failed":
      return lossText(fact.loss);
    case "internal":
      return "an error inside the chart";
    case "callback.failed":
      return `a ${fact.callback} threw`;
    case "message.dropped":
      return fact.stream === null ? fact.cause : `${fact.cause}: ${scrub(fact.stream)}`;
    case "send.dropped":
      return `${fact.frame}: ${fact.reason}`;
    case "send.unknown":
      return "a send may have arrived";
    case "state":
    case "send.restored":
    case "overflow":
    case "message.unjudged":
    case "message.invalid":
    case "closed":
      return "";
  }
}

function retryText(retryInMs: number | null): string {
  return retryInMs === null ? "no retry" : `retry in ${(retryInMs / 1_000).toFixed(1)} s`;
}
