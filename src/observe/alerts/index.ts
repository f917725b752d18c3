/** `ws-supervisor/alerts`: what a person should be told, once, and when it is over. */
export {
  webhook,
  type WebhookFetch,
  type WebhookOptions,
  type WebhookRequest,
  type WebhookResponse,
} from "./webhook.ts";
export { raiseAlerts, type AlertOptions, type AlertWatch } from "./raise-alerts.ts";
export type { AlertKind, AlertSeverity } from "./rules.ts";
export type { AlertSink, RaisedAlert } from "./book.ts";
export type { Observed } from "../observed.ts";
