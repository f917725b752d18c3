/**
 * Who is told of every chunk that a stream has read, before anybody hears what is in it.
 *
 * Not by a listener where the stream is a socket of Node's: with two listeners for `data` every chunk
 * copies an array of them, which costs more than the look at the clock. Whatever Node reads goes through
 * the stream's own `push`.
 */
import { Socket } from "node:net";
import type { Duplex } from "node:stream";

/** @returns what ends it. */
export function watchChunks(stream: Duplex, arrived: () => void): () => void {
  if (!(stream instanceof Socket)) {
    // Somebody's own stream: who knows by which way its bytes come.
    stream.prependListener("data", arrived);
    return () => stream.off("data", arrived);
  }
  const push = stream.push.bind(stream);
  stream.push = (chunk, encoding) => {
    if (chunk !== null) arrived();
    return push(chunk, encoding);
  };
  return () => {
    stream.push = push;
  };
}
