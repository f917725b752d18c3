/** What the error of a fetch says: about this stream, about its host, for now or for good. */
import type { SnapshotFact } from "../../machines/recovery.door.ts";
import { refusalOf } from "../../machines/refusal.ts";
import { explain } from "../connection/explain.ts";

/** Statuses by which a host refuses everybody for now; beside 5xx. */
const HOST_STATUSES: readonly number[] = [403, 408, 418, 425, 429];

export function snapshotFailure(error: unknown): SnapshotFact {
  const detail = explain(error);
  const refusal = refusalOf(error);
  if (refusal?.kind === "never") return { type: "snapshot.refused", detail };
  const isHosts = refusal !== undefined || concernsHost(error);
  return { type: "snapshot.failed", detail, isHosts, retryAfterMs: refusal?.afterMs };
}

/** An answer about one stream proves that its host answers. */
function concernsHost(error: unknown): boolean {
  if (typeof error !== "object" || error === null || !("status" in error)) return true;
  const { status } = error;
  return typeof status !== "number" || status >= 500 || HOST_STATUSES.includes(status);
}
