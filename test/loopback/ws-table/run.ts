/**
 * Plays cases: each on the adapter over the real `ws`, and those that are visible at our interface on
 * the in-memory transport too. Both must tell what the row says, in its order, and nothing after it.
 */
import { beforeAll, describe, expect, it } from "vitest";
import { supervise } from "../../../src/index.ts";
import { OptionError } from "../../../src/errors.ts";
import { realClock } from "../../../src/system.ts";
import { createMemoryTransport } from "../../../src/testing/memory-transport.ts";
import { VirtualClock } from "../../../src/testing/virtual-clock.ts";
import type { WsTransportOptions } from "../../../src/transport/ws-options.ts";
import { createWsTransport } from "../../../src/transport/ws-transport.ts";
import { type Case, classOf, isVisible } from "./case.ts";
import { type Certificates, createCertificates } from "./certificates.ts";
import { Client, factsOf, type Heard } from "./client.ts";
import { lacking } from "./this-machine.ts";
import { Stage } from "./stage.ts";
import { ADAPTER, FAST, MEMORY } from "./suites.ts";

/** The connection's own deadline: design.md §5. */
const CONNECT_TIMEOUT_MS = 10_000;

/** Nothing here waits for time to pass: a case that takes this long never ends. */
const HANGS_AFTER_MS = 60_000;

/** @param isFast - Once more with `fastInbound`: it must not show. */
export function describeCases(cases: readonly Case[], isFast = false): void {
  describeAdapter(ADAPTER, cases, {});
  const played = cases.filter(({ play }) => play !== undefined);
  if (isFast) describeAdapter(FAST, played, { fastInbound: true });

  const visible = cases.filter(isVisible);
  if (visible.length === 0) return;
  describe(MEMORY, () => {
    for (const row of visible) it(titleOf(row), () => playInMemory(row));
  });
}

function describeAdapter(suite: string, cases: readonly Case[], options: WsTransportOptions): void {
  describe(suite, () => {
    let certificates: Certificates | undefined;
    beforeAll(() => {
      const needs = cases.some((row) => row.needs === "openssl");
      if (needs && lacking("openssl") === undefined) certificates = createCertificates();
    });
    for (const row of cases) {
      const missing = row.needs === undefined ? undefined : lacking(row.needs);
      if (missing !== undefined) console.warn(`skipped: ${row.id}, ${missing}`);
      it.skipIf(missing !== undefined)(
        titleOf(row),
        async ({ onTestFailed }) => {
          const heard: Heard[] = [];
          onTestFailed(() => console.error(`${row.id} heard`, heard));
          await playOnAdapter(row, options, certificates, heard);
        },
        HANGS_AFTER_MS,
      );
    }
  });
}

function titleOf(row: Case): string {
  const name = classOf(row);
  return `${row.id} ${row.does}: ${name === "none" ? "no loss" : name}`;
}

function expected({ tells, end, afterwards = [] }: Case): Heard[] {
  return [...tells, ...(end.kind === "told" ? [end.loss] : []), ...afterwards];
}

async function playOnAdapter(
  row: Case,
  more: WsTransportOptions,
  certificates: Certificates | undefined,
  heard: Heard[],
): Promise<void> {
  const { refuses = {}, play, end } = row;
  for (const [name, value] of Object.entries(refuses)) expectRefused(name, value);
  if (play === undefined) {
    expect(end.kind).toBe("refused");
    return;
  }

  const stage = new Stage(row, certificates, (url, options, client) => {
    const dial = { url, protocols: [], headers: {}, clock: realClock, ...row.dial };
    client.socket = createWsTransport({ ...options, ...(options.agent ? {} : more) })(dial, client);
  });
  stage.client.heard = heard;
  try {
    await play(stage);
    if (end.kind === "told") await stage.client.loss();
    if (end.kind === "none") await stage.staysOpen();
    // After a loss, or the owner's word, it goes by itself.
    if (isLeftToUs(row)) stage.client.socket.terminate();
    await stage.gone();
  } finally {
    stage.clear();
  }
  expect(heard).toEqual(expected(row));

  if (end.kind === "deadline") await expectDeadline(row, end.phase, certificates);
}

/** Nobody has ended it: the test does. */
function isLeftToUs({ end }: Case): boolean {
  return end.kind === "none" || end.kind === "deadline";
}

function expectRefused(name: string, value: unknown): void {
  const create = (): unknown => createWsTransport({ [name]: value });
  expect(create).toThrow(OptionError);
  expect(create).toThrow(`ws.${name}: `);
}

/** The same with a supervisor around the transport, whose deadline it is. */
async function expectDeadline(
  row: Case,
  phase: string,
  certificates: Certificates | undefined,
): Promise<void> {
  const clock = new VirtualClock();
  const losses: Heard[] = [];
  const stage = new Stage(row, certificates, (url, ws) => {
    const feed = supervise(url, { ws, clock, seed: 1 });
    feed.on("attempt.failed", ({ loss }) => {
      losses.push(factsOf(loss));
    });
    stage.defer(() => feed.terminate());
  });
  try {
    await row.play?.(stage);
    clock.advance(CONNECT_TIMEOUT_MS - 1);
    expect(losses).toEqual([]);
    clock.advance(1);
    expect(losses).toEqual([{ class: classOf(row), phase }]);
  } finally {
    stage.clear();
  }
}

function playInMemory(row: Case): void {
  expect(heardInMemory(row, false)).toEqual(expected(row));

  // With its strays it is nastier than the adapter, but only as rule 4 of `transport.ts` allows.
  const heard = heardInMemory(row, true);
  const wanted = expected(row);
  expect(heard.slice(0, wanted.length)).toEqual(wanted);
  for (const stray of heard.slice(wanted.length)) expect(stray).toMatch(/^(?:text|binary) /);
}

function heardInMemory(row: Case, strays: boolean): Heard[] {
  const { memory, owner, end } = row;
  if (typeof memory === "string") throw new Error(memory);
  const clock = new VirtualClock();
  const { transport, sockets } = createMemoryTransport({ clock, strays });
  const client = new Client(owner);
  client.socket = transport({ url: "ws://feed.test/", protocols: [], headers: {}, clock }, client);
  const [peer] = sockets;
  if (peer === undefined) throw new Error("nothing was dialled");
  memory(peer, client);
  if (end.kind === "none") {
    client.socket.ping();
    expect(peer.pings).toBe(1);
  }
  if (isLeftToUs(row)) client.socket.terminate();
  expect(peer.isOver).toBe(true);
  // Whatever either side still does, it is over.
  const { pings } = peer;
  client.socket.ping();
  expect(peer.pings).toBe(pings);
  peer.progresses("upgrade");
  peer.opens();
  peer.receives("late");
  peer.receivesPing();
  peer.closes(1000);
  peer.drops();
  return client.heard;
}
