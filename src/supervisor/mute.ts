/** What a mute connection leads to: facts, an alert, the topics asked for again, a new socket. */
import type { MutePolicy, MuteStep } from "../../machines/policy/mute.ts";
import type { Link } from "../connection/link.ts";
import { MuteWatch } from "./mute-watch.ts";
import type { Facts } from "./publisher.ts";
import type { Settings } from "./settings.ts";
import type { Subscriptions } from "./subscriptions.ts";

/** The other parts of the supervisor, as far as a mute connection leads to them. */
export interface MuteOthers<M> {
  readonly publisher: Facts;
  readonly subscriptions: Subscriptions<M>;
  readonly link: Pick<Link, "mute">;
}

/** The watch of one supervisor. The other parts may be made later. */
export function watchMute<M>(
  others: MuteOthers<M>,
  policy: MutePolicy,
  { clock, canUnsubscribe }: Pick<Settings<M>, "clock" | "canUnsubscribe">,
): MuteWatch {
  return new MuteWatch(policy, {
    clock,
    means: () => ({
      hasTopics: others.subscriptions.registry.wanted > 0,
      // Asked for twice, a topic that cannot be ended may come twice.
      canResubscribe: canUnsubscribe,
    }),
    onMute: (step) => act(others, step),
    onEnded: (silentMs) => others.publisher.publish("mute.ended", { silentMs }),
  });
}

function act<M>(
  { publisher, subscriptions, link }: MuteOthers<M>,
  { action, silentMs, boundMs, alerts }: MuteStep,
): void {
  publisher.publish("mute", { silentMs, boundMs, action });
  if (alerts) publisher.publish("alert", { alert: { kind: "mute", silentMs, boundMs } });
  if (action === "resubscribe") subscriptions.renew();
  else if (action === "reconnect") link.mute(silentMs);
}
