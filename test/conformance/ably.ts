/**
 * Ably's connection specification as an outside list: what somebody else found worth testing.
 *
 * The ids are those of the language-neutral tests in ably/specification (`uts/realtime`, Apache-2.0, read
 * 2026-11), as far as they concern one connection; an id without a tail stands for all tests of that
 * point. Read CONNECTED as our ready, ATTACH and ATTACHED as a subscription and its answer, a channel's
 * serial as a stream's number, SUSPENDED as a long outage. No text is copied, numbers are ours.
 */
/** A test of ours by its title, several of them, or why there is none. */
export type AblyRow = string | readonly string[] | { readonly notApplicable: string };

const never = (notApplicable: string): AblyRow => ({ notApplicable });

const noPing = never("there is no ping() to call: the heartbeat asks, and any byte answers it");
const noResume = never(
  "no key resumes a session here: continuity is judged by the streams' numbers",
);
const noKeys = never("which heartbeats a server sends is its own protocol's business");
const noRecovery = never("what a process knew is not kept over its restart");
const noHosts = never("hosts are the user's: the URL may be a function of the attempt");
const noNetworkEvents = never("Node tells of no change of network: the heartbeat finds out");
const noUpdates = never("no second welcome exists: a connection that is up is not told so again");
const noReauthCall = never("credentials are asked for by a dial alone");
const neverTwice = never("nothing is ever sent twice: what a dead socket had is `unknown`");
const noServerDetach = never("no protocol here lets a server end a topic unasked");
const noTopicStates = never(
  "topics have no state of their own beyond the socket: wanted is the user's",
);

const dialled = "is dialled by `start()` within the call";
const renewedOnce = "row 18: with %i are renewed at once and once, then tried slowly";
const nothingToRenew = "row 19: with %i fail for good where nothing renews them";
const deadline = "row 28: for ever has 10 s like any other";
const refused = "row 8: where nobody listens, %s, is dialled again after the backoff";
const longOutage = "comes exactly on passing, from the very first dial, and once";
const cut = "row 41, row 42: by %s has delivered all that was whole, and names what it missed";
const newSession = "row 64: start over with another session, and nothing is missing";
const renewedByClose = "row 59: with %i renews the credentials at once and once";
const politeClose = "row 56: with %s is a loss like any other: the feed is still wanted";
const fatalClose =
  "row 60: with a code that the user calls fatal is the end, its reason fit to show";
const silent = "row 45: both ways is noticed interval and timeout after the last byte";
const talking = "asks nobody who talks";
const strayPong = "row 55: that nobody asked for is a sign of life and nothing else";
const renewedInPlace =
  "row 73: may be renewed in place, where the server lets us: the socket stays";
const providerHangs = "row 33: that hangs costs an attempt its deadline";
const providerThrows = "row 33: that throws is asked again after the backoff";
const providerRefused = "row 33: that is told 403 itself fails for good, where the user says so";
const unanswered = "row 34: that is not answered is asked for again alone, while others flow";
const topicRefused = "row 35: that is refused takes nobody along";
const replayed = "is asked again for all of it after each loss, under new ids";
const cutReplay =
  "row 36: lost in the midst of a replay is asked for again, and once on each socket";
const changedAway =
  "row 87: hears what is wanted meanwhile: the next socket is asked for exactly that";
const changedPending =
  "row 38: given up between request and answer is ended after it; nothing more comes";
const dropped = "that waits is dropped when the connection fails, or is closed";
const alternates = "goes up and down in turns, whatever happens between";
const failsForGood = "fails from %s, at once and with an alert";
const skipsTheWait =
  "row 85: is skipped by connect(), as when the network is back: one attempt, not two";
const isAlive = "symptom 15: a quiet market is no dead one: the peer answers, hour after hour";
const outageShown = "shows the outage that is under way, and none when it is over";

