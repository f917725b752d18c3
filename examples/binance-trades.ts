/**
 * Trades of two symbols, with every gap at its place: `node examples/binance-trades.ts` (Node >= 22.18
 * runs TypeScript as it is). It needs a way to Binance; `npm start` shows the same without one.
 */
import { supervise } from "ws-supervisor";
import { binanceSpot } from "ws-supervisor/venues";

await using feed = supervise(binanceSpot(), { topics: ["btcusdt@trade", "ethusdt@trade"] });

feed.on("down", ({ loss, retryInMs }) =>
  console.error(`down: ${loss.class}, again in ${retryInMs} ms`),
);
feed.on("recovered", ({ report }) => console.error(`back after ${report.durationMs} ms`));
feed.on("alert", ({ alert }) => console.error("alert:", alert.kind));

for await (const item of feed.messages()) {
  if (item.kind === "message") {
    const { data } = item.data;
    if (data.e === "trade") console.log(data.s, data.t, data.p, data.q);
  } else {
    console.error(item.kind, item);
  }
}
