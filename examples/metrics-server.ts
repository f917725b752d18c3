/**
 * The metrics of every connection of this process where Prometheus scrapes them; grafana-dashboard.json
 * beside this file shows them. On loopback: put what may come from outside in front of it.
 */
import { createServer, type Server } from "node:http";
import { Registry } from "prom-client";
import { prometheusMetrics } from "ws-supervisor/prometheus";

/** Serves `/metrics`. It measures until the server is closed. */
export function serveMetrics(port: number): Server {
  const register = new Registry();
  const stop = prometheusMetrics({ register });
  const server = createServer((request, response) => {
    if (request.url !== "/metrics") {
      response.writeHead(404).end();
      return;
    }
    register.metrics().then(
      (text) => response.writeHead(200, { "content-type": register.contentType }).end(text),
      () => response.writeHead(500).end(),
    );
  });
  return server.once("close", stop).listen(port, "127.0.0.1");
}
