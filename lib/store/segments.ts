/**
 * Segments: `data.txt` is the one being written; when it is full, or its disk
 * can no longer be trusted, it is sealed under the next number and never
 * written again.
 *
 * @module
 */

/** What the segments of one journal are called. */
export interface SegmentNames {
  /** The segment being written. */
  readonly active: string;
  /** The sealed segment with this number, from 1. */
  sealed(number: number): string;
  /** The numbers of the sealed segments among these file names, in order. */
  numbersIn(names: readonly string[]): number[];
}

/**
 * Bytes after which the active segment is sealed. Starting reads this much at
 * most; smaller would only make more files.
 */
export const SEGMENT_BYTES_MAX: number = 64 * 1024 * 1024;

/** `NAME.txt`, and `NAME-000001.txt` and so on when sealed. */
export function segmentsCalled(name: string): SegmentNames {
  const sealed = new RegExp(`^${name}-(\\d{6,})\\.txt$`);
  return {
    active: `${name}.txt`,
    sealed: (number) => `${name}-${padded(number)}.txt`,
    numbersIn: (names) =>
      names
        .map((name) => Number(sealed.exec(name)?.[1] ?? NaN))
        .filter((number) => !Number.isNaN(number))
        .sort((a, b) => a - b),
  };
}

/** Of what a data node stores. */
export const dataSegments: SegmentNames = segmentsCalled("data");

/** Where a damaged stretch of a segment is set aside. */
export function damagedName(segment: string, offset: number): string {
  return `damaged-${segment.replace(/\.txt$/, "")}-${offset}.txt`;
}

/** A number of a file, so that names sort as numbers do. */
export function padded(number: number): string {
  return number.toString().padStart(6, "0");
}
