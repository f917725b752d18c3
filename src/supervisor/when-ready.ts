/** The promise behind `ready()`: kept by `up`, broken by `failed`, `closed` or the caller's signal. */
import { ConnectionClosedError, ConnectionFailedError } from "../errors.ts";
import { toError } from "../shape.ts";
import type { Publisher } from "./publisher.ts";
import type { Fact } from "./facts.ts";

/** Leaves no listener behind, however it ends. */
export function whenReady(
  publisher: Pick<Publisher<unknown>, "on">,
  signal: AbortSignal | undefined,
) {
  return new Promise<void>((resolve, reject) => {
    const settle = (end: () => void): void => {
      for (const off of offs) off();
      signal?.removeEventListener("abort", onAbort);
      end();
    };
    const onAbort = (): void => settle(() => reject(reasonOf(signal)));
    const offs = [
      publisher.on("up", () => settle(resolve)),
      publisher.on("failed", ({ loss, rule }: Fact<"failed">) =>
        settle(() => reject(new ConnectionFailedError(loss, rule))),
      ),
      publisher.on("closed", ({ error }: Fact<"closed">) =>
        settle(() => reject(error ?? new ConnectionClosedError())),
      ),
    ];
    signal?.addEventListener("abort", onAbort, { once: true });
  });
}

/** Why a signal was aborted, as an error. */
export function reasonOf(signal: AbortSignal | undefined): Error {
  return toError(signal?.reason);
}
