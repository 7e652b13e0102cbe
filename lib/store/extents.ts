/**
 * Extents: the segments of a data node as one run of bytes, so that a place in
 * it is one number that stays true when segments are sealed.
 *
 * What is lost keeps a place in it: a filler, which is a line that is no
 * record, so that whoever reads says that something is missing there. What is
 * lost while the node runs is filled in full, since readers are on their way;
 * what was lost before it started is filled in short.
 *
 * @module
 */

/** A stretch of a segment. */
export interface Place {
  readonly segment: string;
  readonly offset: number;
  /** Bytes from there to the segment's end; 0 in a filler. */
  readonly length: number;
}

interface Extent {
  readonly segment: string;
  /** Position of its first byte. */
  readonly start: number;
  /** Bytes of its file. */
  fileBytes: number;
  /** Bytes of the filler that follows. */
  readonly totalBytes: number;
  /** Whether the filler stands for more than an ending of the last line. */
  isLossy: boolean;
  /** Whether the last line of the file has its ending. */
  isEnded: boolean;
}

/** Bytes that stand for what was lost before the start. */
const LOST_BYTES = 8;

const LF = 10;
const SPACE = 32;
const DASH = 45;

/** See the module. */
export class Extents {
  readonly #sealed: Extent[] = [];
  #activeStart = 0;
  /** Whether what was lost is known to be elsewhere. */
  #isHealed = false;

  /** Position of the first byte of the active segment. */
  get activeStart(): number {
    return this.#activeStart;
  }

  /** How many there are before the active segment. */
  get count(): number {
    return this.#sealed.length;
  }

  /**
   * Adds a sealed segment behind those before.
   *
   * @param isEnded Whether its last line has its ending. If not, one is
   * counted, so that the first record of the next segment begins a line.
   * @param lostBytes How much was to be read there that the file does not have.
   */
  seal(
    segment: string,
    fileBytes: number,
    isEnded: boolean,
    lostBytes = 0,
  ): void {
    const isLossy = lostBytes > 0;
    const fillerBytes = isLossy || isEnded ? lostBytes : 1;
    const totalBytes = fileBytes + fillerBytes;
    this.#sealed.push({
      segment,
      start: this.#activeStart,
      fileBytes,
      totalBytes,
      isLossy,
      isEnded,
    });
    this.#activeStart += totalBytes;
  }

  /** Adds a place for what was lost before the start. */
  lose(): void {
    this.seal("", 0, true, LOST_BYTES);
  }

  /** The number of an extent, its segment, and how long that ought to be. */
  at(number: number): { readonly segment: string; readonly bytes: number } {
    const { segment, fileBytes } = this.#sealed[number]!;
    return { segment, bytes: fileBytes };
  }

  /** What a segment lost while it was being read is filled in. */
  shorten(segment: string, fileBytes: number): void {
    const extent = this.#sealed.find((one) => one.segment === segment);
    if (extent === undefined || fileBytes >= extent.fileBytes) return;
    extent.fileBytes = fileBytes;
    extent.isLossy = true;
    extent.isEnded = fileBytes === 0;
    this.#isHealed = false;
  }

  /** From now on fillers are empty lines. */
  heal(): void {
    this.#isHealed = true;
  }

  /** Where a position below {@linkcode activeStart} is. */
  locate(position: number): Place {
    const { segment, start, fileBytes } = this.#extentOf(position);
    const offset = position - start;
    return { segment, offset, length: Math.max(fileBytes - offset, 0) };
  }

  /**
   * Writes what stands at a position of a filler.
   *
   * @returns How many bytes: to the filler's end, if there is room.
   */
  fill(position: number, into: Uint8Array): number {
    const extent = this.#extentOf(position);
    const { start, fileBytes, totalBytes, isLossy, isEnded } = extent;
    const rest = start + totalBytes - position;
    const count = Math.min(rest, into.length);
    into.fill(isLossy && !this.#isHealed ? DASH : SPACE, 0, count);
    if (count === rest) into[count - 1] = LF;
    if (!isEnded && position === start + fileBytes) into[0] = LF;
    return count;
  }

  #extentOf(position: number): Extent {
    let low = 0;
    let high = this.#sealed.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#sealed[middle]!.start <= position) low = middle;
      else high = middle - 1;
    }
    return this.#sealed[low]!;
  }
}
