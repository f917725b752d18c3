/** `ws-supervisor/inspector`: the local inspector of supervisors and of any XState 5 actor. */
export { inspect, type Inspector } from "./inspect.ts";
export type { Bridge, InspectorOptions } from "./options.ts";
export type { Inspectable, InspectableSupervisor } from "./targets.ts";
export type { Reveal, TextPlace } from "./views.ts";
export { xstate4Bridge } from "./xstate4-bridge.ts";
