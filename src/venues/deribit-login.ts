/**
 * Logs in at Deribit, on every fresh socket before anything else is said. Sources as in `deribit.ts`.
 */
import type { Authenticate } from "../connection/authentication.ts";
import { parseFrame, textOf } from "./kit/json.ts";

export interface DeribitCredentials {
  readonly clientId: string;
  readonly clientSecret: string;
}

interface Reply {
  readonly id?: unknown;
  readonly error?: { readonly code?: unknown; readonly message?: unknown };
}

/** Ours for what is no subscription; those count from 1. */
export const OTHER_ID = 0;

/** `public/auth` with client credentials. [docs] */
export function login({ clientId, clientSecret }: DeribitCredentials): Authenticate {
  return async ({ send, receive }) => {
    const params = {
      grant_type: "client_credentials",
      client_id: clientId,
      client_secret: clientSecret,
    };
    await send({ jsonrpc: "2.0", id: OTHER_ID, method: "public/auth", params });
    for (;;) {
      const { data } = await receive();
      const { id, error }: Reply = parseFrame(data) as object;
      if (id !== OTHER_ID) continue;
      if (error === undefined) return;
      throw new Error(`${textOf(error.code)}: ${textOf(error.message)}`);
    }
  };
}
