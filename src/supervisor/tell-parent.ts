/** Facts as events of the chart that embeds the connection, where it gave itself as `parent`. */
import type { ConnectionParent } from "../../machines/link.ts";
import type { Fact, FactEvent } from "./facts.ts";
import type { Publisher } from "./publisher.ts";

/** Until `closed`, which is the last one, or the function that it gives is called. */
export function tellParent(
  publisher: Pick<Publisher<unknown>, "on">,
  parent: ConnectionParent,
): () => void {
  const off = publisher.on("*", (fact: Fact) => {
    if (fact.type === "closed") off();
    parent.send(eventOf(fact) as never);
  });
  return off;
}

function eventOf(fact: Fact): FactEvent {
  return { ...fact, type: `connection.${fact.type}` } as FactEvent;
}
