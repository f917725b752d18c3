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

  it("all resume where several wait for one reader", async () => {
    const reader = new SlowReader();
    const output = new Output(reader);
    const all = Promise.all([output.line("a"), output.line("b")]);
    await nextTurn();
    reader.take();
    await nextTurn();
    reader.take();

    await expect(all).resolves.toEqual([undefined, undefined]);
  });

  it("that cannot wait are left out while 1 MiB waits, counted, and the count is told", async () => {
    const reader = new SlowReader();
    const output = new Output(reader);
    const line = "x".repeat(4_000);
    for (let count = 0; count < 400; count += 1) output.tell(line);
    expect(reader.writableLength).toBeLessThan(1024 * 1024 + 4_001);
    for (let turns = 0; turns < 2_000; turns += 1) {
      reader.take();
      await nextTurn();
    }
    const lines = reader.taken.filter((text) => text === `${line}\n`);
    expect(lines.length).toBeGreaterThan(200);
    expect(reader.taken.at(-1)).toBe(
      `${400 - lines.length} lines left out: the reader was too slow\n`,
    );
  });

  it("that are JSON tell that count as JSON", async () => {
    const reader = new SlowReader();
    const output = new Output(reader);
    const text = JSON.stringify("x".repeat(600_000));
    for (let count = 0; count < 4; count += 1) output.tellJson(text);
    for (let turns = 0; turns < 10; turns += 1) {
      reader.take();
      await nextTurn();
    }
    expect(reader.taken.at(-1)).toBe('{"type":"output.dropped","lines":2}\n');
  });

  it("are messages byte for byte, but to a terminal made fit for it", async () => {
    const message = Buffer.from(`\u001b[31m\u202e${"x".repeat(5_000)}`);
    const taken = async (isTTY: boolean) => {
      const reader = Object.assign(new SlowReader(), { isTTY });
      void new Output(reader).message(message);
      await nextTurn();
      return reader.taken[0] ?? "";
    };
    expect(await taken(false)).toBe(`${message.toString()}\n`);
    expect(await taken(true)).toBe(`\\u{1b}[31m\\u{202e}${"x".repeat(4_077)}…\n`);
  });
});
