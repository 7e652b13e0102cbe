/**
 * The end of what was synced of a file, remembered so that the file is known
 * again: others may write to it.
 *
 * @module
 */

import type { ByteQueue } from "../base/byte_queue.ts";
import type { Disk } from "./disk.ts";

/** Bytes that are remembered. */
const TAIL_BYTES = 64;

/** The last synced bytes of one file. */
export class Tail {
  readonly #disk: Disk;
  readonly #name: string;
  readonly #bytes = new Uint8Array(TAIL_BYTES);
  #length = 0;

  constructor(disk: Disk, name: string) {
    this.#disk = disk;
    this.#name = name;
  }

  /**
   * Remembers the end of a file's first `size` bytes.
   *
   * @throws Whatever the disk throws.
   */
  read(size: number): void {
    this.#length = Math.min(size, TAIL_BYTES);
    if (this.#length > 0) this.#readInto(this.#bytes, size);
  }

  /** Remembers the end of what was written last; called once a commit. */
  remember({ bytes, end, length }: ByteQueue): void {
    this.#length = Math.min(length, TAIL_BYTES);
    const from = end - this.#length;
    for (let i = 0; i < this.#length; i++) this.#bytes[i] = bytes[from + i]!;
  }

  /** There is nothing to remember: the file is empty. */
  forget(): void {
    this.#length = 0;
  }

  /**
   * Whether the first `size` bytes of the file end as they ended.
   *
   * @throws Whatever the disk throws.
   */
  isThere(size: number): boolean {
    const found = new Uint8Array(TAIL_BYTES);
    this.#readInto(found, size);
    for (let i = 0; i < this.#length; i++) {
      if (found[i] !== this.#bytes[i]) return false;
    }
    return true;
  }

  #readInto(into: Uint8Array, size: number): void {
    const part = into.subarray(0, this.#length);
    this.#disk.read(this.#name, size - this.#length, part);
  }
}
