/**
 * KuCoin's sockets are usable once they have said welcome, each generation in its own words. [intro, probe]
 * Sources as in `kucoin.ts`.
 */
import { later, never, type Refusal } from "../../machines/refusal.ts";
import type { Authenticate } from "../connection/authentication.ts";
import { RefusedError } from "../errors.ts";
import { isRecord, parseFrame, textOf, type JsonRecord } from "./kit/json.ts";

/** Waits for the welcome; an error that comes in its place is a refusal. */
export function awaitWelcome(isWelcome: (message: JsonRecord) => boolean): Authenticate {
  return async ({ receive }) => {
    for (;;) {
      const { data } = await receive();
      const message = parseFrame(data);
      if (!isRecord(message)) continue;
      if (isWelcome(message)) return;
      if (message["type"] !== "error") continue;
      const refusal = WELCOME_REFUSALS.get(Number(message["code"]));
      const text = textOfError(message);
      throw refusal === undefined ? new Error(text) : new RefusedError(text, refusal);
    }
  };
}

/** `{"type":"error","code":404,"data":"topic does not exist"}` as one text. */
export function textOfError({ code, data }: JsonRecord): string {
  return `${textOf(code)}: ${textOf(data)}`;
}

/** "Possible error codes when establishing WebSocket connection", and the system's own. [errors] */
const WELCOME_REFUSALS: ReadonlyMap<number, Refusal> = new Map([
  [401, never], // the token is invalid: another one is asked for with each attempt
  [500, later()], // system error
  [509, later(10_000)], // too many sessions, service busy, or too many permits in a second
]);
