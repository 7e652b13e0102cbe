/**
 * A file that is appended to by name: whoever rotates logs renames, removes or
 * empties it under the process that writes.
 *
 * @module
 */

import type { SyncWriter } from "../write_all.ts";

/** What a log writes to. */
export interface AppendTarget extends SyncWriter {
  /** Whether the last byte that was there when it was opened ended a line. */
  readonly endsInLine: boolean;
  /** Whether whoever opens the file by its name now gets this one. */
  isNamed(): boolean;
  /** Whether it has no name left, so that what is written to it is gone. */
  isRemoved(): boolean;
  close(): void;
}

const LF = 10;

/** An open file, and whether it still has its name. */
export class AppendFile implements AppendTarget {
  readonly endsInLine: boolean;
  readonly #path: string;
  readonly #file: Deno.FsFile;
  readonly #info: Deno.FileInfo;

  /** @throws Whatever opening throws. */
  constructor(path: string) {
    this.#path = path;
    this.#file = Deno.openSync(path, { append: true, create: true });
    this.#info = this.#file.statSync();
    this.endsInLine = !this.#info.isFile || endsInLine(path, this.#info.size);
  }

  writeSync(bytes: Uint8Array): number {
    return this.#file.writeSync(bytes);
  }

  isNamed(): boolean {
    try {
      const { dev, ino } = Deno.statSync(this.#path);
      return dev === this.#info.dev && ino === this.#info.ino;
    } catch (error) {
      // Anything else, as a directory that may not be looked into, is no news.
      return !(error instanceof Deno.errors.NotFound);
    }
  }

  isRemoved(): boolean {
    return this.#file.statSync().nlink === 0;
  }

  close(): void {
    this.#file.close();
  }
}

/** Whether a file of this size ends with a line's ending, as far as is known. */
function endsInLine(path: string, size: number): boolean {
  if (size === 0) return true;
  try {
    using file = Deno.openSync(path, { read: true });
    file.seekSync(size - 1, Deno.SeekMode.Start);
    const last = new Uint8Array(1);
    return file.readSync(last) !== 1 || last[0] === LF;
  } catch {
    // It may be written and not read.
    return true;
  }
}
