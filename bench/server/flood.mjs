// A burst: as many frames as asked, as fast as the client reads.
//
// Frames are encoded once into batches; before each write their numbers are counted on, so that a client
// that follows sequences sees one unbroken run. A batch is touched again only when the kernel has it.
import { FIRST_NUMBER, NUMBER_KEY, payload } from "./payloads.mjs";

const BATCH_BYTES = 262_144;
const BATCHES_IN_FLIGHT = 4;
const DIGITS = String(FIRST_NUMBER).length;

/** The frames of one size on one wire. */
export class FrameSet {
  /** @type {Buffer[]} */
  frames = [];

  constructor(wire, bytes) {
    for (let total = 0; total < BATCH_BYTES; total += this.frames.at(-1).length) {
      this.frames.push(wire.encode(payload(bytes, this.frames.length)));
    }
  }

  get meanBytes() {
    return this.frames.reduce((sum, frame) => sum + frame.length, 0) / this.frames.length;
  }

  /** A copy of frame number `index`, round and round, with its number put in. */
  numbered(index) {
    const frame = Buffer.from(this.frames[index % this.frames.length]);
    frame.write(String(FIRST_NUMBER + index), numberAt(frame), "latin1");
    return frame;
  }

  newBatch() {
    const bytes = Buffer.concat(this.frames);
    const numbersAt = [];
    const ends = [];
    let end = 0;
    for (const frame of this.frames) {
      numbersAt.push(end + numberAt(frame));
      end += frame.length;
      ends.push(end);
    }
    return { bytes, numbersAt, ends };
  }
}

function numberAt(frame) {
  return frame.lastIndexOf(NUMBER_KEY) + NUMBER_KEY.length;
}

/** Sends bursts on one connection; its numbers go on from burst to burst. */
export class Flood {
  #socket;
  #set;
  /** Batches that are not on their way. */
  #idle = [];
  #left = 0;
  #counter;

  constructor(socket, set) {
    this.#socket = socket;
    this.#set = set;
    this.#counter = Buffer.from(String(FIRST_NUMBER), "latin1");
    for (let i = 0; i < BATCHES_IN_FLIGHT; i += 1) this.#idle.push(set.newBatch());
  }

  send(frames) {
    this.#left += frames;
    this.#pump();
  }

  #pump() {
    while (this.#left > 0 && this.#idle.length > 0 && !this.#socket.destroyed) {
      const batch = this.#idle.pop();
      const count = Math.min(this.#left, this.#set.frames.length);
      this.#left -= count;
      for (let i = 0; i < count; i += 1) {
        this.#counter.copy(batch.bytes, batch.numbersAt[i]);
        this.#count();
      }
      this.#socket.write(batch.bytes.subarray(0, batch.ends[count - 1]), () => {
        this.#idle.push(batch);
        this.#pump();
      });
    }
  }

  /** In decimal digits: turning a number into text for each frame would cost more than sending it. */
  #count() {
    for (let digit = DIGITS - 1; digit >= 0; digit -= 1) {
      if (this.#counter[digit] < 57) {
        this.#counter[digit] += 1;
        return;
      }
      this.#counter[digit] = 48;
    }
  }
}
