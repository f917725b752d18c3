/**
 * Facts and alerts as lines of `pino`: facts at their own level, alerts at one that somebody is woken by.
 * `pino` takes the logger's shape as it is; what a peer sends cannot forge a line.
 */
import type { Logger as PinoLogger } from "pino";
import type { Supervisor } from "ws-supervisor";
import { raiseAlerts, type AlertSink } from "ws-supervisor/alerts";
import { logTo } from "ws-supervisor/logs";

/** A sink that writes alerts as lines. */
export function pinoAlerts(logger: PinoLogger): AlertSink {
  const levels = { info: "info", warning: "warn", critical: "fatal" } as const;
  return (alert) => {
    const level = alert.status === "resolved" ? "info" : levels[alert.severity];
    logger[level]({ alert }, alert.text);
  };
}

/** Logs everything there is to say about `feed`; gives the function that ends it, when all is written. */
export function logEverything<M>(feed: Supervisor<M>, logger: PinoLogger): () => Promise<void> {
  const off = logTo(feed, logger);
  const alerts = raiseAlerts(feed, { sinks: [pinoAlerts(logger)], graceMs: 0 });
  return () => {
    off();
    return alerts.end();
  };
}
