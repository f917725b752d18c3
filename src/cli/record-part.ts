/** One file of a recording: created, never overwritten, and given its name when it is whole. */
import { constants } from "node:fs";
import { access, link, open, rename, unlink, type FileHandle } from "node:fs/promises";
import { join, parse as parsePath } from "node:path";

/** How many names a part tries, where parts of the same millisecond are there already. */
const MOST_NAMES = 1_000;

export class RecordPart {
  readonly number: number;
  readonly startedAtMs: number;
  /** Its name when it is whole; undefined where it has that from the start. */
  readonly #name: string | undefined;
  readonly #path: string;
  #handle: FileHandle | undefined;

  constructor(number: number, startedAtMs: number, path: string, name?: string) {
    this.number = number;
    this.startedAtMs = startedAtMs;
    this.#path = path;
    this.#name = name;
  }

  /** Fails where the file is there already. */
  async create(): Promise<void> {
    const { O_WRONLY, O_CREAT, O_EXCL } = constants;
    this.#handle = await open(this.#path, O_WRONLY | O_CREAT | O_EXCL);
  }

  /** A write may take a part of the bytes only. */
  async write(bytes: Buffer): Promise<void> {
    if (this.#handle === undefined) throw new Error(`${this.#path} is not open`);
    for (let start = 0; start < bytes.length;) {
      start += (await this.#handle.write(bytes, start)).bytesWritten;
    }
  }

  /** Brings it to the disk, closes it and gives it its name. */
  async end(): Promise<void> {
    await this.#handle?.sync();
    await this.#handle?.close();
    this.#handle = undefined;
    if (this.#name !== undefined) await moveToFree(this.#path, this.#name);
  }

  /** Closes it as it is. */
  async abandon(): Promise<void> {
    try {
      await this.#handle?.close();
    } catch {
      // It has failed already, and that is told.
    }
    this.#handle = undefined;
  }
}

/** Gives a file a name that no other has: a link fails where a rename would overwrite. */
async function moveToFree(from: string, wanted: string): Promise<void> {
  const { dir, name, ext } = parsePath(wanted);
  for (let count = 1; count <= MOST_NAMES; count += 1) {
    const to = count === 1 ? wanted : join(dir, `${name}-${count}${ext}`);
    try {
      await link(from, to);
      await unlink(from);
      return;
    } catch (error) {
      if (codeOf(error) === "EEXIST") continue;
      if (await isThere(to)) continue;
      // A file system without links.
      await rename(from, to);
      return;
    }
  }
  throw new Error(`no free name beside ${wanted}`);
}

async function isThere(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch {
    return false;
  }
}

function codeOf(error: unknown): unknown {
  return typeof error === "object" && error !== null && "code" in error ? error.code : undefined;
}
