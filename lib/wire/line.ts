/**
 * Line encoding: one message a line. A line ends with LF; a CR before it, as
 * telnet sends, belongs to the ending.
 *
 * Nothing here keeps state: an unfinished line stays in the reader's buffer,
 * so a multi-byte character is never cut, whatever the reads were.
 *
 * @module
 */

const LF = 10;
const CR = 13;

/**
 * Where the line that begins at `from` ends.
 *
 * @returns The place of its LF, or -1 when `bytes[from..length)` has none.
 */
export function findLineEnd(
  bytes: Uint8Array,
  from: number,
  length: number,
): number {
  // Lines are short: this loop costs less than the call of a built-in search.
  for (let i = from; i < length; i++) if (bytes[i] === LF) return i;
  return -1;
}

/** Where the text of the line `[from..lf)` ends: before the CR, if any. */
export function trimLineEnd(
  bytes: Uint8Array,
  from: number,
  lf: number,
): number {
  return lf > from && bytes[lf - 1] === CR ? lf - 1 : lf;
}
