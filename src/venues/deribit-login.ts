/**
 * Logs in at Deribit, on every fresh socket before anything else is said, and sorts what the venue says to
 * it. Sources as in `deribit.ts`.
 */
import { later, never, type Refusal } from "../../machines/refusal.ts";
import type { Authenticate } from "../connection/authentication.ts";
import { RefusedError } from "../errors.ts";
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
      const text = `${textOf(error.code)}: ${textOf(error.message)}`;
      const refusal = LOGIN_REFUSALS.get(Number(error.code));
      throw refusal === undefined ? new Error(text) : new RefusedError(text, refusal);
    }
  };
}

/**
 * What an error of `public/auth` means for the next login. [errors] A code that is not here may be anything
 * (10001 is "some general failure" in one list of the venue's, and "invalid credentials" in another): it is
 * tried again, slowly.
 */
const LOGIN_REFUSALS: ReadonlyMap<number, Refusal> = new Map([
  [10_000, never], // authorization_required: an invalid or absent signature
  [13_004, never], // invalid_credentials
  [13_009, never], // unauthorized: a wrong key, or a bad signature
  [13_021, never], // forbidden: the key has no such right
  [10_028, later(10_000)], // too_many_requests
  [10_040, later()], // retry
  [10_041, later()], // settlement_in_progress: a few seconds
  [10_047, later()], // matching_engine_queue_full
  [10_066, later(10_000)], // too_many_concurrent_requests
  [11_051, later()], // system_maintenance
  [11_094, later()], // internal_server_error
  [13_028, later()], // temporarily_unavailable
  [13_888, later()], // timed_out
]);
