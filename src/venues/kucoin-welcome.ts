/**
 * KuCoin's sockets are usable once they have said welcome, each generation in its own words. [intro, probe]
 * Sources as in `kucoin.ts`.
 */
import type { Authenticate } from "../connection/authentication.ts";
import { isRecord, parseFrame, textOf, type JsonRecord } from "./kit/json.ts";

/** Waits for the welcome; an error that comes in its place is a refusal. */
export function awaitWelcome(isWelcome: (message: JsonRecord) => boolean): Authenticate {
  return async ({ receive }) => {
    for (;;) {
      const { data } = await receive();
      const message = parseFrame(data);
      if (!isRecord(message)) continue;
      if (isWelcome(message)) return;
      if (message["type"] === "error") throw new Error(textOfError(message));
    }
  };
}

/** `{"type":"error","code":404,"data":"topic does not exist"}` as one text. */
export function textOfError({ code, data }: JsonRecord): string {
  return `${textOf(code)}: ${textOf(data)}`;
}
