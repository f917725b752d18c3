/** Bugs of sends and of the client's own frames: those that sockets refuse, lose or have no room for. */
import type { PlantedBug } from "./planted-bug.ts";

export const plantedBugsOfSends: readonly PlantedBug[] = [
  {
    name: "a frame that is refused counts as a dying socket",
    file: "src/connection/outgoing.ts",
    find: '      } else if (refusal === "invalid") {',
    replace: '      } else if (refusal === "invalid" && kind === "probe") {',
  },
  {
    name: "a socket that refused a frame is never used again",
    file: "src/connection/outgoing.ts",
    find: '        done("invalid", error);',
    replace: '        this.#socket = undefined;\n        done("invalid", error);',
  },
  {
    name: "a message that a closing socket did not take is not kept",
    file: "src/connection/outgoing.ts",
    find: '      if (outcome === "not-open") outbox.putBack(item);',
    replace: '      if (outcome === "not-open") outbox.written(item, error);',
  },
  {
    name: "a message that a closing socket did not take goes to the end",
    file: "src/supervisor/outbox.ts",
    find: "    this.#queue.putFirst(item);",
    replace: "    this.#queue.push(item);",
  },
  {
    name: "a socket that takes no frame is waited for",
    file: "src/connection/outgoing.ts",
    find: "const DOUBT_MS = 1_000;",
    replace: "const DOUBT_MS = 1_000_000;",
  },
  {
    name: "what need not wait needs room in the outbox",
    file: "src/supervisor/outbox.ts",
    find: "      if (!isFirst && !this.#makeRoom(item)) return;",
    replace: "      if (!this.#makeRoom(item)) return;",
  },
  {
    name: "what has to wait alone needs no room in the outbox",
    file: "src/supervisor/outbox.ts",
    find: "      if (!isFirst || !this.#lacksRoom(item)) this.#keep(item);",
    replace: "      this.#keep(item);",
  },
  {
    name: "refused frames raise no alert",
    file: "src/supervisor/send-watch.ts",
    find: "    if (this.#throws !== THROWS_OF_BROKEN) return;",
    replace: "    if (this.#throws !== THROWS_OF_BROKEN * 1e9) return;",
  },
  {
    name: "that frames are written again is not told",
    file: "src/supervisor/send-watch.ts",
    find: "    if (wasBroken) this.#others",
    replace: "    if (wasBroken && this.#throws > 0) this.#others",
  },
  {
    name: "dropped sends are not told",
    file: "src/supervisor/send-watch.ts",
    find: "    if (this.#rare.take(`${frame}/${reason}`, this.#clock.nowMs())) {",
    replace: "    if (bytes < 0 && this.#rare.take(`${frame}/${reason}`, this.#clock.nowMs())) {",
  },
  {
    name: "each dropped send is told",
    file: "src/supervisor/send-watch.ts",
    find: "    if (this.#rare.take(`${frame}/${reason}`, this.#clock.nowMs())) {",
    replace: "    if (bytes > 0 || this.#rare.take(`${frame}/${reason}`, this.#clock.nowMs())) {",
  },
  {
    name: "topics of a refused request are not asked for again",
    file: "src/connection/outgoing.ts",
    find: "        this.#requests.failed(id, `the socket refused the frame: ${explain(error)}`);",
    replace: "",
  },
  {
    name: "an end of ours says nothing to the peer",
    file: "src/connection/socket-attempt.ts",
    find: "    if (isOpen && closeFrame !== null) {",
    replace: "    if (isOpen && closeFrame !== null && closeFrame.code !== 1000) {",
  },
];
