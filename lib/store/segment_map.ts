/**
 * Places in a journal: one number each, that stays true when segments are
 * sealed, shortened by others, or lost.
 *
 * What is lost keeps its place, all of it, also over restarts: else what stands
 * behind would have other positions, and readers on their way would pass over
 * records; and whoever remembers how far the node was would miss bytes once
 * more. What fills the place is no record. What is lost while the node runs is
 * a line of dashes, so that whoever is reading says that something is missing
 * there. What was lost before, heads are told as the node joins them, and they
 * tell readers: it is lines of blanks, which readers pass over; so is what has
 * been found elsewhere.
 *
 * @module
 */

import { assert } from "../base/assert.ts";

/** Where a position is. */
export interface Place {
  readonly segment: string;
  readonly offset: number;
  /** Bytes from there to the segment's end; 0 in a filler. */
  readonly length: number;
}

/** A sealed segment, and what fills the place of what it lacks. */
interface Part {
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
  /** Whether readers need no word of it: they are told, or nothing is missing. */
  isTold: boolean;
}

/** Bytes of a line of blanks, so that no reader takes it for endless. */
const BLANK_LINE_BYTES = 64 * 1024;

const LF = 10;
const SPACE = 32;
const DASH = 45;

/** The segments of one journal as one run of bytes. */
export class SegmentMap {
  readonly #sealed: Part[] = [];
  #activeStart = 0;

  /** Position of the first byte of the active segment. */
  get activeStart(): number {
    return this.#activeStart;
  }

  /** How many parts there are before the active segment. */
  get count(): number {
    return this.#sealed.length;
  }

  /**
   * Adds a sealed segment behind those before.
   *
   * @param isEnded Whether its last line has its ending. If not, one is
   * counted, so that the first record of the next segment begins a line.
   * @param lostBytes How much was to be read there that the file does not have.
   * @param isTold Whether whoever reads is told of that by others.
   */
  seal(
    segment: string,
    fileBytes: number,
    isEnded: boolean,
    lostBytes = 0,
    isTold = false,
  ): void {
    assert(fileBytes >= 0 && lostBytes >= 0, "a segment has no bytes less");
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
      isTold,
    });
    this.#activeStart += totalBytes;
  }

  /** Adds a place for what was lost before the start. */
  lose(lostBytes: number): void {
    if (lostBytes > 0) this.seal("", 0, true, lostBytes, true);
  }

  /** A part by its number: its segment, and how long that ought to be. */
  at(number: number): { readonly segment: string; readonly bytes: number } {
    const { segment, fileBytes } = this.#sealed[number]!;
    return { segment, bytes: fileBytes };
  }

  /**
   * Fills the place of what a segment has lost since it was sealed.
   *
   * @returns How many bytes that is, with the ending that it was given.
   */
  shorten(segment: string, fileBytes: number): number {
    const part = this.#sealed.find((one) => one.segment === segment);
    if (part === undefined || fileBytes >= part.fileBytes) return 0;
    const ending = part.isEnded || part.isLossy ? 0 : 1;
    const lostBytes = part.fileBytes + ending - fileBytes;
    part.fileBytes = fileBytes;
    part.isLossy = true;
    part.isEnded = fileBytes === 0;
    part.isTold = false;
    return lostBytes;
  }

  /** What was lost is elsewhere: from now on blanks stand for it. */
  heal(): void {
    for (const part of this.#sealed) part.isTold = true;
  }

  /** Where a position below {@linkcode activeStart} is. */
  locate(position: number): Place {
    const { segment, start, fileBytes } = this.#partAt(position);
    const offset = position - start;
    return { segment, offset, length: Math.max(fileBytes - offset, 0) };
  }

  /**
   * Writes what stands at a position of a filler.
   *
   * @returns How many bytes: to the filler's end, if there is room.
   */
  fill(position: number, into: Uint8Array): number {
    const part = this.#partAt(position);
    const { start, fileBytes, totalBytes, isLossy, isEnded, isTold } = part;
    const rest = start + totalBytes - position;
    assert(
      position >= start + fileBytes && rest > 0,
      "a position of a filler is behind its file",
    );
    const count = Math.min(rest, into.length);
    if (isLossy && !isTold) into.fill(DASH, 0, count);
    else fillBlank(position, into, count);
    if (count === rest) into[count - 1] = LF;
    if (!isEnded && position === start + fileBytes) into[0] = LF;
    return count;
  }

  #partAt(position: number): Part {
    assert(
      position >= 0 && position < this.#activeStart,
      "a position is in front of the active segment",
    );
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

/** Lines of blanks, which end at the same positions for whoever asks. */
function fillBlank(position: number, into: Uint8Array, count: number): void {
  into.fill(SPACE, 0, count);
  const first = BLANK_LINE_BYTES - 1 - position % BLANK_LINE_BYTES;
  for (let at = first; at < count; at += BLANK_LINE_BYTES) into[at] = LF;
}
