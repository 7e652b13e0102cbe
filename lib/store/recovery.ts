/**
 * Recovery: what a data node makes of its file when it starts.
 *
 * A crash can leave the last line torn, because it was being written; it was
 * never acknowledged, and is cut off. Any other line that does not check is
 * damage: it is reported with its offset, set aside in a file of its own, and
 * left where it is. Damaged lines side by side are one stretch. Everything else
 * is served, also what an editor has ended with CR and LF.
 *
 * @module
 */

import { CLIENT_ID_BYTES_MAX, MESSAGE_BYTES_MAX } from "../base/limits.ts";
import { findLineEnd } from "../wire/line.ts";
import type { Disk } from "./disk.ts";
import { ESCAPED_BYTES_MAX } from "../wire/escape.ts";
import { newParsedRecord, type ParsedRecord, parseRecord } from "./record.ts";

/** No record is longer: a payload all escaped, and generously what precedes. */
export const RECORD_BYTES_MAX: number = MESSAGE_BYTES_MAX * ESCAPED_BYTES_MAX +
  CLIENT_ID_BYTES_MAX + 512;

/** Bytes read at a time. */
const READ_BYTES = 2 * RECORD_BYTES_MAX;

/**
 * Bytes looked through for records that are joined in one line. A message may
 * be full of what looks like records, and each must be tried.
 */
const JOINED_BYTES_MAX = 32 * 1024 * 1024;

const CR = 13;

/** A stretch of a segment that holds no record. */
export interface Damage {
  readonly offset: number;
  readonly length: number;
}

/** What {@linkcode scanSegment} tells of what it meets. */
export interface ScanEvents {
  /** An undamaged record; `bytes` is valid only during the call. */
  record(bytes: Uint8Array, record: ParsedRecord, offset: number): void;
  /** A stretch without one, as long as it is. */
  damage(damage: Damage): void;
}

/** What a scan found at the end of a segment. */
export interface ScanEnd {
  /** Where the last whole line ends. */
  readonly wholeBytes: number;
  /** What follows it: the bytes of a torn write, or a record without ending. */
  readonly restBytes: number;
  /**
   * How many of the rest's bytes are a whole record that lacks its line
   * ending: all, or all but one that took the ending's place, or none.
   */
  readonly recordBytes: number;
}

/** Reads a segment from `from` to its end. */
export function scanSegment(
  disk: Disk,
  name: string,
  from: number,
  events: ScanEvents,
): ScanEnd {
  const buffer = new Uint8Array(READ_BYTES);
  const record = newParsedRecord();
  /** Offset in the segment of the start of `buffer`. */
  let base = from;
  let filled = 0;
  /** Bytes in front of the buffer that belong to a line too long to be one. */
  let overlong = 0;
  const stretches = new Stretches(events);
  for (;;) {
    const count = disk.read(
      name,
      base + filled,
      buffer.subarray(filled),
    );
    filled += count;
    let at = 0;
    for (;;) {
      const lf = findLineEnd(buffer, at, filled);
      if (lf < 0) break;
      if (overlong > 0) {
        const offset = base + at - overlong;
        stretches.add(offset, overlong + lf + 1 - at);
        overlong = 0;
      } else {
        scanLine(buffer, at, lf, base, record, events, stretches);
      }
      at = lf + 1;
    }
    if (count === 0) {
      stretches.tell();
      const restBytes = filled - at + overlong;
      const recordBytes = overlong > 0 ? 0 : unended(buffer, at, filled);
      if (recordBytes > 0) {
        parseRecord(buffer, at, at + recordBytes, record);
        events.record(buffer, record, base + at);
      }
      return { wholeBytes: base + at - overlong, restBytes, recordBytes };
    }
    if (filled - at > RECORD_BYTES_MAX) {
      overlong += filled - at;
      at = filled;
    }
    buffer.copyWithin(0, at, filled);
    base += at;
    filled -= at;
  }
}

/** Length of the record that the last bytes of a segment hold, or 0. */
function unended(bytes: Uint8Array, from: number, end: number): number {
  const record = newParsedRecord();
  if (parseRecord(bytes, from, end, record)) return end - from;
  return parseRecord(bytes, from, end - 1, record) ? end - 1 - from : 0;
}

/** Tells of the line `[from..ending)`. */
function scanLine(
  bytes: Uint8Array,
  from: number,
  ending: number,
  base: number,
  record: ParsedRecord,
  events: ScanEvents,
  stretches: Stretches,
): void {
  if (parseLine(bytes, from, ending, record)) {
    events.record(bytes, record, base + from);
    return;
  }
  const starts = joinedRecords(bytes, from, ending, record);
  if (starts.length === 0) stretches.add(base + from, ending + 1 - from);
  for (const [i, start] of starts.entries()) {
    const next = starts[i + 1] ?? ending + 1;
    parseRecord(bytes, start, next - 1, record);
    events.record(bytes, record, base + start);
    if (next <= ending) stretches.add(base + next - 1, 1);
  }
}

/**
 * Parses the line `bytes[from..ending)`, its LF left out. A CR in front of that
 * is an editor's, and costs nothing: a message has none, it is escaped.
 *
 * @returns Whether it is a whole, undamaged record.
 */
export function parseLine(
  bytes: Uint8Array,
  from: number,
  ending: number,
  record: ParsedRecord,
): boolean {
  return parseRecord(bytes, from, ending, record) ||
    bytes[ending - 1] === CR && parseRecord(bytes, from, ending - 1, record);
}

/**
 * Where records begin that a damaged ending has joined to one line: they are
 * still whole. All of the line must be records; a payload may look like one.
 *
 * @returns None when it is something else.
 */
export function joinedRecords(
  bytes: Uint8Array,
  from: number,
  ending: number,
  record: ParsedRecord,
): number[] {
  const starts = [from];
  let begin = from;
  let budget = JOINED_BYTES_MAX;
  for (let start = from + 1; start < ending; start++) {
    if (!looksLikeStart(bytes, start, ending)) continue;
    budget -= start - begin;
    if (budget < 0) return [];
    if (!parseRecord(bytes, begin, start - 1, record)) continue;
    starts.push(start);
    begin = start;
  }
  return starts.length > 1 && parseRecord(bytes, begin, ending, record)
    ? starts
    : [];
}

/** Puts damages side by side together. */
class Stretches {
  readonly #events: ScanEvents;
  #offset = 0;
  #length = 0;

  constructor(events: ScanEvents) {
    this.#events = events;
  }

  add(offset: number, length: number): void {
    if (offset !== this.#offset + this.#length) this.tell();
    if (this.#length === 0) this.#offset = offset;
    this.#length += length;
  }

  /** Tells of the last one. */
  tell(): void {
    if (this.#length === 0) return;
    this.#events.damage({ offset: this.#offset, length: this.#length });
    this.#length = 0;
  }
}

/** Whether a record's time could begin here: `dddd-dd-ddT`. */
function looksLikeStart(bytes: Uint8Array, at: number, end: number): boolean {
  return end - at > 24 && bytes[at + 4] === 45 && bytes[at + 7] === 45 &&
    bytes[at + 10] === 84 && bytes[at + 23] === 90;
}
