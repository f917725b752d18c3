/**
 * A supervisor on real sockets, its lifecycle on virtual time: a floor of a minute passes when the test
 * says so, and nothing else waits for time. What happens on the sockets is waited for as a fact.
 */
import { afterEach, expect } from "vitest";
import {
  createSupervisor,
  type Fact,
  type FactType,
  type MessageItem,
  type RawMessage,
  type Supervisor,
  type SupervisorOptions,
  type Target,
} from "../../../src/index.ts";
import type { Alert } from "../../../src/supervisor/facts.ts";
import { VirtualClock } from "../../../src/testing/index.ts";
import type { WsTransportOptions } from "../../../src/transport/ws-options.ts";
import type { Peer } from "./peer.ts";

/** Loop turns are real, so that "one more turn, when waiting I/O has been read" means what it says. */
export class LoopClock extends VirtualClock {
  override nextTurn(callback: () => void): void {
    setImmediate(callback);
  }
}

export interface WorldOptions<M = RawMessage> extends SupervisorOptions<M> {
  readonly clock?: VirtualClock | undefined;
}

export class World<M = RawMessage> {
  readonly clock: VirtualClock;
  readonly feed: Supervisor<M>;
  /** Every fact, oldest first. */
  readonly facts: Fact[] = [];
  /** Every message, oldest first. */
  readonly items: MessageItem<M>[] = [];
  readonly #waiting = new Set<() => void>();

  constructor(target: Target<M>, { clock = new LoopClock(), ...options }: WorldOptions<M> = {}) {
    this.clock = clock;
    this.feed = createSupervisor<M>(target as string, { seed: 1, ...options, clock });
    this.feed.on("*", (fact) => {
      this.facts.push(fact);
      this.#wake();
    });
    this.feed.on("message", (item) => {
      this.items.push(item);
      this.#wake();
    });
  }

  /** The messages themselves. */
  get messages(): M[] {
    return this.items.map(({ data }) => data);
  }

  /** The wait of `reconnecting`, as it was announced. */
  get retryInMs(): number {
    return this.feed.status().retryInMs ?? NaN;
  }

  heard<T extends FactType>(type: T): Fact<T>[] {
    return this.facts.filter((fact) => fact.type === type) as Fact<T>[];
  }

  alerts<K extends Alert["kind"]>(kind: K): Extract<Alert, { kind: K }>[] {
    return this.heard("alert")
      .map(({ alert }) => alert)
      .filter((alert): alert is Extract<Alert, { kind: K }> => alert.kind === kind);
  }

  /** The `nth` fact of a type, when it has been told. */
  async hears<T extends FactType>(type: T, nth = 1): Promise<Fact<T>> {
    await this.until(() => this.heard(type).length >= nth);
    return this.heard(type)[nth - 1] as Fact<T>;
  }

  /** When so many messages have come. */
  async receives(count: number): Promise<M[]> {
    await this.until(() => this.items.length >= count);
    return this.messages;
  }

  /** Looks whenever a fact or a message comes. */
  async until(holds: () => boolean): Promise<void> {
    while (!holds()) await new Promise<void>((resolve) => this.#waiting.add(resolve));
  }

  /** The announced wait, and not a millisecond less, passes before the next dial. */
  waitsItsTurn(): void {
    const { retryInMs } = this;
    expect(retryInMs).toBeGreaterThanOrEqual(0);
    this.clock.advance(Math.max(retryInMs - 1, 0));
    if (retryInMs > 0) expect(this.feed.state).toBe("reconnecting");
    this.clock.advance(Math.min(retryInMs, 1));
    expect(this.feed.state).toBe("connecting");
  }

  #wake(): void {
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }
}

const worlds: { readonly feed: { terminate(): void }; readonly clock: VirtualClock }[] = [];
const cleanups: (() => unknown)[] = [];

/** Runs when the test is over, passed or not. */
export function defer(cleanup: () => unknown): void {
  cleanups.push(cleanup);
}

/** A supervisor that is running. */
export function startWorld<M = RawMessage>(
  target: Target<M> | Peer,
  options: WorldOptions<M> = {},
): World<M> {
  const url = isPeer(target) ? target.url() : target;
  const world = new World<M>(url, options);
  worlds.push(world);
  world.feed.start();
  return world;
}

function isPeer<M>(target: Target<M> | Peer): target is Peer {
  return typeof target === "object" && "accepted" in target;
}

afterEach(async () => {
  const left = worlds.splice(0);
  for (const { feed } of left) feed.terminate();
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  // Whatever a test did: nothing that is over may still want to be woken.
  expect(left.map(({ clock }) => clock.armed)).toEqual(left.map(() => 0));
});

/** A lookup that answers with these addresses. */
export const resolving =
  (...addresses: readonly string[]): NonNullable<WsTransportOptions["lookup"]> =>
  (_hostname, _options, callback) => {
    const list = addresses.map((address) => ({ address, family: address.includes(":") ? 6 : 4 }));
    setImmediate(callback, null, list);
  };

/** A lookup that fails with this code. */
export const failing =
  (code: string): NonNullable<WsTransportOptions["lookup"]> =>
  (hostname, _options, callback) => {
    const error = new Error(`getaddrinfo ${code} ${hostname}`);
    setImmediate(callback, Object.assign(error, { code, syscall: "getaddrinfo" }), []);
  };

/** Each call goes to the next; the last one serves all that follow. */
export function inTurn(
  ...lookups: readonly NonNullable<WsTransportOptions["lookup"]>[]
): NonNullable<WsTransportOptions["lookup"]> {
  let calls = 0;
  return (...question) => {
    const lookup = lookups[Math.min(calls, lookups.length - 1)];
    calls += 1;
    lookup?.(...question);
  };
}

/** Turns of the loop: what is on its way within this machine arrives, what never comes had its chance. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 10; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

/** Something that happens once, and whoever waits for it. */
export function createGate(): { readonly opened: Promise<void>; readonly open: () => void } {
  let open = (): void => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open: () => open() };
}
