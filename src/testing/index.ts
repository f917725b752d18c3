/** `ws-supervisor/testing`: what this package tests itself with. */
export { VirtualClock } from "./virtual-clock.ts";
export {
  createMemoryTransport,
  type MemorySocket,
  type MemoryTransport,
  type MemoryTransportOptions,
  type SentFrame,
} from "./memory-transport.ts";
export {
  createMemoryExchange,
  type ExchangeFetch,
  type MemoryExchange,
  type MemoryExchangeOptions,
} from "./exchange/memory-exchange.ts";
export {
  startExchange,
  type RunningExchange,
  type StartExchangeOptions,
} from "./exchange/ws-exchange.ts";
export type { ExchangeOptions } from "./exchange/options.ts";
export type { ExchangeEvent } from "./exchange/events.ts";
export type { ExchangeLimits, LimitOptions, RateWindow } from "./exchange/limits.ts";
export { simulatedVenues, type VenueId } from "./exchange/dialects/catalog.ts";
export type { BookView, Level } from "./exchange/market-event.ts";
export type { MarketOptions } from "./exchange/market.ts";
export type {
  ExchangeLedger,
  NumberRun,
  SessionAccount,
  StreamAccount,
  WrittenAccount,
} from "./exchange/ledger.ts";
export { loadRecording, type RecordedFrame } from "./exchange/recording.ts";
export {
  faultKinds,
  venueFaultKinds,
  type Fault,
  type FaultKind,
  type FaultPlan,
  type PlannedFault,
} from "./exchange/faults.ts";
export { createFaultPlan, type FaultPlanOptions } from "./exchange/fault-plan.ts";
export { parseFaultPlan } from "./exchange/fault-plan-text.ts";
export { ChartClock, type ChartTimer } from "./charts/chart-clock.ts";
export { coverEdges, coverTransitions, type ChartPath } from "./charts/cover.ts";
export { ChartCoverage } from "./charts/coverage.ts";
export {
  exploreChart,
  type ChartEdge,
  type ChartEvent,
  type ChartModel,
  type ChartState,
  type ExploreOptions,
  type ChartStimulus,
} from "./charts/model.ts";
export { lintChart, type LintOptions } from "./charts/lint-chart.ts";
export { printChart } from "./charts/print-chart.ts";
export { toMermaid } from "./charts/to-mermaid.ts";
export { transitionsOf, type ChartTransition } from "./charts/transitions.ts";
export {
  walkChart,
  type ChartDriver,
  type ChartStep,
  type WalkOptions,
  type WalkReport,
} from "./charts/walk.ts";
