/** A disk in memory some of whose blocks cannot be read any more. */

import { MemoryDisk } from "./memory_disk.ts";

const BLOCK_BYTES = 4_096;

export class BadBlocksDisk extends MemoryDisk {
  /** `name@block`, or `name` for all of a file. */
  readonly bad: Set<string> = new Set();

  override read(name: string, offset: number, into: Uint8Array): number {
    const count = super.read(name, offset, into);
    const end = offset + Math.max(count, 1);
    for (let at = offset - offset % BLOCK_BYTES; at < end; at += BLOCK_BYTES) {
      if (this.bad.has(name) || this.bad.has(`${name}@${at / BLOCK_BYTES}`)) {
        throw new Error("Input/output error (os error 5)");
      }
    }
    return count;
  }

  override load(
    name: string,
    offset: number,
    into: Uint8Array,
    done: (count: number, failure: string | undefined) => void,
  ): void {
    try {
      super.load(name, offset, into, done);
    } catch (error) {
      this.loads.push(() => done(0, (error as Error).message));
    }
  }
}
