/**
 * Memory for the messages a head holds until they are stored.
 *
 * Blocks come in powers of two and are reused, so holding a message allocates
 * nothing once the head has warmed up, and a message that waits long pins only
 * its own block.
 *
 * @module
 */

/** Smallest block: one short message. */
const BLOCK_BYTES_MIN = 64;

/** Bytes of free blocks kept for reuse; what is beyond goes back. */
const FREE_BYTES_MAX = 16 * 1024 * 1024;

/** A pool of byte arrays. */
export class BlockPool {
  /** Free blocks of `BLOCK_BYTES_MIN << index` bytes each. */
  readonly #free: Uint8Array[][] = [];
  #freeBytes = 0;

  /** A block of at least `bytes`; its content is whatever was there before. */
  take(bytes: number): Uint8Array {
    const index = classOf(bytes);
    const block = this.#free[index]?.pop();
    if (block === undefined) return new Uint8Array(BLOCK_BYTES_MIN << index);
    this.#freeBytes -= block.length;
    return block;
  }

  /** Takes a block back; the giver no longer looks at it. */
  give(block: Uint8Array): void {
    if (this.#freeBytes + block.length > FREE_BYTES_MAX) return;
    const index = classOf(block.length);
    while (this.#free.length <= index) this.#free.push([]);
    this.#free[index]!.push(block);
    this.#freeBytes += block.length;
  }
}

/** The index of the smallest class that holds `bytes`. */
function classOf(bytes: number): number {
  const blocks = Math.ceil(bytes / BLOCK_BYTES_MIN);
  return blocks <= 1 ? 0 : 32 - Math.clz32(blocks - 1);
}
