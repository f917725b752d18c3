/** `ws-supervisor/browser`: the supervisor over a page's own `WebSocket`. No Node in it. */
export { createSupervisor, supervise, type BrowserOptions } from "./supervise.ts";
export {
  createWebSocketTransport,
  type WebSocketConstructor,
  type WebSocketLike,
  type WebSocketTransportOptions,
} from "../transport/web-socket-transport.ts";
export type { Supervisor } from "../supervisor/supervisor.ts";
export {
  ConnectionClosedError,
  ConnectionError,
  ConnectionFailedError,
  InternalError,
  OptionError,
} from "../errors.ts";
