/**
 * Attributes in OpenTelemetry's words. Its conventions know no long-lived client connection: `error.type`,
 * `network.protocol.name` and `http.response.status_code` are theirs, the rest is named after this package.
 * No address: a URL may hold a token, and this package does not keep one.
 */
import type { Attributes } from "@opentelemetry/api";
import type { Loss } from "../../../machines/loss.ts";
import type { Observed } from "../observed.ts";

export const SCOPE = "ws-supervisor";

/** Labels of the catalog, renamed; those that say nothing are left out. */
export function attributesOf(labels: Readonly<Record<string, string | undefined>>): Attributes {
  const attributes: Attributes = {};
  for (const [name, value] of Object.entries(labels)) {
    if (value === undefined || value === "") continue;
    attributes[name === "error_type" ? "error.type" : `ws_supervisor.${name}`] = value;
  }
  return attributes;
}

export function connectionAttributes({ name, venue }: Observed): Attributes {
  return { ...attributesOf({ connection: name, venue }), "network.protocol.name": "websocket" };
}

export function lossAttributes(loss: Loss): Attributes {
  const { class: type, phase, code, closeCode, status } = loss;
  return {
    "error.type": type,
    "ws_supervisor.loss.phase": phase,
    ...(code === undefined ? {} : { "ws_supervisor.loss.code": code }),
    ...(closeCode === undefined ? {} : { "ws_supervisor.close_code": closeCode }),
    ...(status === undefined ? {} : { "http.response.status_code": status }),
  };
}
