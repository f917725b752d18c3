/**
 * Alerts to webhooks, as one JSON object each: `key` is what an incident system deduplicates by, `status`
 * what it opens and resolves by. A webhook that fails is tried again and reported; it never holds up the feed.
 * Before the process ends: `await alerts.end()`.
 */
import type { Supervisor } from "ws-supervisor";
import { raiseAlerts, webhook, type AlertWatch } from "ws-supervisor/alerts";

/** Pages somebody for what is critical, and tells a channel of the rest. */
export function alertPeople<M>(
  feed: Supervisor<M>,
  urls: { readonly pager: string; readonly channel: string },
  onFailed: (error: unknown) => void,
): AlertWatch {
  const page = webhook(urls.pager);
  return raiseAlerts(feed, {
    sinks: [
      webhook(urls.channel),
      (alert) => (alert.severity === "critical" ? page(alert) : undefined),
    ],
    graceMs: 0,
    onSinkFailed: onFailed,
  });
}
