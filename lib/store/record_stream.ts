/**
 * From pieces of bytes to records: pieces end anywhere, and what is damaged in
 * them is told and passed over.
 *
 * @module
 */

import { newParsedRecord, type ParsedRecord, parseRecord } from "./record.ts";
import { joinedRecords, RECORD_BYTES_MAX } from "./recovery.ts";
import { ByteQueue } from "../base/byte_queue.ts";
import { findLineEnd } from "../wire/line.ts";
import { isLeap } from "../wire/leap.ts";
import type { PieceFields } from "../wire/read_frames.ts";

/** What a stream has in front. */
export const Front = {
  /** A record, in {@linkcode RecordStream.record}. */
  record: 0,
  /** Nothing now; more may come. */
  nothing: 1,
  /** Nothing, and nothing more will come. */
  end: 2,
} as const;
/** See {@linkcode Front}. */
export type Front = typeof Front[keyof typeof Front];

/** Unread bytes of a stream up to which more are asked for. */
const BUFFERED_BYTES_MAX = 64 * 1024;

const LF = 10;
const BLANK = 32;

/**
 * The records of one data node's segments, or of a lane, in the order in which
 * it stored them, from the pieces that were read.
 */
export class RecordStream {
  readonly id: string;
  /** Where the record in front is: valid until {@linkcode pass}. */
  readonly record: ParsedRecord = newParsedRecord();
  readonly #damaged: (position: number, length: number) => void;
  readonly #bytes = new ByteQueue();
  /** Where the next byte to ask for is. */
  #position: number;
  /** Up to where to read; found by the first piece, unless it follows. */
  #target = Infinity;
  #follows: boolean;
  /** The latest time of a record so far. */
  #tick = 0;
  /** What the node stores after these bytes has a later tick than this. */
  #watermark = -1;
  /** The tick of the last record that was passed. */
  #lastTick = -1;
  /** Bytes of the line in front, with its ending; 0 when none was looked at. */
  #frontLength = 0;
  /** Bytes in front that were looked at and have no ending. */
  #searched = 0;
  /** Whether a whole line may be among those that are here. */
  #hasLine = false;
  #isGivenUp = false;

  /**
   * @param damaged Is told of bytes that are no record.
   * @param position Where to begin.
   */
  constructor(
    id: string,
    follows: boolean,
    damaged: (position: number, length: number) => void,
    position = 0,
  ) {
    this.#position = position;
    this.id = id;
    this.#follows = follows;
    this.#damaged = damaged;
  }

  /** The bytes that {@linkcode record} refers to. */
  get bytes(): Uint8Array {
    return this.#bytes.bytes;
  }

  /** Where the next piece begins. */
  get position(): number {
    return this.#position;
  }

  /** Where what was not looked at, or not passed, begins. */
  get passed(): number {
    return this.#position - this.#bytes.length;
  }

