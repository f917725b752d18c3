// A herd by simulation: every client follows a formula, one server decides, time is a queue of events.
import { mulberry32 } from "../lib/stats.mjs";
import { Gatekeeper, SITUATION } from "./gatekeeper.mjs";
import { EventQueue } from "./queue.mjs";

/** Who is not back by then is never back, as far as we look. */
const HORIZON_SECONDS = 600;
/** Connections of one reset do not all fall in the same instant. */
const DROP_SPREAD_SECONDS = 0.005;

/**
 * @param {(failures: number, previous: number, random: () => number, self: object) => number | null} wait
 * @param {{ seed: number, downSeconds?: number, perSecond?: number }} options
 */
export function simulateHerd(wait, options) {
  const { seed, downSeconds = 0 } = options;
  const { clients, perSecond, roundTripSeconds } = { ...SITUATION, ...options };
  const random = mulberry32(seed);
  const gate = new Gatekeeper({ perSecond, downSeconds });
  const queue = new EventQueue();
  const shared = random();
  for (let i = 0; i < clients; i += 1) {
    const client = { failures: 0, previous: 0, self: { shared } };
    client.previous = wait(0, 0, random, client.self);
    queue.push(random() * DROP_SPREAD_SECONDS + client.previous, client);
  }
  while (queue.size > 0) {
    const { at, what: client } = queue.pop();
    if (at > HORIZON_SECONDS + downSeconds) break;
    if (gate.admit(at)) continue;
    client.failures += 1;
    const next = wait(client.failures, client.previous, random, client.self);
    if (next === null) {
      gate.gaveUp += 1;
      continue;
    }
    client.previous = next;
    queue.push(at + roundTripSeconds + next, client);
  }
  return gate.report(clients);
}
