// How long each client waits before it dials again, from its source or documentation (peers.md,
// performance.md §6). Seconds.
//
// `wait(failures, previous, random, self)`: `failures` is 0 for the first wait; `self` is what one client
// keeps; `null` gives up for good.

const capped = (capSeconds, factor, failures) => Math.min(capSeconds, factor ** failures);

/** U(0, first), then U(c/2, c) with c growing from `first`: the family that ours is chosen from. */
export function equalJitter({ first, factor, cap }) {
  return (failures, _, random) => {
    if (failures === 0) return random() * first;
    return ((1 + random()) / 2) * Math.min(cap, first * factor ** failures);
  };
}

/** The same with full jitter: U(0, c). */
export function fullJitter({ first, factor, cap }) {
  return (failures, _, random) => random() * Math.min(cap, first * factor ** failures);
}

export const formulas = {
  "reconnecting-websocket, a process each": (failures, _, random, self) => {
    self.first ??= 1 + random() * 4; // drawn once, when the module is loaded
    return Math.min(10, self.first * 1.3 ** failures);
  },
  "reconnecting-websocket, one process": (failures, _, __, { shared }) =>
    Math.min(10, (1 + shared * 4) * 1.3 ** failures),
  "partysocket 1.3": (failures) => Math.min(10, 3 * 1.3 ** failures),
  "websocket-ts, exponential": (failures) => 2 ** Math.min(failures + 1, 6),
  "graphql-ws": (failures, _, random) =>
    failures >= 5 ? null : 2 ** failures + 0.3 + random() * 2.7,
  centrifuge: (failures, _, random) =>
    Math.min(20, 0.5 + random() * Math.min(20, 0.5 * 2 ** Math.min(failures, 31))),
  mqtt: () => 1,
  "socket.io-client": (failures, _, random) => {
    const base = 2 ** failures;
    const share = random();
    const deviation = share * 0.5 * base;
    const isEarlier = (Math.floor(share * 10) & 1) === 0;
    return Math.min(5, isEarlier ? base - deviation : base + deviation); // clipped at the cap
  },
  "ccxt, its watch loop": () => 0.01,
  "full jitter, 1 s x2, cap 60": fullJitter({ first: 1, factor: 2, cap: 60 }),
  "equal jitter, 1 s x2, cap 60": (failures, _, random) =>
    ((1 + random()) / 2) * capped(60, 2, failures),
  "decorrelated, cap 60": (_, previous, random) =>
    Math.min(60, 1 + random() * (3 * (previous || 1) - 1)),
  "1 s x2, cap 60, plus 0-25 %": (failures, _, random) =>
    capped(60, 2, failures) * (1 + 0.25 * random()),
};