  /** Whether another piece should be asked for. */
  get wants(): boolean {
    return !this.#isGivenUp && this.#position < this.#target &&
      (this.#bytes.length < BUFFERED_BYTES_MAX || !this.#hasLine);
  }

  /** Whether all was read that is to be read; never while it follows. */
  get isRead(): boolean {
    return this.#position >= this.#target;
  }

  /** Whether whatever comes has a tick past `tick`. */
  isPast(tick: number): boolean {
    return this.#watermark >= tick;
  }

  /** Takes a piece; one that was not asked for is left alone. */
  take(fields: PieceFields, bytes: Uint8Array, from: number, to: number): void {
    if (fields.position !== this.#position) return;
    if (from === to && this.#endsEarly(fields.end)) return;
    if (this.#target === Infinity && !this.#follows) this.#target = fields.end;
    const wanted = Math.min(to, from + this.#target - this.#position);
    this.#bytes.append(bytes, from, wanted);
    this.#hasLine ||= bytes.subarray(from, wanted).includes(LF);
    // The bytes may have moved, and with them the record in front.
    this.#frontLength = 0;
    this.#position += wanted - from;
    if (this.#position >= fields.end) this.#watermark = fields.tick;
  }

  /**
   * Whether the node has fewer bytes than were to be read, or were read
   * already: it is an older copy, which lacks what was behind, or a lane that
   * was put together with others and is read there. The stream ends here, or,
   * if it follows, goes on from where the bytes end now.
   */
  #endsEarly(end: number): boolean {
    const position = this.#position;
    const wanted = this.#follows || this.#target === Infinity
      ? position
      : this.#target;
    if (end >= wanted) return false;
    const from = this.#follows ? end : position;
    if (end > 0 && wanted > from) this.#damaged(from, wanted - from);
    if (this.#follows) this.#position = end;
    else this.#target = position;
    if (end < position) {
      this.#bytes.clear();
      this.#frontLength = this.#searched = 0;
    }
    return true;
  }

  /** Reads on to where the node's bytes end now, and no further. */
  stopFollowing(): void {
    this.#follows = false;
  }

  /**
   * Up to this tick nothing comes any more; -1 when that is not known.
   */
  get completeTo(): number {
    return Math.max(this.#watermark, this.#lastTick);
  }

  /** Nothing more will come: the node is away. */
  giveUp(): void {
    this.#isGivenUp = true;
  }

  /** Looks for the next record. */
  front(): Front {
    while (this.#frontLength === 0) {
      const { bytes, start, end } = this.#bytes;
      const lf = findLineEnd(bytes, start + this.#searched, end);
      if (lf >= 0) {
        this.#searched = 0;
        this.#look(start, lf);
      } else if (end - start > RECORD_BYTES_MAX) {
        this.#tell(end - start);
        this.#searched = 0;
      } else {
        this.#searched = end - start;
        this.#hasLine = false;
        if (!this.#isAtEnd()) return Front.nothing;
        if (end === start) return Front.end;
        this.#lookAtRest(start, end);
      }
    }
    // An older version may have kept a time that cannot be; what stands behind
    // such a record has another, and nobody is ever past it.
    const { record } = this;
    if (isLeap(record.tick, this.#tick)) record.tick = this.#tick;
    else if (record.tick > this.#tick) this.#tick = record.tick;
    return Front.record;
  }

  /** Is done with the record in front. */
  pass(): void {
    this.#lastTick = this.record.tick;
    this.#bytes.consume(this.#frontLength);
    this.#frontLength = 0;
  }

  #isAtEnd(): boolean {
    return this.#isGivenUp || this.#position >= this.#target;
  }

  /** The last line may lack its ending, or be cut if the node went away. */
  #lookAtRest(start: number, end: number): void {
    this.#searched = 0;
    if (parseRecord(this.#bytes.bytes, start, end, this.record)) {
      this.#frontLength = end - start;
    } else if (this.#isGivenUp) {
      this.#bytes.clear();
    } else {
      this.#tell(end - start);
    }
  }

  /** Looks at the line `[start..lf)` in front. */
  #look(start: number, lf: number): void {
    const { bytes } = this.#bytes;
    // Blanks stand where records were lost; the head tells of those.
    if (isBlank(bytes, start, lf)) {
      this.#bytes.consume(lf + 1 - start);
      return;
    }
    if (parseRecord(bytes, start, lf, this.record)) {
      this.#frontLength = lf + 1 - start;
      return;
    }
    // Where a line ending is damaged, whole records are joined: take the first.
    const [, second] = joinedRecords(bytes, start, lf, this.record);
    if (second === undefined) {
      this.#tell(lf + 1 - start);
    } else {
      parseRecord(bytes, start, second - 1, this.record);
      this.#frontLength = second - start;
    }
  }

  #tell(length: number): void {
    this.#damaged(this.passed, length);
    this.#bytes.consume(length);
  }
}

/** Whether `bytes[from..to)` are blanks, or nothing at all. */
function isBlank(bytes: Uint8Array, from: number, to: number): boolean {
  for (let at = from; at < to; at++) if (bytes[at] !== BLANK) return false;
  return true;
}
