/**
 * Bugs to be planted, one at a time: a simulation that does not find them proves nothing.
 *
 * The first are those of the plan (faults.md §D2) whose feature exists, in its words; the others are
 * slips of the kind that reviews let pass. Each is one replacement in one file; the text to be replaced
 * must stand there exactly once.
 */
import type { PlantedBug } from "./planted-bug.ts";
import { plantedBugsOfSends } from "./planted-bugs-of-sends.ts";

export const plantedBugs: readonly PlantedBug[] = [
  // When facts are told.
  {
    name: "a loss is told after the dial that follows it",
    file: "src/connection/link.ts",
    find: "    this.#parts.publisher.flush(); // a loss is told before the dial that follows it\n",
    replace: "",
  },
  {
    name: "the facts of a step are never told where it ends in nothing else",
    file: "src/supervisor/run.ts",
    find: "    this.#facts.release();\n  }\n\n  /** An error inside",
    replace: "  }\n\n  /** An error inside",
  },
  // Of the plan.
  {
    name: "a timer is not cleared on stop",
    file: "src/connection/outgoing.ts",
    find: "      this.#clearWake();\n      this.#endDoubt();",
    replace: "      this.#endDoubt();",
  },
  {
    name: "failures are forgiven at open",
    file: "machines/connection.machine.ts",
    find: 'entry: ["announceUp", "startSending"],',
    replace: 'entry: ["announceUp", "startSending", "forgiveFailures"],',
  },
  {
    name: "a replay skips what was pending",
    file: "src/subscriptions/registry.ts",
    find: "      const hold = holdOf(topic);",
    replace: '      if (entry.state === "pending") continue;\n      const hold = holdOf(topic);',
  },
  {
    name: "a gap is told twice",
    file: "src/supervisor/inbound.ts",
    find: "    this.#parts.onGap(gap);",
    replace: "    this.#parts.onGap(gap);\n    this.#parts.onGap(gap);",
  },
  {
    name: "a late message of an old epoch is accepted",
    file: "src/connection/socket-attempt.ts",
    find: "    if (this.#isOver) this.#owner.countLate();\n    else this.#inbound.receive",
    replace: "    this.#inbound.receive",
  },
  {
    name: "the outbox's bound is off by one",
    file: "src/supervisor/outbox.ts",
    find: "this.#messages + 1 > messages",
    replace: "this.#messages > messages",
  },
  {
    name: "a stop while the URL is resolved leaks a socket",
    file: "src/connection/socket-attempt.ts",
    find: "    if (this.#isOver) return;\n    const { transport, clock } = this.#settings;",
    replace: "    const { transport, clock } = this.#settings;",
  },
  {
    name: "Retry-After is ignored",
    file: "machines/policy/verdict.ts",
    find: "Math.max(ruling.floorMs ?? 0, askedMs)",
    replace: "Math.max(ruling.floorMs ?? 0, 0 * askedMs)",
  },
  {
    name: "an unsubscribe while away is lost",
    file: "src/subscriptions/registry.ts",
    find: "      if (entry === undefined || entry.references === 0) continue;\n      entry.references -= 1;",
    replace:
      '      if (entry === undefined || entry.references === 0 || entry.state === "unsent") continue;\n      entry.references -= 1;',
  },
  {
    name: "a one-step heartbeat",
    file: "machines/heartbeat.machine.ts",
    find: '        target: "doubting",\n        // When it was asked: whatever came since is an answer.\n',
    replace: '        target: "expired",\n',
  },
  {
    name: "the window of duplicates is off by one",
    file: "src/sequence/judge.ts",
    find: "  if (last > known) {\n    const expected",
    replace: "  if (last >= known) {\n    const expected",
  },
  {
    name: "a throw in a listener is not caught",
    file: "src/supervisor/publisher.ts",
    find: "        this.#listenerFailed(type, error, fact);\n      }\n    }",
    replace: "        throw error;\n      }\n    }",
  },
  {
    name: "a silent socket is not terminated",
    file: "src/connection/socket-attempt.ts",
    find: "    quietly(() => socket?.terminate());",
    replace: "    if (!isOpen) quietly(() => socket?.terminate());",
  },
  {
    name: "credentials are renewed again and again",
    file: "machines/connection.context.ts",
    find: "hasRenewed: hasRenewed(context, atMs) };",
    replace: "hasRenewed: false && hasRenewed(context, atMs) };",
  },
  {
    name: "a renewal counts before a server has judged it",
    file: "machines/connection.context.ts",
    find: 'dialReason: renewal.isDue ? "renewal" : "retry",',
    replace: 'dialReason: ruling.renews ? "renewal" : "retry",',
  },
  {
    name: "a slow try shows the old credentials",
    file: "machines/connection.context.ts",
    find: 'dialReason: renewal.isDue ? "renewal" : "retry",',
    replace: 'dialReason: renewal.isDue && ruling.action === "now" ? "renewal" : "retry",',
  },
  {
    name: "a command takes no token",
    file: "machines/connection.commands.ts",
    find: "  const budget = spend(policy.commandBudget, commands.budget, atMs);",
    replace: "  const budget = policy && spend ? { ...commands.budget, atMs } : commands.budget;",
  },
  {
    name: "an endpoint that was ready is given up",
    file: "machines/connection.context.ts",
    find: "    wasReady: true,\n",
    replace: "",
  },
  {
    name: "those that limit are asked again at once",
    file: "machines/policy/verdict.ts",
    find: "believedRetryAfterMs(loss.retryAfterMs) || (ruling.defaultRetryAfterMs ?? 0)",
    replace: "believedRetryAfterMs(loss.retryAfterMs)",
  },
  {
    name: "a long outage is never left",
    file: "machines/policy/backoff.ts",
    find: "  const ceilingMs = context.isLongOutage\n    ? Math.max",
    replace: "  const ceilingMs = context.isLongOutage\n    ? 1e6 * Math.max",
  },
  {
    name: "jitter is constant",
    file: "machines/connection.context.ts",
    find: "  const [random, afterFirst] = nextRandom(context.rng);",
    replace: "  const [random, afterFirst] = [0.5, nextRandom(context.rng)[1]];",
  },
  {
    name: "the budget is not charged",
    file: "machines/policy/retry-budget.ts",
    find: "    tokens: Math.max(tokensAt(budget, state, atMs) - 1, 0),",
    replace: "    tokens: tokensAt(budget, state, atMs),",
  },
  {
    name: "redaction is missed in an error",
    file: "src/connection/check-dial.ts",
    find: 'typeof text === "string" ? shown(text) : text',
    replace: "text",
  },

  // More: the socket and its epochs.
  {
    name: "a socket that was given up stays until the next dial",
    file: "machines/connection.machine.ts",
    find: '["holdSends", "dropPlan", "dropSocket", "recordWait"],',
    replace: '["holdSends", "dropPlan", "recordWait"],',
  },
  {
    name: "an attempt has no deadline",
    file: "machines/connection.machine.ts",
    find: '  after: { connectTimeout: { actions: "judgeTimeout" } },\n',
    replace: "",
  },
  {
    name: "closing has no deadline",
    file: "machines/connection.machine.ts",
    find: '  after: { closeTimeout: "closed" },\n',
    replace: "",
  },
  {
    name: "a connect command waits the backoff out",
    file: "machines/connection.machine.ts",
    find: '      { guard: given("mayDial"), target: "connecting", actions: given("dialOnCommand") },\n      { guard: "isDelayTold" },',
    replace: '      { guard: "isDelayTold" },',
  },
  {
    name: "a wait of 0 is taken for none",
    file: "machines/connection.context.ts",
    find: "  return { retryInMs: toTimerMs(budgeted.waitMs),",
    replace: "  return { retryInMs: toTimerMs(budgeted.waitMs) || 1_000,",
  },
  {
    name: "outages are announced at each loss",
    file: "machines/connection.setup.ts",
    find: "        enqueue.assign({ isUp: false });",
    replace: "",
  },
  {
    name: "the long-outage alert outlives its outage",
    file: "machines/connection.setup.ts",
    find: '      enqueue.emit({ type: "up", attempt: context.attempt });\n      enqueue("disarmLongOutage");',
    replace: '      enqueue.emit({ type: "up", attempt: context.attempt });',
  },

  // The heartbeat.
  {
    name: "silence is not ours while we don't read",
    file: "src/connection/link.ts",
    find: "const heardAtMs = this.#isPaused ? atMs :",
    replace: "const heardAtMs =",
  },
  {
    name: "the heartbeat outlives an answer",
    file: "machines/policy/beat.ts",
    find: "  return silentMs <= atMs - askedAtMs;",
    replace: "  return silentMs < 0 && atMs > askedAtMs;",
  },

  // Topics.
  {
    name: "topics that nobody wants are replayed",
    file: "src/subscriptions/registry.ts",
    find: "      if (entry.references === 0) {\n        this.#forget(topic);\n        continue;\n      }\n      const hold",
    replace: "      entry.references = Math.max(entry.references, 1);\n      const hold",
  },
  {
    name: "one unsubscribe takes all references back",
    file: "src/subscriptions/registry.ts",
    find: "      entry.references -= 1;",
    replace: "      entry.references = 0;",
  },
  {
    name: "an answer to another's request is believed",
    file: "src/subscriptions/registry.ts",
    find: "entry !== undefined && entry.requestId === request.id",
    replace: "entry !== undefined",
  },
  {
    name: "the pacer forgets what it let pass",
    file: "src/subscriptions/pacer.ts",
    find: "    this.#next = (this.#next + 1) % this.#frames;",
    replace: "    this.#next = 0;",
  },
  {
    name: "a deadline is not taken off by its answer",
    file: "src/connection/requests.ts",
    find: "    this.#settings.clock.clearTimeout(this.#deadlines.get(id));\n    this.#deadlines.delete(id);",
    replace: "    this.#deadlines.delete(id);",
  },

  // Sends.
  {
    name: "what a dead socket had is sent again",
    file: "src/supervisor/outbox.ts",
    find: "    for (const item of inFlight) this.#lose(item);",
    replace: "    for (const item of inFlight) this.#push(item);",
  },
  {
    name: "an expired message is sent all the same",
    file: "src/supervisor/outbox.ts",
    find: "      if (item.expiresAtMs > nowMs) {",
    replace: "      if (item.expiresAtMs > 0 || nowMs > 0) {",
  },
  {
    name: "drop-newest drops the oldest",
    file: "src/supervisor/outbox.ts",
    find: "            : this.#queue.takeLast();",
    replace: "            : this.#queue.take();",
  },
  {
    name: "sends that wait when it is closed are forgotten",
    file: "src/supervisor/parts.ts",
    find: '    this.outbox.clear("closed");\n',
    replace: "",
  },

  // Those who read.
  {
    name: "an overflow leaves no mark",
    file: "src/supervisor/message-queue.ts",
    find: "      this.#drops.addHead(oldest, this.#head);",
    replace: "",
  },
  {
    name: "a mark stands behind what follows it",
    file: "src/supervisor/message-queue.ts",
    find: "this.#drops.addTail(item, this.#items.length);",
    replace: "this.#drops.addTail(item, this.#items.length + 1);",
  },
  {
    name: "a pause outlasts its budget",
    file: "src/supervisor/message-queue.ts",
    find: "      this.#pauseTimer = undefined;\n      this.#parts.source.resume();\n    }, this",
    replace: "      this.#pauseTimer = undefined;\n    }, this",
  },
  {
    name: "an iterator is told nothing of gaps",
    file: "src/supervisor/consumers.ts",
    find: "    for (const queue of this.#queues) queue.push(item);\n  }\n\n  open(",
    replace: "    void item;\n  }\n\n  open(",
  },
  {
    name: "iterators wait for ever when it fails",
    file: "src/supervisor/parts.ts",
    find: "      this.consumers.end(failure);\n",
    replace: "",
  },

  // Those who listen.
  {
    name: "a closed supervisor still announces",
    file: "src/supervisor/publisher.ts",
    find: '    if (this.#isOver && type !== "callback.failed") return fact;\n',
    replace: "",
  },
  {
    name: "facts overtake each other",
    file: "src/supervisor/publisher.ts",
    find: "    if (this.#isTelling) return;\n",
    replace: "",
  },
  {
    name: "ready() leaves its listeners behind",
    file: "src/supervisor/when-ready.ts",
    find: "      for (const off of offs) off();\n",
    replace: "",
  },

  // Planned reconnects.
  {
    name: "a planned reconnect counts as a failure",
    file: "machines/connection.context.ts",
    find: '    dialReason: "rotation",\n',
    replace: '    dialReason: "rotation",\n    failures: 1,\n',
  },
  {
    name: "a second notice puts the reconnect off",
    file: "machines/connection.rotation.ts",
    find: "  return rotation !== null && endsSooner(rotation, context.rotation);",
    replace: "  return rotation !== null;",
  },
  {
    name: "a planned reconnect does not ask the budget",
    file: "machines/connection.rotation.ts",
    find: "  const { waitMs } = waitForToken(policy.retryBudget, budget, atMs, plan.inMs);",
    replace: "  const waitMs = policy && budget && waitForToken ? plan.inMs : 0;",
  },
  {
    name: "a connection is replaced at its venue's cut",
    file: "machines/rotation.ts",
    find: "{ from: 0.9, to: 0.98 }",
    replace: "{ from: 0.9, to: 1.08 }",
  },
  {
    name: "a plan outlives its socket",
    file: "machines/connection.setup.ts",
    find: '      enqueue("disarmRotation");\n      enqueue("forgetPlan");',
    replace: '      enqueue("forgetPlan");',
  },
  {
    name: "a notice puts off what was planned",
    file: "machines/rotation.ts",
    find: "plan.dueAtMs < than.dueAtMs",
    replace: "plan.dueAtMs > than.dueAtMs",
  },
  {
    name: "a notice's whole time is used up, and more",
    file: "machines/rotation.ts",
    find: "{ from: 0, to: 0.8 }",
    replace: "{ from: 0, to: 1.2 }",
  },
  {
    name: "the plan by age is made once, for the first socket",
    file: "machines/connection.rotation.ts",
    find: "  if (maxAgeMs === null) return",
    replace: "  if (maxAgeMs === null || context.attempt > 1) return",
  },

  // Topics that fall silent.
  {
    name: "silence is the topic's while we don't read",
    file: "src/subscriptions/freshness.ts",
    find: "    if (this.#pauses.delete(reason) && this.#pauses.size === 0) this.countFrom(atMs);",
    replace: "    this.#pauses.delete(reason);\n    void atMs;",
  },
  {
    name: "a stale topic is reported, and not asked for anew",
    file: "src/subscriptions/freshness.ts",
    find: 'if (watched.phase === "stale" && watched.report === "none") {',
    replace: 'if (watched.report === "none") {',
  },
  {
    name: "one stale topic has all subscribed anew",
    file: "src/supervisor/subscriptions.ts",
    find: "this.renew(stale.map(({ topic }) => topic));",
    replace: "void stale;\n    this.renew();",
  },
  {
    name: "a topic that nobody wants is stale",
    file: "src/supervisor/subscriptions.ts",
    find: "  unwanted(topic: string): void {\n    this.#freshness?.unconfirmed(topic);",
    replace: "  unwanted(topic: string): void {\n    void topic;",
  },
  {
    name: "what is ended where nothing is answered is not asked for again",
    file: "src/connection/outgoing.ts",
    find: '      if (outcome === "written" && this.#requests.written(id)) this.pump();',
    replace:
      '      if (outcome === "written" && this.#requests.written(id)) this.#sources.subscriptions.progressed();',
  },
  {
    name: "a topic that was reported is reported again",
    file: "src/subscriptions/freshness.ts",
    find: 'watched.report = "done";',
    replace: 'watched.report = "none";',
  },
  {
    name: "a topic that speaks again is not said to be fresh",
    file: "src/subscriptions/freshness.ts",
    find: 'const wasStale = watched.phase === "stale";',
    replace: 'const wasStale = watched.report === "done";',
  },
  {
    name: "silence counts from the answer, whatever was heard since",
    file: "src/subscriptions/freshness.ts",
    find: 'phase === "speaking" ? heardAtMs : countsFromMs',
    replace: "countsFromMs || heardAtMs",
  },

  // Topics that kill sockets.
  {
    name: "a loss that others were in flight at is a strike",
    file: "src/subscriptions/quarantine.ts",
    find: "      if (isSole && hadLived) doubt.strikes += 1;",
    replace: "      if (hadLived) doubt.strikes += 1;",
  },
  {
    name: "a quarantined topic is asked for by the next socket",
    file: "src/subscriptions/registry.ts",
    find: "        isHeld: hold !== undefined,",
    replace: '        isHeld: hold === "suspect",',
  },
  {
    name: "an answer acquits nobody",
    file: "src/supervisor/subscriptions.ts",
    find: "    else if (this.#isAnswer(state)) this.quarantine?.acquit(topic);\n",
    replace: "",
  },
  {
    name: "a suspect is tried while others are asked for",
    file: "src/connection/requests.ts",
    find: "    if (quarantine !== undefined && !registry.hasWork) {",
    replace: "    if (quarantine !== undefined) {",
  },
  {
    name: "a suspect is tried on a young socket",
    file: "src/subscriptions/quarantine.ts",
    find: "    return lastAtMs + this.#policy.suspectWithinMs;",
    replace: "    return lastAtMs + this.#policy.suspectWithinMs / 2;",
  },
  {
    name: "a quarantine never ends",
    file: "src/subscriptions/quarantine.ts",
    find: "doubt.isSuspect && doubt.untilMs <= nowMs",
    replace: "doubt.isSuspect && doubt.untilMs === 0",
  },
  {
    name: "an acquittal forgives nothing",
    file: "src/subscriptions/quarantine.ts",
    find: "if (this.#inFlight.delete(topic) || this.#called.delete(topic)) this.#doubts.delete(topic);",
    replace: "if (!this.#inFlight.delete(topic)) this.#called.delete(topic);",
  },
  {
    name: "a topic that comes out of quarantine has all its strikes anew",
    file: "src/subscriptions/quarantine.ts",
    find: "doubt.strikes = this.#policy.strikes - 1;",
    replace: "doubt.strikes = 0;",
  },

  // Streams that are not whole.
  {
    name: "a stream breaks, and nobody is told",
    file: "src/recovery/recoveries.ts",
    find: '    this.#parts.mark({ kind: "invalid", stream, cause });\n',
    replace: "",
  },
  {
    name: "the first delta behind a snapshot is lost",
    file: "src/recovery/delta-buffer.ts",
    find: "    this.#held.splice(0, index);",
    replace: "    this.#held.splice(0, index + 1);",
  },
  {
    name: "a snapshot that is too old is joined",
    file: "src/recovery/delta-buffer.ts",
    find: '          return { kind: "outdated" };',
    replace: '          return { kind: "joins", index };',
  },
  {
    name: "deltas wait without a bound",
    file: "src/recovery/delta-buffer.ts",
    find: "    const isFull = this.#held.length >= this.#bound;",
    replace: "    const isFull = this.#held.length >= this.#bound * 1e6;",
  },
  {
    name: "what is in the snapshot is delivered behind it",
    file: "src/recovery/recoveries.ts",
    find: '      case "drop":\n        this.counts.covered += 1;\n        return true;',
    replace: '      case "drop":\n        return false;',
  },
  {
    name: "a recovery that is failing keeps what waited",
    file: "src/recovery/recoveries.ts",
    find: "    if (isNews) this.counts.failed += 1;\n    this.#release(broken);",
    replace: "    if (isNews) this.counts.failed += 1;",
  },
  {
    name: "a stream that was left broken is taken for whole",
    file: "src/recovery/recoveries.ts",
    find: "    broken.leave();\n",
    replace: "    this.#streams.delete(topic);\n",
  },
  {
    name: "what a snapshot has is missing where it comes no more",
    file: "src/supervisor/feed.ts",
    find: "    this.inbound.tracker.reach(stream, position);",
    replace: "    void stream;\n    void position;",
  },
  {
    name: "a gap among what waits is forgotten",
    file: "src/recovery/broken-stream.ts",
    find: '    this.deltas.discard();\n    if (this.state === "joining")',
    replace: '    if (this.state === "joining")',
  },
  {
    name: "what waited for the old socket is joined on the new one",
    file: "src/recovery/broken-stream.ts",
    find: '    this.deltas.discard();\n    this.#tries = 0;\n    this.#as = "broken";\n    this.state',
    replace: '    this.#tries = 0;\n    this.#as = "broken";\n    this.state',
  },
  {
    name: "a recovery is tried once more than it may",
    file: "machines/policy/recovery-pace.ts",
    find: "failures > pace.retries ||",
    replace: "failures > pace.retries + 1 ||",
  },
  {
    name: "a recovery that has failed keeps its slot",
    file: "machines/recoveries.machine.ts",
    find: '        { type: "announceFailure", params: ({ event }) => event },\n        { type: "freeSlot", params: runOf },\n',
    replace: '        { type: "announceFailure", params: ({ event }) => event },\n',
  },
  {
    name: "a host that has failed too often is never asked again",
    file: "machines/policy/recovery-queue.ts",
    find: "Math.max(retryWaitMs(policy, failures), askedMs)",
    replace: "failures > policy.retries ? 1e9 : Math.max(retryWaitMs(policy, failures), askedMs)",
  },
  {
    name: "the alert of a recovery is not raised",
    file: "src/recovery/recoveries.ts",
    find: "    if (isNews) this.#parts.onFailing(failed);\n",
    replace: "",
  },
  // Refusals.
  {
    name: "a topic that is refused for now is never asked for again",
    file: "src/subscriptions/registry.ts",
    find: 'entry.state !== "timed-out" && entry.state !== "refused" && !entry.isHeld',
    replace: 'entry.state !== "timed-out" && !entry.isHeld',
  },
  {
    name: "topics that were refused for now are asked for together",
    file: "src/subscriptions/registry.ts",
    find: 'return refusals > 0 || (kind === "subscribe" && timeouts > 0);',
    replace: 'return refusals > 1000 || (kind === "subscribe" && timeouts > 0);',
  },
  {
    name: "a refusal for good is asked again on the same socket",
    file: "src/subscriptions/registry.ts",
    find: 'const isFinal = refused?.refusal?.kind === "never";',
    replace: "const isFinal = false;",
  },
  {
    name: "the alert about a refused topic stands when nobody wants it any more",
    file: "src/supervisor/subscriptions.ts",
    find: "      if (this.#isTold(topic)) this.#hasUnannounced = true;\n",
    replace: "",
  },
  {
    name: "waits after refusals do not grow",
    file: "src/subscriptions/topic-retries.ts",
    find: "const ownMs = Math.min(LONGEST_SLOW_MS, firstMs * 2 ** (times - 1));",
    replace: "const ownMs = firstMs;",
  },
  {
    name: "the wait that a refusal names is not kept",
    file: "src/subscriptions/topic-retries.ts",
    find: 'const askedMs = refusal?.kind === "later" ? (refusal.afterMs ?? 0) : 0;',
    replace: "const askedMs = 0;",
  },
  {
    name: "an end that is refused for now is forgotten",
    file: "src/subscriptions/registry.ts",
    find: "    entry.isEndHeld = isNeeded;",
    replace: "    entry.isEndHeld = false;",
  },
  {
    name: "a topic that was never answered is given up, as if that were refused",
    file: "src/subscriptions/topic-retries.ts",
    find: "    if (retries === 0) return null;",
    replace: "    if (timeouts > retries) return null;",
  },

  // Numbers.
  {
    name: "a lower number is dropped at once",
    learn: ["numbers"],
    file: "src/sequence/unusual.ts",
    find: "    if (isLower) return this.#lower(state, trouble, point, raw, atMs);",
    replace: "    if (isLower) return STALE;",
  },
  {
    name: "a doubt on a new socket has no end in time",
    learn: ["numbers"],
    file: "src/sequence/unusual.ts",
    find: "      if (doubt.isReported && !endsByTime) continue;",
    replace: "      if (doubt.isReported || endsByTime) continue;",
  },
  {
    name: "what is held is lost at the socket's end",
    learn: ["numbers"],
    file: "src/sequence/unusual.ts",
    find: "    for (const state of Array.from(this.#inDoubt)) this.conclude(state);",
    replace: "    for (const state of Array.from(this.#inDoubt)) this.#takeDoubt(state);",
  },
  {
    name: "what is told again is delivered",
    learn: ["numbers"],
    file: "src/sequence/unusual.ts",
    find: "    if (doubt !== undefined) this.#listener.stale(state.stream, doubt.held);",
    replace:
      '    if (doubt !== undefined) this.#listener.released(state.stream, placed(doubt.held).run, "renumbered");',
  },
  {
    name: "a number that is stuck swallows its stream",
    learn: ["numbers"],
    file: "src/sequence/unusual.ts",
    find: "    if (repeated.length + 1 < MAX_REPEATS) {",
    replace: "    if (repeated.length + 1 < MAX_REPEATS * 1e9) {",
  },
  {
    name: "a number that is stuck at a snapshot's position swallows its stream",
    learn: ["numbers"],
    file: "src/recovery/recoveries.ts",
    find: '    if (this.#streams.get(stream)?.state === "settling") this.#streams.delete(stream);',
    replace: "    void stream;",
  },
  {
    name: "what is dropped is not told",
    file: "src/supervisor/feed.ts",
    find: "    if (!this.#rare.take(cause, this.clock.nowMs())) return;",
    replace:
      "    if (this.#rare.take(cause, this.clock.nowMs())) return;\n    if (cause !== null) return;",
  },
  {
    name: "each message that is dropped is told",
    file: "src/supervisor/feed.ts",
    find: "    if (!this.#rare.take(cause, this.clock.nowMs())) return;",
    replace: "",
  },
  {
    name: "the wait for a host outlives a connection that failed",
    file: "machines/connection.machine.ts",
    find: '"dropSocket", "closeDesk"]',
    replace: '"dropSocket"]',
  },
  ...plantedBugsOfSends,
];
