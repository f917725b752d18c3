/** What differs between Node and a page: each entry of the package gives its own. */
import type { Transport } from "../transport/transport.ts";
import type { WsTransportOptions } from "../transport/ws-options.ts";

export interface Platform {
  /** Makes the transport where the user gives none: Node's over `ws`, a browser's over its own sockets. */
  readonly createTransport: (options: WsTransportOptions) => Transport;
  /** Shows one line to a person: as a warning of the process, or on a page's console. */
  readonly warn: (text: string) => void;
}
