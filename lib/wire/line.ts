/**
 * Line encoding: one message a line. A line ends with LF; a CR before it, as
 * telnet sends, belongs to the ending.
 *
 * An unfinished line stays in the reader's buffer, so a multi-byte character
 * is never cut, whatever the reads were.
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

/** Why the last line of a peer that closes may be no message. */
export const UNENDED_LINE =
  "the last line has no end, so it may be cut; it was not taken";

/** What {@linkcode LineScanner.next} found. */
export const LineStatus = {
  /** A line is whole. */
  whole: 0,
  /** More bytes are needed. */
  partial: 1,
  /** A line is longer than it may be; told once for each. */
  tooLong: 2,
} as const;
/** See {@linkcode LineStatus}. */
export type LineStatus = typeof LineStatus[keyof typeof LineStatus];

/**
 * Finds the lines of a connection, whatever its reads were: looks at every
 * byte once, and keeps nothing of a line that is too long.
 */
export class LineScanner {
  readonly #bytesMax: number;
  /** Bytes of the unfinished line that have been looked at. */
  #searched = 0;
  /** Whether the rest of a line that is too long is being passed over. */
  #isSkipping = false;
  /** Where the line begins. */
  start = 0;
  /** Where its text ends. */
  end = 0;
  /** Up to where the bytes are used; the next line begins here. */
  used = 0;

  /** @param bytesMax Longest text of a line. */
  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /**
   * Looks for the line that begins at `at` in `bytes[..length)`. What is not
   * `used` must be offered again, with more behind it.
   */
  next(bytes: Uint8Array, at: number, length: number): LineStatus {
    this.start = at;
    for (;;) {
      const lf = findLineEnd(bytes, this.start + this.#searched, length);
      if (lf < 0) return this.#wait(length);
      this.#searched = 0;
      this.used = lf + 1;
      if (!this.#isSkipping) break;
      this.#isSkipping = false;
      this.start = this.used;
    }
    this.end = trimLineEnd(bytes, this.start, this.used - 1);
    return this.end - this.start > this.#bytesMax
      ? LineStatus.tooLong
      : LineStatus.whole;
  }

  /** No line ends before `length`. */
  #wait(length: number): LineStatus {
    const unfinished = length - this.start;
    // One more than the text, because a CR may be the first of its ending.
    if (!this.#isSkipping && unfinished <= this.#bytesMax + 1) {
      this.#searched = unfinished;
      this.used = this.start;
      return LineStatus.partial;
    }
    this.#searched = 0;
    this.used = length;
    if (this.#isSkipping) return LineStatus.partial;
    this.#isSkipping = true;
    return LineStatus.tooLong;
  }
}
