/**
 * Segments: `data.txt` is the one being written; when it is full, or its disk
 * can no longer be trusted, it is sealed under the next number and never
 * written again.
 *
 * @module
 */

/** The segment being written. */
export const ACTIVE_SEGMENT = "data.txt";

/**
 * Bytes after which the active segment is sealed. Starting reads this much at
 * most; smaller would only make more files.
 */
export const SEGMENT_BYTES_MAX: number = 64 * 1024 * 1024;

const SEALED = /^data-(\d{6,})\.txt$/;

/** The name of the sealed segment with this number, from 1. */
export function sealedName(number: number): string {
  return `data-${number.toString().padStart(6, "0")}.txt`;
}

/** The numbers of the sealed segments among these file names, in order. */
export function sealedNumbers(names: readonly string[]): number[] {
  return names
    .map((name) => Number(SEALED.exec(name)?.[1] ?? NaN))
    .filter((number) => !Number.isNaN(number))
    .sort((a, b) => a - b);
}

/** Where a damaged stretch of a segment is set aside. */
export function damagedName(segment: string, offset: number): string {
  return `damaged-${segment.replace(/\.txt$/, "")}-${offset}.txt`;
}
