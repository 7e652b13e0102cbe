/**
 * Reading around blocks that a disk cannot give any more: one bad sector must
 * not keep whoever reads, repairs or scrubs from all the rest.
 *
 * @module
 */

import type { Disk } from "./disk.ts";

/** Bytes that disks and file systems read at least, and so lose together. */
const BLOCK_BYTES = 4_096;

const LF = 10;
const DASH = 45;

/**
 * Gets what a read came to.
 *
 * @param failure Why nothing was read; undefined if something was.
 * @param unreadable How many of the bytes the disk cannot give: they are all
 * dashes, which no record is, and end in a line ending.
 */
export type Loaded = (
  count: number,
  failure: string | undefined,
  unreadable: number,
) => void;

/** What is read from. */
export interface LoadedFile {
  readonly name: string;
  /** Its bytes. */
  readonly size: number;
  /** Whether the name has not gone to another file since: that is no retry. */
  isStill(): boolean;
}

/**
 * Reads a part of a file beside other work; see {@linkcode Disk.load}. Where a
 * read fails, a smaller one follows, down to one block. A block that cannot be
 * read, while others of its file can, is lost.
 */
export function loadAround(
  disk: Disk,
  { name, size, isStill }: LoadedFile,
  offset: number,
  into: Uint8Array,
  done: Loaded,
): void {
  const block = Math.min(into.length, BLOCK_BYTES - offset % BLOCK_BYTES);
  const attempt = (length: number) =>
    disk.load(name, offset, into.subarray(0, length), (count, failure) => {
      if (failure !== undefined && !isStill()) {
        done(0, failure, 0);
      } else if (failure === undefined) {
        done(count, shortness(name, count, length), 0);
      } else if (length > block) {
        const blocks = Math.floor((length - block) / 2 / BLOCK_BYTES);
        attempt(block + blocks * BLOCK_BYTES);
      } else {
        canReadOthers(disk, name, size, offset, (canRead) => {
          if (!canRead || !isStill()) return done(0, failure, 0);
          into.fill(DASH, 0, block);
          into[block - 1] = LF;
          done(block, undefined, block);
        });
      }
    });
  attempt(into.length);
}

/** Whether a file can be read elsewhere: else it is not about one block. */
function canReadOthers(
  disk: Disk,
  name: string,
  size: number,
  offset: number,
  done: (canRead: boolean) => void,
): void {
  const blockOf = (position: number) => Math.floor(position / BLOCK_BYTES);
  const places = [0, size - 1].filter((place) =>
    blockOf(place) !== blockOf(offset)
  );
  const byte = new Uint8Array(1);
  const look = () => {
    const place = places.shift();
    if (place === undefined) return done(false);
    disk.load(name, place, byte, (count, failure) => {
      if (failure === undefined && count > 0) done(true);
      else look();
    });
  };
  look();
}

/** What is wrong with so many bytes of so many, in words. */
function shortness(
  name: string,
  count: number,
  wanted: number,
): string | undefined {
  return count < wanted ? `${name} is shorter than what was synced` : undefined;
}
