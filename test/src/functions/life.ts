/** A life of a supervisor with a bit of everything, and what came of it in a line. */
import { OptionError, type SupervisorOptions } from "../../../src/index.ts";
import type { Loss } from "../../../machines/loss.ts";
import { messageOf } from "../../../src/shape.ts";
import {
  type Json,
  numbered,
  numberedVenue,
  promisesSettle,
  SupervisorWorld,
} from "../start-supervisor.ts";

/** Options as users without types write them. */
export interface LooseOptions extends Record<string, unknown> {
  readonly target?: unknown;
}

/** The supervisor's life with these options: `2 of 5 messages, callback.failed decode`. */
export async function live(
  options: LooseOptions,
  prepare: (world: SupervisorWorld<Json>) => void = () => undefined,
): Promise<string> {
  return orRefused(async () => {
    const given = { ...numbered, topics: ["a", "b"], ...options } as SupervisorOptions<Json>;
    const world = new SupervisorWorld<Json>(given);
    prepare(world);
    return told(world, await through(world));
  });
}

/** The same at a venue that is defined so. */
export function liveAt(
  definition: object,
  options: LooseOptions = {},
  prepare: (world: SupervisorWorld<Json>) => void = () => undefined,
): Promise<string> {
  const { decode: _, sequence: __, subscriptions: ___, ...rest } = { ...numbered, ...options };
  return orRefused(async () => {
    const target = numberedVenue(definition);
    const world = new SupervisorWorld<Json>({ topics: ["a", "b"], ...rest, target });
    prepare(world);
    return told(world, await through(world));
  });
}

/** A conversation of {@link numberedVenue} with other words. */
export function conversing(words: object): object {
  const { open } = numberedVenue();
  return { open: () => ({ ...open(), ...words }) };
}

/** What it says, or what is thrown to the caller. */
export async function orRefused(live: () => string | Promise<string>): Promise<string> {
  try {
    return await live();
  } catch (error) {
    if (error instanceof OptionError) return `OptionError ${error.option}`;
    return `thrown: ${messageOf(error).split("\n", 1)[0]}`;
  }
}

/** Two sockets, messages on both, a gap, a topic that is ended, a silence; gives the messages that came. */
async function through(world: SupervisorWorld<Json>): Promise<number> {
  let messages = 0;
  world.feed.on("message", () => {
    messages += 1;
  });
  world.start();
  await promisesSettle();
  if (await opens(world)) {
    world.receives({ s: "a", n: 1 }, { s: "a", n: 2 }, { s: "a", n: 4 }, { s: "b", n: 1 });
    await promisesSettle();
    world.feed.unsubscribe("b");
    world.confirmsAll();
    world.clock.advance(15_000);
    world.receives({ pong: true });
    await promisesSettle();
    world.socket.drops("ECONNRESET");
    await promisesSettle();
    world.waitsItsTurn();
    await promisesSettle();
    if (await opens(world)) world.receives({ s: "a", n: 5 });
  } else {
    // Whatever hangs has its bound.
    world.clock.advance(10_000);
  }
  await promisesSettle();
  void world.feed.close();
  if (world.dials > 0 && !world.socket.isOver) world.socket.answersClose();
  await promisesSettle();
  return messages;
}

async function opens(world: SupervisorWorld<Json>): Promise<boolean> {
  if (world.dials === 0 || world.socket.isOver) return false;
  world.comesUp();
  await promisesSettle();
  world.confirmsAll();
  world.clock.advance(0);
  return world.feed.status().isReady;
}

/** What a life always tells. */
const USUAL: ReadonlySet<string> = new Set(["loss dropped"]);

function told(world: SupervisorWorld<Json>, messages: number): string {
  const words = world.facts.flatMap((fact) => {
    switch (fact.type) {
      case "down":
      case "attempt.failed":
        return [lossToText(fact.loss)];
      case "callback.failed":
        return [`callback.failed ${fact.callback}`];
      case "message.invalid":
      case "message.unjudged":
        return [`${fact.type}${culpritIn(fact.reason)}`];
      case "failed":
      case "mismatch":
      case "topic.refused":
        return [fact.type];
      case "alert":
        return [`alert ${fact.alert.kind}`];
      default:
        return [];
    }
  });
  const unusual = [...new Set(words)].filter((word) => !USUAL.has(word));
  return [`${messages} messages`, ...unusual].join(", ");
}

/** Its class, and the function that it names; of one that hangs, in which phase. */
export function lossToText({ class: name, phase, detail }: Loss): string {
  const place = name === "handshake-timeout" ? ` in ${phase}` : "";
  return `loss ${name}${place}${culpritIn(detail)}`;
}

/** The function that gave something wrong, where the text begins with it. */
function culpritIn(text = ""): string {
  const [, culprit] = /^([\w.()]+)(?:: expected| gave) /.exec(text) ?? [];
  return culprit === undefined ? "" : ` by ${culprit}`;
}
