/** The requests of one socket that are not answered yet, and those that it is too late for. */
import { SparseMap } from "../sparse-map.ts";
import type { RequestKind } from "./request-plan.ts";

/** A batch of topics to ask for, or to end. */
export interface SubscriptionRequest {
  readonly id: number;
  readonly kind: RequestKind;
  readonly topics: readonly string[];
}

interface OpenRequest {
  readonly request: SubscriptionRequest;
  /** Topics of it that are not answered yet. */
  waiting: number;
}

/** A server that never answers must not make us remember every question; a later answer is ignored. */
const MAX_EXPIRED = 1_000;

export class OpenRequests {
  readonly #open = new SparseMap<number, OpenRequest>();
  /** Requests that timed out: a late answer still counts. */
  readonly #expired = new SparseMap<number, SubscriptionRequest>();

  /** How many are in time. */
  get size(): number {
    return this.#open.size;
  }

  add(request: SubscriptionRequest): void {
    this.#open.set(request.id, { request, waiting: request.topics.length });
  }

  /** A request is answered as a whole, be it late: taken out. */
  take(id: number): SubscriptionRequest | undefined {
    const request = this.#open.get(id)?.request ?? this.#expired.get(id);
    this.#open.delete(id);
    this.#expired.delete(id);
    return request;
  }

  /** One topic of a request is answered. True when it was the last, and the request in time. */
  answerOne(id: number): boolean {
    const open = this.#open.get(id);
    if (open === undefined) return false;
    open.waiting -= 1;
    return open.waiting === 0 && this.#open.delete(id);
  }

  /** A request's time is over; undefined where it had been answered. */
  expire(id: number): SubscriptionRequest | undefined {
    const request = this.#open.get(id)?.request;
    if (request === undefined) return undefined;
    this.#open.delete(id);
    this.#expired.set(id, request);
    if (this.#expired.size > MAX_EXPIRED) {
      const [oldest] = this.#expired.keys();
      if (oldest !== undefined) this.#expired.delete(oldest);
    }
    return request;
  }

  clear(): void {
    this.#open.clear();
    this.#expired.clear();
  }

  /** Those in time that end something. */
  ending(): readonly SubscriptionRequest[] {
    return [...this.#open.values()]
      .map(({ request }) => request)
      .filter(({ kind }) => kind === "unsubscribe");
  }
}
