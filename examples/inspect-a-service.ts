/**
 * One page for a service: its feeds and its own charts, each under a name. Programs that are instrumented
 * with `@statelyai/inspect` show beside them when they point at `inspector.statelyUrl`. Executed by
 * `test/package/examples.test.ts`.
 */
import { inspect, type Inspectable, type Inspector } from "ws-supervisor/inspector";
import { setup } from "xstate";

/** Serves the inspector of all of them. Nothing leaves this machine; the page only looks. */
export async function inspectService(
  feeds: Readonly<Record<string, Inspectable>>,
  quoter: Inspectable,
): Promise<Inspector> {
  const inspector = await inspect(quoter, {
    name: "quoter",
    title: "market maker",
    // Symbols are no secrets here; every other text stays hidden.
    reveal: (_, { path }) => path.at(-1) === "symbol",
  });
  for (const [name, feed] of Object.entries(feeds)) inspector.attach(feed, { name });
  return inspector;
}

export const quoterMachine = setup({
  types: {} as { context: { symbol: string; note: string }; events: { type: "quote" | "stop" } },
}).createMachine({
  id: "quoter",
  context: { symbol: "BTCUSDT", note: "for our eyes only" },
  initial: "waiting",
  states: { waiting: { on: { quote: "quoting" } }, quoting: { on: { stop: "waiting" } } },
});
