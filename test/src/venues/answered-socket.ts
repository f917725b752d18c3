/** A socket of a venue that answers: for profiles in the table of numbered streams. */
import { promisesSettle, type SupervisorWorld } from "../start-supervisor.ts";
import type { NumberedStream } from "./numbered-streams.ts";

type Answering = Pick<NumberedStream, "greeting" | "answer">;

/** The newest socket opens, greets, and answers every frame that it was sent by then. */
export async function opensAnswered<M>(
  world: SupervisorWorld<M>,
  { greeting, answer }: Answering,
): Promise<void> {
  await promisesSettle(); // its URL may be asked for
  world.socket.opens();
  for (const frame of greeting) world.socket.receives(frame);
  await promisesSettle();
  answersAll(world, { answer });
}

/** Answers every frame that the newest socket was sent; those sent as an answer's result, too. */
export function answersAll<M>(
  world: SupervisorWorld<M>,
  { answer }: Pick<Answering, "answer">,
  from = 0,
): number {
  let next = from;
  for (; next < world.sent().length; next += 1) {
    for (const frame of answer(String(world.sent()[next]))) world.socket.receives(frame);
  }
  return next;
}
