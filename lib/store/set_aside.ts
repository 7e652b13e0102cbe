/**
 * Setting aside: a damaged stretch is copied to a file of its own, so that a
 * person can look at it; what stands in the segment is left as it is.
 *
 * @module
 */

import type { Disk } from "./disk.ts";
import type { Damage } from "./recovery.ts";
import { damagedName } from "./segments.ts";

/** Bytes of a damaged stretch that are copied at most. */
const SET_ASIDE_BYTES_MAX = 4 * 1024 * 1024;

/**
 * Stretches of one reading that are set aside and told one by one. More are
 * counted: work, files and lines must not grow with the damage.
 */
export const DAMAGES_MAX = 64;

/** A damaged stretch. */
export interface SetAside extends Damage {
  /** The segment that it is in. */
  readonly segment: string;
  /** Holds a copy of it; undefined when the disk took none. */
  readonly file: string | undefined;
}

/** Copies a stretch, unless all of it was copied before, or cannot be. */
export function setAside(
  disk: Disk,
  segment: string,
  { offset, length }: Damage,
): SetAside & { readonly isNew: boolean } {
  const file = damagedName(segment, offset);
  try {
    const copied = Math.min(length, SET_ASIDE_BYTES_MAX);
    // A stretch that has grown since begins where it began.
    const isNew = disk.sizeOf(file) < copied;
    if (isNew) {
      const bytes = new Uint8Array(copied);
      const count = disk.read(segment, offset, bytes);
      disk.replace(file, bytes.subarray(0, count));
    }
    return { offset, length, segment, file, isNew };
  } catch {
    return { offset, length, segment, file: undefined, isNew: true };
  }
}
