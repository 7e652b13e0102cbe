/**
 * Extents: the segments of a data node as one run of bytes, so that a place in
 * it is one number that stays true when segments are sealed.
 *
 * @module
 */

/** A stretch of a segment. */
export interface Place {
  readonly segment: string;
  readonly offset: number;
  /** Bytes from there to the segment's end. */
  readonly length: number;
}

interface Extent {
  readonly segment: string;
  /** Position of its first byte. */
  readonly start: number;
  /** Bytes of its file. */
  readonly fileBytes: number;
}

/** See the module. */
export class Extents {
  readonly #sealed: Extent[] = [];
  #activeStart = 0;

  /** Position of the first byte of the active segment. */
  get activeStart(): number {
    return this.#activeStart;
  }

  /**
   * Adds a sealed segment behind those before.
   *
   * @param isEnded Whether its last line has its ending. If not, one is
   * counted, so that the first record of the next segment begins a line.
   */
  seal(segment: string, fileBytes: number, isEnded: boolean): void {
    this.#sealed.push({ segment, start: this.#activeStart, fileBytes });
    this.#activeStart += fileBytes + (isEnded ? 0 : 1);
  }

  /**
   * Where a position below {@linkcode activeStart} is. A `length` of 0 stands
   * for an ending that the file does not have.
   */
  locate(position: number): Place {
    let low = 0;
    let high = this.#sealed.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#sealed[middle]!.start <= position) low = middle;
      else high = middle - 1;
    }
    const { segment, start, fileBytes } = this.#sealed[low]!;
    const offset = position - start;
    return { segment, offset, length: fileBytes - offset };
  }
}
