/**
 * The exchange's clerk on a bad day: requests that are not heard, not answered, refused, answered
 * twice, late or with somebody else's answer. The exchange itself only knows good days.
 */
import type { Answering } from "./steps.ts";
import type { Troubles } from "./troubles.ts";

/** A request as it stands on the wire. */
export interface Request {
  readonly kind: "subscribe" | "unsubscribe";
  readonly id: number;
  readonly topics: readonly string[];
}

interface Order {
  readonly how: Answering;
  readonly ms: number;
}

/** What becomes of one request, and of its answer. */
export interface Treatment {
  /** What the exchange gets in its place; undefined for nothing. */
  readonly frame: string | undefined;
  /** Said in place of an answer of the exchange's. */
  readonly says?: string;
  /** What becomes of the exchange's answer, as frames with the time that each is held back. */
  readonly answers?: (answer: string) => readonly { readonly text: string; readonly ms: number }[];
}

/** What a refusal means; the exchange of the worlds says so in its answer. */
export type Meaning = "never" | "later" | "unknown";

/** Of a refusal: what it means, and how long the exchange wants to be left alone, where it says so. */
function meaningOf(ms: number): { readonly means: Meaning; readonly afterMs?: number } {
  switch (ms % 5) {
    case 0:
      return { means: "never" };
    case 1:
      return { means: "unknown" };
    case 2:
      return { means: "later", afterMs: (ms * 10) % 20_000 };
    default:
      return { means: "later" };
  }
}

export class Clerk {
  readonly #troubles: Troubles;
  #orders: Order[] = [];

  constructor(troubles: Troubles) {
    this.#troubles = troubles;
  }

  /** The next `times` requests are treated so. */
  order(how: Answering, times: number, ms: number): void {
    for (let count = 0; count < times; count += 1) this.#orders.push({ how, ms });
  }

  /** Ordinary days again. */
  relax(): void {
    this.#orders = [];
  }

  /** Undefined for the ordinary. */
  treat(request: Request, frame: string): Treatment | undefined {
    const order = this.#orders.shift();
    if (order === undefined) return this.#refuseForNow(request);
    const { id } = request;
    switch (order.how) {
      case "unheard":
        return { frame: undefined };
      case "unanswered":
        return { frame, answers: () => [] };
      case "refused":
        return {
          frame: undefined,
          says: JSON.stringify({ code: 2, msg: "not today", id, ...meaningOf(order.ms) }),
        };
      case "partly":
        if (request.kind === "unsubscribe") return undefined;
        return refuseFirst(request, meaningOf(order.ms));
      case "twice":
        return {
          frame,
          answers: (text) => [
            { text, ms: 0 },
            { text, ms: order.ms },
          ],
        };
      case "late":
        return { frame, answers: (text) => [{ text, ms: order.ms }] };
      case "stranger":
        return {
          frame,
          answers: (text) => [
            { text: JSON.stringify({ result: null, id: 1_000_000 + id }), ms: 0 },
            { text, ms: 0 },
          ],
        };
    }
  }

  /** Subscriptions that are refused for a time, whole or by their first topic. */
  #refuseForNow(request: Request): Treatment | undefined {
    if (request.kind === "unsubscribe") return undefined;
    const whole = this.#troubles.refusalOf("subscribe");
    if (whole !== undefined) {
      const { id } = request;
      const { afterMs } = whole;
      return {
        frame: undefined,
        says: JSON.stringify({ code: 2, msg: "not now", id, means: "later", afterMs }),
      };
    }
    const single = this.#troubles.refusalOf("topic");
    return single === undefined ? undefined : refuseFirst(request, { means: "later", ...single });
  }
}

/** The first topic is refused, the others are served. `said` stands in the answer too. */
function refuseFirst({ id, topics }: Request, said: object): Treatment | undefined {
  const [refused, ...served] = topics;
  if (refused === undefined) return undefined;
  return {
    frame: JSON.stringify({ method: "SUBSCRIBE", params: served, id }),
    answers: () => [
      { text: JSON.stringify({ result: null, id, refused: [refused], ...said }), ms: 0 },
    ],
  };
}

/** Reads a request; undefined for any other frame. */
export function parseRequest(frame: string): Request | undefined {
  const isSubscribe = frame.startsWith('{"method":"SUBSCRIBE"');
  if (!isSubscribe && !frame.startsWith('{"method":"UNSUBSCRIBE"')) return undefined;
  const { id, params } = JSON.parse(frame) as { id: number; params: string[] };
  return { kind: isSubscribe ? "subscribe" : "unsubscribe", id, topics: params };
}

/** Whether a frame of the exchange's is data of a stream. */
export function isMarketFrame(frame: Buffer): boolean {
  return frame[2] === STREAM_S;
}

/** The number of the request that a frame answers; undefined for any other frame. */
export function answerId(frame: Buffer): number | undefined {
  // Market frames begin with {"stream": only answers are worth parsing.
  if (isMarketFrame(frame)) return undefined;
  const text = frame.toString("utf8");
  if (!text.startsWith('{"result"') && !text.startsWith('{"code"')) return undefined;
  const { id } = JSON.parse(text) as { id?: unknown };
  return typeof id === "number" ? id : undefined;
}

/** The stream of a market frame. */
export function streamOf(frame: Buffer): string {
  const start = MARKET_START.length;
  return frame.toString("utf8", start, frame.indexOf(QUOTE, start));
}

const MARKET_START = '{"stream":"';
const QUOTE = '"'.charCodeAt(0);
const STREAM_S = "s".charCodeAt(0);
