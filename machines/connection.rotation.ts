/**
 * What the chart plans for its open socket: by its venue's maximum age, by what the venue announces, and
 * because it is mute.
 * The arithmetic of windows is `rotation.ts`; here chance and budget come in, from the context.
 */
import type { ConnectionContext } from "./connection.context.ts";
import type { SocketExpiring, SocketMute } from "./connection.events.ts";
import { toTimerMs } from "./policy/duration.ts";
import { nextRandom } from "./policy/random.ts";
import { waitForToken } from "./policy/retry-budget.ts";
import {
  endsSooner,
  rotationByAge,
  rotationByMute,
  rotationByNotice,
  type Rotation,
} from "./rotation.ts";

/** The plan for a socket that has just opened: its venue may cut connections of a certain age. */
export function plannedByAge(
  context: ConnectionContext,
  atMs: number,
): Pick<ConnectionContext, "rotation" | "rng"> {
  const { maxAgeMs } = context.policy;
  if (maxAgeMs === null) return { rotation: null, rng: context.rng };
  const [share, rng] = nextRandom(context.rng);
  return { rotation: allowed(context, rotationByAge(maxAgeMs, share, atMs), atMs), rng };
}

/** The plan that follows from a notice, were it the only one. */
export function plannedByNotice(
  context: ConnectionContext,
  { withinMs, detail, atMs }: SocketExpiring,
): Pick<ConnectionContext, "rotation" | "rng"> {
  // One share per socket: a venue that repeats itself must not draw until it is early.
  const [share, rng] =
    context.rotation === null
      ? nextRandom(context.rng)
      : ([context.rotation.share, context.rng] as const);
  const planned = rotationByNotice(withinMs, share, detail, atMs);
  return { rotation: allowed(context, planned, atMs), rng };
}

/** The plan for a socket that is mute. */
export function plannedByMute(
  context: ConnectionContext,
  { silentMs, atMs }: SocketMute,
): Pick<ConnectionContext, "rotation"> {
  const share = context.rotation?.share ?? 0;
  return { rotation: allowed(context, rotationByMute(silentMs, share, atMs), atMs) };
}

/** A plan is only ever brought forward. */
export function isBroughtForward(
  context: ConnectionContext,
  event: SocketExpiring | SocketMute,
): boolean {
  const { rotation } =
    event.type === "socket.mute" ? plannedByMute(context, event) : plannedByNotice(context, event);
  return rotation !== null && endsSooner(rotation, context.rotation);
}

/**
 * Not before the budget has a token: a server that says "go away" to every connection would else be
 * dialled in a hot loop.
 */
function allowed({ policy, budget }: ConnectionContext, plan: Rotation, atMs: number): Rotation {
  const { waitMs } = waitForToken(policy.retryBudget, budget, atMs, plan.inMs);
  return { ...plan, inMs: toTimerMs(waitMs), dueAtMs: atMs + toTimerMs(waitMs) };
}
