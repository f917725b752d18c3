/** `ws-supervisor/logs`: facts as structured lines, for a logger of yours. */
export { logTo, type Logger } from "./log-to.ts";
export type { Observed } from "../observed.ts";
