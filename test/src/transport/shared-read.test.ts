/** The shared read: as Node reads by itself, but for the buffer. */
import { Socket } from "node:net";
import { Readable } from "node:stream";
import { describe, expect, it } from "vitest";
import { readBuffer, readWhilePaused, sharedRead } from "../../../src/transport/shared-read.ts";

/** As libuv does it: into the buffer, then how much it was. */
function arrive(stream: Readable, text: string): boolean {
  readBuffer().set(Buffer.from(text));
  return sharedRead.callback.call(stream, text.length);
}

/** All that waits; from Node 26 on one `read` gives one chunk. */
function allOf(stream: Readable): string {
  const chunks: Buffer[] = [];
  for (;;) {
    const chunk = stream.read() as Buffer | null;
    if (chunk === null) return Buffer.concat(chunks).toString();
    chunks.push(chunk);
  }
}

const stream = (highWaterMark?: number): Readable =>
  new Readable({ read: () => undefined, highWaterMark });

describe("the shared read", () => {
  it("hands out chunks that later reads leave alone", () => {
    const [one, other] = [stream(), stream()];
    arrive(one, "first");
    arrive(other, "other");
    arrive(one, "again");
    expect(allOf(one)).toBe("firstagain");
    expect(allOf(other)).toBe("other");
  });

  it("takes a read that fills the buffer whole", () => {
    const one = stream();
    const text = "x".repeat(readBuffer().length);
    arrive(one, text);
    arrive(one, "behind");
    expect(allOf(one)).toBe(`${text}behind`);
  });

  it("says when its stream is full, so that nothing is read until there is room", () => {
    const one = stream(8);
    expect(arrive(one, "seven..")).toBe(true);
    expect(arrive(one, "!")).toBe(false);
  });

  it("serves all sockets from one buffer", () => {
    expect(sharedRead.buffer).toBe(readBuffer());
    expect(readBuffer()).toBe(readBuffer());
  });

  it("leaves a socket that is paused a paused stream", () => {
    const socket = new Socket();
    readWhilePaused(socket);
    expect(socket.pause()).toBe(socket);
    expect(socket.isPaused()).toBe(true);
    expect(socket.resume().isPaused()).toBe(false);
  });
});