export const ably: Readonly<Record<string, AblyRow>> = {
  // Rules of the text itself that are worth having word for word.
  "features/RTN4h": alternates,
  "features/RTN5": "symptom 9: clients that lose their server together come back apart",
  "features/RTN11b":
    "row 82: is the end: connect() meanwhile dials nobody, and a new supervisor is not touched",
  "features/RTN11c": skipsTheWait,
  "features/RTN12": "in %s resolves, and leaves nothing behind",

  // auto_connect
  "realtime/unit/RTN3/auto-connect-true-0": dialled,
  "realtime/unit/RTN3/auto-connect-false-1": dialled,
  "realtime/unit/RTN3/explicit-connect-after-false-2": dialled,

  // backoff_jitter
  "realtime/unit/RTB1/disconnected-retry-delay-0":
    "is the one that is waited out, to the millisecond",
  "realtime/unit/RTB1/suspended-channel-retry-delay-1":
    "wait twice as long each time, up to a minute, and then 100 s for as long as it takes",
  "realtime/unit/RTB1a/backoff-coefficient-sequence-0":
    "after %i failures waits between %d and %d ms",
  "realtime/unit/RTB1b/jitter-coefficient-range-0": "keeps within its documented interval",

  // connection_open_failures
  "realtime/unit/RTN14a/invalid-key-failed-0": nothingToRenew,
  "realtime/unit/RTN14b/token-error-with-renewal-0": renewedOnce,
  "realtime/unit/RTN14b/token-renewal-fails-1": [renewedOnce, providerThrows],
  "realtime/unit/RTN14c/connection-timeout-0": deadline,
  "realtime/unit/RTN14d/retry-recoverable-failure-0": refused,
  "realtime/unit/RTN14e/disconnected-to-suspended-0": longOutage,
  "realtime/unit/RTN14f/suspended-retries-indefinitely-0": [
    "makes the waits longer from then on",
    "symptom 16: it gives up only when told to, and then everybody hears of it",
  ],
  "realtime/unit/RTN14g/error-empty-channel-failed-0": failsForGood,
  "realtime/unit/RTN14h/resume-after-ttl-0": noResume,
  "realtime/unit/RSA4a/token-error-no-renewal-0": nothingToRenew,

  // connection_failures
  "realtime/unit/RTN15a/unexpected-transport-disconnect-0": cut,
  "realtime/unit/RTN15b/successful-resume-0": [
    "finds nothing missing when nothing came meanwhile",
    replayed,
  ],
  "realtime/unit/RTN15c4/fatal-error-during-resume-0": failsForGood,
  "realtime/unit/RTN15c5/token-error-during-resume-0":
    "are asked for anew when the server refuses them, at once and then slowly",
  "realtime/unit/RTN15c7/failed-resume-new-id-0": newSession,
  "realtime/unit/RTN15e/connection-key-updated-0": noResume,
  "realtime/unit/RTN15g/state-cleared-after-ttl-0": noResume,
  "realtime/unit/RTN15h1/token-error-no-renew-0": "fail for good where there is nothing to renew",
  "realtime/unit/RTN15h2/token-error-renew-success-0": renewedByClose,
  "realtime/unit/RTN15h2/token-error-renew-fails-1":
    "are renewed at once; then slowly, and each slow try asks for new ones",
  "realtime/unit/RTN15h3/non-token-error-resume-0": politeClose,
  "realtime/unit/RTN15j/error-empty-channel-failed-0": fatalClose,

  // connection_ping
  "realtime/unit/RTN13a/ping-heartbeat-roundtrip-0": noPing,
  "realtime/unit/RTN13b/ping-error-initialized-0": noPing,
  "realtime/unit/RTN13b/ping-error-suspended-1": noPing,
  "realtime/unit/RTN13b/ping-error-closed-2": noPing,
  "realtime/unit/RTN13b/ping-error-failed-3": noPing,
  "realtime/unit/RTN13b/deferred-ping-error-failed-4": noPing,
  "realtime/unit/RTN13b/deferred-ping-error-suspended-5": noPing,
  "realtime/unit/RTN13c/ping-timeout-0": silent,
  "realtime/unit/RTN13c/deferred-ping-timeout-1": noPing,
  "realtime/unit/RTN13d/ping-deferred-connecting-0": noPing,
  "realtime/unit/RTN13d/ping-deferred-disconnected-1": noPing,
  "realtime/unit/RTN13e/heartbeat-random-id-0": noPing,
  "realtime/unit/RTN13e/no-id-heartbeat-ignored-1": strayPong,
  "realtime/unit/RTN13e/concurrent-pings-unique-ids-2": noPing,

  // heartbeat
  "realtime/unit/RTN23a/heartbeats-true-query-param-0": noKeys,
  "realtime/unit/RTN23a/idle-timeout-reconnect-1": silent,
  "realtime/unit/RTN23a/heartbeat-resets-timer-2":
    "only when probed is left alone until the next interval is over, and is no step of the chart",
  "realtime/unit/RTN23a/any-message-resets-timer-3": talking,
  "realtime/unit/RTN23a/timeout-triggers-reconnect-4":
    "symptom 10: a link that died without a word is noticed, and replaced",
  "realtime/unit/RTN23a/reconnect-uses-resume-5": noResume,
  "realtime/unit/RTN23a/ping-resets-timer-6": strayPong,
  "realtime/unit/RTN23b/heartbeats-false-query-param-0": noKeys,
  "realtime/unit/RTN23b/idle-timeout-reconnect-1": silent,
  "realtime/unit/RTN23b/ping-frame-resets-timer-2":
    "takes any inbound byte for life, a pong too (#8, #9)",
  "realtime/unit/RTN23b/any-message-resets-timer-3": talking,
  "realtime/unit/RTN23b/timeout-triggers-reconnect-4":
    "symptom 10: a link that died without a word is noticed, and replaced",
  "realtime/unit/RTN23b/reconnect-uses-resume-5": noResume,
  "realtime/unit/RTN23b/multiple-pings-keep-alive-6": isAlive,

  // network_change
  "realtime/unit/RTN20a/network-loss-connected-disconnects-0": noNetworkEvents,
  "realtime/unit/RTN20a/network-loss-connecting-disconnects-1": noNetworkEvents,
  "realtime/unit/RTN20b/network-available-disconnected-connects-0": [
    skipsTheWait,
    "row 10: that comes back is taken at once when told so: connect() skips the wait",
  ],
  "realtime/unit/RTN20c/network-available-connecting-restarts-0":
    "drops the attempt that is under way and dials anew, without a failure to anyone's name",

  // error_reason
  "realtime/unit/RTN25/error-reason-on-failed-0":
    "rejects when the connection is refused for good, and while it stays so",
  "realtime/unit/RTN25/error-reason-disconnected-1": outageShown,
  "realtime/unit/RTN25/error-reason-suspended-2": longOutage,
  "realtime/unit/RTN25/error-reason-token-error-3": nothingToRenew,
  "realtime/unit/RTN25/error-reason-cleared-on-connect-4": outageShown,
  "realtime/unit/RTN25/error-reason-protocol-error-5":
    "row 52: such as %s end the socket at once, after what was good",
  "realtime/unit/RTN25/error-reason-in-state-change-6":
    "tells cause, instants, attempts, losses, time per state and last positions",

  // update_events
  "realtime/unit/RTN24/connected-emits-update-0": noUpdates,
  "realtime/unit/RTN24/update-event-with-error-1": noUpdates,
  "realtime/unit/RTN24/connection-details-override-2": noUpdates,
  "realtime/unit/RTN24/no-duplicate-connected-event-3": alternates,

  // when_state
  "realtime/unit/RTN26/whenstate-different-states-0":
    "is told state by state, each with the one before",
  "realtime/unit/RTN26a/immediate-callback-current-state-0": "resolves at once in %s",
  "realtime/unit/RTN26a/multiple-whenstate-calls-1": never(
    "ready() is a promise: any number may wait, and it settles once",
  ),
  "realtime/unit/RTN26a/no-fire-for-past-state-2":
    "is no longer so in the listener that hears of the end",
  "realtime/unit/RTN26b/deferred-callback-future-state-0":
    "resolves once subscriptions are settled, and not when the socket opens",
  "realtime/unit/RTN26b/fires-only-once-1": never(
    "ready() is a promise: any number may wait, and it settles once",
  ),

  // fallback_hosts
  "realtime/unit/RTN17f/fallback-on-error-0":
    "row 8: where nobody listens may be another one at the next attempt",
  "realtime/unit/RTN17f1/disconnected-5xx-fallback-0": [
    "are asked for at every attempt, with its reason and its number",
    "row 24: with %i is tried again after the backoff, however often",
  ],
  "realtime/unit/RTN17g/empty-fallback-set-error-0": refused,
  "realtime/unit/RTN17i/prefer-primary-domain-0": noHosts,
  "realtime/unit/RTN17j/connectivity-check-before-fallback-0": noHosts,
  "realtime/unit/RTN17j/fallback-random-order-1": noHosts,

  // forwards_compatibility
  "realtime/unit/RTF1/unrecognised-attributes-ignored-0":
    "comes out as a message with its bytes, its stream, its numbers and its instant",
  "realtime/unit/RTF1/unknown-action-handled-1":
    "row 40: that answers twice, or what was never asked, changes nothing",

  // server_initiated_reauth
  "realtime/unit/RTN22/server-auth-triggers-reauth-0": renewedInPlace,
  "realtime/unit/RTN22/stays-connected-during-reauth-1": renewedInPlace,
  "realtime/unit/RTN22a/forced-disconnect-reauth-failure-0": renewedByClose,

  // connection_recovery
  "realtime/unit/RTN16f/recover-initializes-msgserial-0": noRecovery,
  "realtime/unit/RTN16f1/malformed-recovery-key-0": noRecovery,
  "realtime/unit/RTN16g/recovery-key-structure-0": noRecovery,
  "realtime/unit/RTN16g3/recovery-key-null-inactive-0": noRecovery,
  "realtime/unit/RTN16j/recover-channel-serials-0": noRecovery,
  "realtime/unit/RTN16k/recover-query-param-0":
    "row 76: that is killed leaves no session behind; its successor begins anew",

  // auth
  "realtime/unit/RSA4a1/non-renewable-token-logs-warning-0": never(
    "nothing is logged: what matters is a fact",
  ),
  "realtime/unit/RSA4a2/token-error-non-renewable-failed-0": nothingToRenew,
  "realtime/unit/RSA4a2/token-error-non-renewable-no-retry-1": nothingToRenew,
  "realtime/unit/RSA4c2/callback-error-connecting-disconnected-0": providerThrows,
  "realtime/unit/RSA4c2/callback-timeout-connecting-disconnected-1": providerHangs,
  "realtime/unit/RSA4c2/callback-error-causes-disconnected-0": providerThrows,
  "realtime/unit/RSA4c3/callback-error-connected-stays-0": noReauthCall,
  "realtime/unit/RSA4c3/callback-error-stays-connected-0": noReauthCall,
  "realtime/unit/RSA4d/callback-403-connecting-failed-0": providerRefused,
  "realtime/unit/RSA4d/callback-403-causes-failed-0": providerRefused,
  "realtime/unit/RSA4d/callback-403-reauth-failed-1": noReauthCall,
  "realtime/unit/RSA4d/callback-403-reauth-causes-failed-1": noReauthCall,
  "realtime/unit/RSA4f/callback-invalid-type-format-0":
    "gives what is no good as %s: refused, as it is the caller's mistake",
  "realtime/unit/RSA4f/callback-oversized-token-format-1": never(
    "how long a header may be is the server's to say (431)",
  ),
  "realtime/unit/RTN2e/token-before-websocket-0":
    "may be promised: the transport is called when all are there",
  "realtime/unit/RTN2e/callback-error-prevents-connect-1":
    "and %s is a loss before anything is dialled, and is asked again",
  "realtime/unit/RTN2e/callback-params-include-clientid-2":
    "are asked for at every attempt, with its reason and its number",
  "realtime/unit/RTN2e/reuse-valid-token-3": never(
    "a function is asked at every attempt: to keep a token is its own business",
  ),

  // channels: the connection's state and the topics
  "realtime/unit/RTL3a/failed-attached-to-failed-0": noTopicStates,
  "realtime/unit/RTL3a/failed-attaching-to-failed-1": noTopicStates,
  "realtime/unit/RTL3a/other-states-unaffected-2": noTopicStates,
  "realtime/unit/RTL3b/closed-attached-to-detached-0": "in %s is sent to nobody",
  "realtime/unit/RTL3b/closed-attaching-to-detached-1": "in %s is sent to nobody",
  "realtime/unit/RTL3c/suspended-attached-to-suspended-0": noTopicStates,
  "realtime/unit/RTL3c/suspended-attaching-to-suspended-1": noTopicStates,
  "realtime/unit/RTL3d/reattach-attached-with-serial-0": [replayed, cut],
  "realtime/unit/RTL3d/reattach-suspended-channels-1": replayed,
  "realtime/unit/RTL3d/init-detached-not-reattached-2": changedAway,
  "realtime/unit/RTL3d/multiple-channels-reattached-3":
    "is asked for exactly what is wanted, before anything else may be sent",
  "realtime/unit/RTL3e/disconnected-attached-noop-0":
    "in %s holds for the socket after it, and no sooner or later",
  "realtime/unit/RTL3e/disconnected-attaching-noop-1": cutReplay,

  // channels: ended by the server, and asked for again
  "realtime/unit/RTL13a/attached-reattach-triggered-0": noServerDetach,
  "realtime/unit/RTL13a/suspended-reattach-triggered-1": noServerDetach,
  "realtime/unit/RTL13a/detaching-not-server-initiated-2": changedPending,
  "realtime/unit/RTL13b/failed-reattach-suspended-retry-0": unanswered,
  "realtime/unit/RTL13b/attaching-detached-to-suspended-1": topicRefused,
  "realtime/unit/RTL13b/repeated-failure-cycle-2":
    "is asked for again, alone, after waits that double, and in the end slowly",
  "realtime/unit/RTL13c/retry-cancelled-disconnected-0": "are all let go by a new socket",

  // channels: asking
  "realtime/unit/RTL4a":
    "symptom 21: what was given up stays given up, what is wanted is asked for once",
  "realtime/unit/RTL4b": "in %s is sent to nobody",
  "realtime/unit/RTL4c": "is asked for exactly what is wanted, before anything else may be sent",
  "realtime/unit/RTL4d": "row 36: that confirms at once needs no second asking",
  "realtime/unit/RTL4f": unanswered,
  "realtime/unit/RTL4g": "is asked for again on the next socket",
  "realtime/unit/RTL4h": changedPending,
  "realtime/unit/RTL4i": changedAway,

  // publish, and what becomes of it
  "realtime/unit/RTL6c1": "in %s leaves at once",
  "realtime/unit/RTL6c2": "in %s waits until the connection is ready, then leaves in order",
  "realtime/unit/RTL6c4": "in %s is dropped at once (%s)",
  "realtime/unit/RTN7d/fail-disconnected-no-queue-0": "may hold nothing at all",
  "realtime/unit/RTN7d/survive-disconnected-queue-1": neverTwice,
  "realtime/unit/RTN7e/pending-fail-suspended-0":
    "expires where it waits too long, over outages too",
  "realtime/unit/RTN7e/pending-fail-closed-1": dropped,
  "realtime/unit/RTN7e/pending-fail-failed-2": dropped,
  "realtime/unit/RTN7e/multiple-pending-fail-3": dropped,
  "realtime/unit/RTN7e/error-represents-reason-4": dropped,
  "realtime/unit/RTN19a/resent-on-new-transport-0": neverTwice,
  "realtime/unit/RTN19a2/same-serial-on-resume-0": neverTwice,
  "realtime/unit/RTN19a2/new-serial-failed-resume-1": neverTwice,
  "realtime/unit/RTN19b/attach-resent-on-reconnect-0": cutReplay,
  "realtime/unit/RTN19b/detach-resent-on-reconnect-1": changedAway,

  // realtime_timeouts
  "realtime/unit/RTC7/attach-request-timeout-0":
    "times out on its own, is told, and the connection is ready without it",
  "realtime/unit/RTC7/detach-request-timeout-1":
    "leaves as well when there is no answer, and is not said to have timed out",
  "realtime/unit/RTC7/disconnected-retry-timeout-2":
    "is the one that is waited out, to the millisecond",
  "realtime/unit/RTC7/default-timeouts-applied-3": "may be `undefined` instead: the default",

  // integration/proxy: over real sockets, with faults on the way
  "realtime/proxy/RTN14a": nothingToRenew,
  "realtime/proxy/RTN14b": renewedOnce,
  "realtime/proxy/RTN14c": deadline,
  "realtime/proxy/RTN14d": refused,
  "realtime/proxy/RTN14g": "row 27: for %s fails for good",
  "realtime/proxy/RTN15a": [cut, "row 42: by an RST alone names the errno that ws swallows"],
  "realtime/proxy/RTN15b":
    "symptom 22: what was missed while away is named, of its stream alone, before what follows",
  "realtime/proxy/RTN15c7": newSession,
  "realtime/proxy/RTN15h1": nothingToRenew,
  "realtime/proxy/RTN15h3": politeClose,
  "realtime/proxy/RTN15j": fatalClose,
  "realtime/proxy/RTN19a": neverTwice,
  "realtime/proxy/RTN22": renewedInPlace,
  "realtime/proxy/RTN23a": [
    silent,
    "row 45, row 46, row 47: that is cut %s is noticed, and the account holds when it is back",
  ],
  "realtime/proxy/RTL3d": cutReplay,
  "realtime/proxy/RTL4f": unanswered,
  "realtime/proxy/RTL5f": changedPending,
  "realtime/proxy/RTL12": noUpdates,
  "realtime/proxy/RTL13a": noServerDetach,
  "realtime/proxy/RTL14": topicRefused,
};
