/**
 * What all connections of the process are at one instant: their `status()`, as numbers, summed by name.
 *
 * Connections are held weakly. What one had counted when it was last seen stays in the sums after it has
 * gone: a counter that falls would be taken for a restart. Its gauges stay too, at 0, as some readers go on
 * showing what nobody tells them to forget.
 */
import type { SupervisorState } from "../../supervisor/facts.ts";
import type { Status } from "../../supervisor/status.ts";
import type { Observed } from "../observed.ts";
import { counted, type Metric } from "./catalog.ts";
import type { ConnectionLabels, Labels } from "./labels.ts";

const inNoState = {
  idle: 0,
  connecting: 0,
  connected: 0,
  reconnecting: 0,
  failed: 0,
  closing: 0,
  closed: 0,
} satisfies Record<SupervisorState, 0>;

export interface Reading {
  readonly metric: Metric;
  readonly labels: Labels;
  readonly value: number;
}

interface Member {
  readonly ref: WeakRef<Observed>;
  readonly labels: Labels;
  /** What is left of it once it has gone, as it was last read. */
  estate: readonly Reading[];
}

export class Census {
  readonly #labels: ConnectionLabels;
  readonly #members = new Set<Member>();
  readonly #known = new WeakMap<Observed, Member>();
  /** What is left of those who have gone, summed. */
  #gone: readonly Reading[] = [];

  constructor(labels: ConnectionLabels) {
    this.#labels = labels;
  }

  /** Takes it in, once; one that is closed is not taken in again. */
  add(supervisor: Observed): void {
    if (this.#known.has(supervisor)) return;
    const ref = new WeakRef(supervisor);
    const member: Member = { ref, labels: this.#labels.of(supervisor), estate: [] };
    this.#known.set(supervisor, member);
    this.#members.add(member);
  }

  /** It is closed: what it has counted stays. */
  leave(supervisor: Observed): void {
    this.add(supervisor);
    const member = this.#known.get(supervisor);
    if (member === undefined || !this.#members.has(member)) return;
    read(member, supervisor);
    this.#retire(member);
  }

  readings(): readonly Reading[] {
    const now: Reading[] = [];
    for (const member of this.#members) {
      const supervisor = member.ref.deref();
      if (supervisor === undefined) this.#retire(member);
      else now.push(...read(member, supervisor));
    }
    return summed([...this.#gone, ...now]);
  }

  #retire(member: Member): void {
    this.#members.delete(member);
    this.#gone = summed([...this.#gone, ...member.estate]);
  }
}

function read(member: Member, supervisor: Observed): readonly Reading[] {
  const readings = readStatus(supervisor.status(), member.labels);
  member.estate = readings
    .filter(({ metric }) => metric !== counted.roundTrip)
    .map((reading) => (reading.metric.kind === "counter" ? reading : { ...reading, value: 0 }));
  return readings;
}

function readStatus(status: Status, labels: Labels): readonly Reading[] {
  const { inbound, outbox, queues, recovery, topics } = status;
  const { messages: waiting, bytes, written, unknown, overflow, tooLarge, invalid } = outbox;
  const { expired, failed, closed } = outbox;
  const by = (
    metric: Metric,
    label: "state" | "fate" | "outcome",
    values: Record<string, number>,
  ) =>
    Object.entries(values).map(([name, value]) => ({
      metric,
      labels: { ...labels, [label]: name },
      value,
    }));
  const of = (metric: Metric, value: number): Reading => ({ metric, labels, value });
  return [
    ...by(counted.connections, "state", { ...inNoState, [status.state]: 1 }),
    of(counted.ready, status.isReady ? 1 : 0),
    ...(status.roundTripMs === null ? [] : [of(counted.roundTrip, status.roundTripMs / 1_000)]),
    ...by(counted.topics, "state", topics),
    of(counted.brokenStreams, recovery.streams.length),
    ...by(counted.recoveries, "outcome", {
      recovered: recovery.recovered,
      failed: recovery.failed,
    }),
    of(counted.inboundMessages, inbound.messages),
    of(counted.inboundSize, inbound.bytes),
    of(counted.delivered, inbound.delivered),
    of(counted.unclaimed, inbound.unclaimed),
    of(counted.duplicates, inbound.duplicates),
    of(counted.stale, inbound.stale),
    of(counted.unjudged, inbound.unjudged),
    of(counted.invalid, inbound.invalid),
    of(counted.late, inbound.late),
    ...by(counted.outbound, "fate", {
      written,
      unknown,
      overflow,
      "too-large": tooLarge,
      invalid,
      expired,
      failed,
      closed,
    }),
    of(counted.outboxMessages, waiting),
    of(counted.outboxSize, bytes),
    of(
      counted.queueMessages,
      queues.reduce((sum, { depth }) => sum + depth, 0),
    ),
    of(counted.callbackFailures, status.callbackFailures),
  ];
}

/** One reading per metric and labels. Of two ways there and back the longer tells more than their sum. */
function summed(readings: readonly Reading[]): readonly Reading[] {
  const sums = new Map<string, Reading>();
  for (const reading of readings) {
    const { metric, labels, value } = reading;
    const key = `${metric.name}\n${Object.values(labels).join("\n")}`;
    const known = sums.get(key)?.value;
    if (known === undefined) sums.set(key, reading);
    else {
      const both = metric === counted.roundTrip ? Math.max(known, value) : known + value;
      sums.set(key, { metric, labels, value: both });
    }
  }
  return [...sums.values()];
}
