/**
 * Alerts to a webhook, as one JSON object each: `key` is what an incident system deduplicates by, `status`
 * what it opens and resolves by. A webhook that fails is reported; it never holds up the feed.
 */
import type { Supervisor } from "ws-supervisor";
import { raiseAlerts, type AlertSink, type AlertWatch } from "ws-supervisor/alerts";

/** A sink that posts to `url`. */
export function webhook(url: string, timeoutMs = 5_000): AlertSink {
  return async (alert) => {
    const response = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(alert),
      signal: AbortSignal.timeout(timeoutMs),
    });
    if (!response.ok) throw new Error(`the webhook answered ${response.status}`);
  };
}

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
