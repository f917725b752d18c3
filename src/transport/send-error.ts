/** What a `send` that threw says, for people. */
import { toError } from "../shape.ts";

/** What `ws` throws where its optional package is not what it takes it for. */
const NO_MASK = /\bmask is not a function\b/;

const BUFFER_UTIL_HINT =
  "set WS_NO_BUFFER_UTIL=1 in the environment: " +
  "the package bufferutil lacks its functions, as bundlers leave it";

/** The error as it was thrown, with what can be done about it where that is known. */
export function explainSendError(thrown: unknown): Error {
  const { message } = toError(thrown);
  if (!NO_MASK.test(message)) return toError(thrown);
  return new Error(`${message}; ${BUFFER_UTIL_HINT}`, { cause: thrown });
}
