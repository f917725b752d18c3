import { Writable } from "node:stream";
import { describe, expect, it } from "vitest";
import { Output } from "../../../src/cli/output.ts";

/** A reader that takes one chunk each time it is told to. */
class SlowReader extends Writable {
  readonly taken: string[] = [];
  #done: (() => void) | undefined;

  constructor() {
    super({ highWaterMark: 1 });
  }

  take(): void {
    this.#done?.();
  }

  override _write(chunk: Buffer, _: BufferEncoding, done: () => void): void {
    this.taken.push(chunk.toString());
    this.#done = done;
  }
}

function brokenBy(code: string): Writable {
  return new Writable({
    write: (_chunk, _encoding, done) => done(Object.assign(new Error(code), { code })),
  });
}

const nextTurn = () => new Promise((resolve) => setImmediate(resolve));

describe("lines to a stream", () => {
  it("are what was given and a line feed, byte for byte", async () => {
    const reader = new SlowReader();
    void new Output(reader).message(Buffer.from([0xff, 0x00, 0xc3]));
    await nextTurn();

    expect(reader.taken).toEqual([Buffer.from([0xff, 0x00, 0xc3, 0x0a]).toString()]);
  });

  it("wait for a slow reader", async () => {
    const reader = new SlowReader();
    const output = new Output(reader);
    let isWritten = false;
    const written = output.line("a")?.then(() => {
      isWritten = true;
    });

    await nextTurn();
    expect(isWritten).toBe(false);
    reader.take();
    await written;
    expect(isWritten).toBe(true);
  });

  it("end quietly when the reader goes away", async () => {
    let gone = 0;
    const output = new Output(brokenBy("EPIPE"), () => {
      gone += 1;
    });
    await output.line("a");
    await nextTurn();

    expect(output).toMatchObject({ isGone: true, failure: undefined });
    expect(gone).toBe(1);
    expect(output.line("b")).toBeUndefined();
  });

  it("end with the reason when writing fails", async () => {
    const output = new Output(brokenBy("ENOSPC"));
    await output.line("a");
    await nextTurn();

    expect(output.failure).toMatchObject({ code: "ENOSPC" });
  });

  it("do not wait for ever for a reader that goes away", async () => {
    const reader = new SlowReader();
    const output = new Output(reader);
    const written = output.line("a");
    reader.destroy();

    await expect(written).resolves.toBeUndefined();
  });
});
