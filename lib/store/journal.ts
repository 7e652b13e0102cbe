/**
 * The journal: records appended to the active segment, many with one sync.
 *
 * While one commit is being written and synced, the records of the next gather
 * in memory (group commit), so a slow disk makes commits larger and not more
 * frequent. Commits are numbered; whoever appended is told of the number that
 * is on disk, or that failed.
 *
 * When a write or sync fails, nothing of that commit counts as stored, and the
 * segment is not trusted again: it is cut to what was synced before and sealed
 * (after a failed fsync the kernel may call dirty pages clean; see Rebello et
 * al., "Can Applications Recover from fsync Failures?", USENIX ATC 2020). The
 * next commit begins a new segment.
 *
 * @module
 */

import { GATHER_BYTES_MAX } from "../limits.ts";
import type { Turn } from "../ports.ts";
import { ByteQueue } from "../wire/byte_queue.ts";
import type { Disk } from "./disk.ts";
import { Extents } from "./extents.ts";
import { type BatchHeader, type ParsedRecord, writeRecords } from "./record.ts";
import { type Damage, scanSegment } from "./recovery.ts";
import {
  damagedName,
  dataSegments,
  SEGMENT_BYTES_MAX,
  type SegmentNames,
} from "./segments.ts";

/** What a journal reports. */
export interface JournalEvents {
  /**
   * All records appended for this commit are on disk, or, with a reason, none
   * of them counts as stored.
   */
  committed(commit: number, failure: string | undefined): void;
  /** What is appended from now on gathers in an empty commit. */
  room(): void;
  /** A segment was sealed, because it is full or for the reason given. */
  sealed(name: string, reason: string | undefined): void;
}

/** How a journal differs from that of `data.txt`. */
export interface JournalOptions {
  /** Bytes after which a segment is sealed. */
  readonly segmentBytesMax?: number | undefined;
  /** What its segments are called. */
  readonly names?: SegmentNames;
  /** Bytes of memory that it keeps twice, for commits that are often large. */
  readonly capacityKept?: number;
}

/** What start-up found. */
export interface Recovery {
  /** Undamaged records in the active segment. */
  readonly records: number;
  /** Highest tick among them. */
  readonly tick: number;
  /** Bytes of a torn last line that were cut off. */
  readonly tornBytes: number;
  /** Stretches without a record, now also in files of their own. */
  readonly damages: readonly SetAside[];
}

/** A damaged stretch and the file that holds a copy of it. */
export interface SetAside extends Damage {
  /** The segment that it is in. */
  readonly segment: string;
  readonly file: string;
}

const LF = new Uint8Array([10]);

/** Bytes of records that a start reads at least, if there are so many. */
const RECENT_BYTES_MIN = 16 * 1024 * 1024;

/** Bytes of a damaged stretch that are copied at most. */
const SET_ASIDE_BYTES_MAX = 4 * 1024 * 1024;

/** See the module. */
export class Journal {
  readonly #names: SegmentNames;
  readonly #segmentBytesMax: number;
  readonly #disk: Disk;
  readonly #turn: Turn;
  readonly #events: JournalEvents;
  #gathering: ByteQueue;
  #writing: ByteQueue;
  /** The number of the commit that gathers. */
  #commit = 1;
  #doneCommit = 0;
  #failedCommit = -1;
  #isDue = false;
  #isWriting = false;
  /** Synced bytes of the active segment. */
  #size = 0;
  #sealedCount = 0;
  readonly #extents = new Extents();
  /** Whether the active segment's last line has its ending. */
  #isEnded = true;
  /** Why the active segment must be sealed before it is written again. */
  #distrust: string | undefined;
  readonly #begin = () => this.#write();

  constructor(
    disk: Disk,
    turn: Turn,
    events: JournalEvents,
    options: JournalOptions = {},
  ) {
    this.#names = options.names ?? dataSegments;
    this.#segmentBytesMax = options.segmentBytesMax ?? SEGMENT_BYTES_MAX;
    this.#gathering = new ByteQueue(options.capacityKept);
    this.#writing = new ByteQueue(options.capacityKept);
    this.#disk = disk;
    this.#turn = turn;
    this.#events = events;
  }

  /** The commit that what is appended now will be part of. */
  get gatheringCommit(): number {
    return this.#commit;
  }

  /** The last commit that is on disk, or has failed. */
  get doneCommit(): number {
    return this.#doneCommit;
  }

  /** The last commit that has failed; -1 when none has. */
  get failedCommit(): number {
    return this.#failedCommit;
  }

  /** Whether appending should stop until the next commit is done. */
  get full(): boolean {
    return this.#gathering.length >= GATHER_BYTES_MAX;
  }

  /** Whether all that was appended has been committed. */
  get idle(): boolean {
    return !this.#isDue && !this.#isWriting;
  }

  /**
   * Reads the active segment, mends its end, and sets aside what is damaged.
   *
   * @param record Is told of every undamaged record of it and, if it is short,
   * of the segments before: what was stored last.
   * @throws Whatever the disk throws.
   */
  open(
    record: (bytes: Uint8Array, record: ParsedRecord) => void,
  ): Recovery {
    for (const number of this.#names.numbersIn(this.#disk.list())) {
      this.#sealedCount = number;
      this.#addExtent(this.#names.sealed(number));
    }
    // Made at once, so that `tail -f` finds it before the first message.
    if (this.#disk.sizeOf(this.#names.active) < 0) this.#makeActive();
    let records = 0;
    let tick = 0;
    for (const name of this.#recentlySealed()) {
      scanSegment(this.#disk, name, 0, {
        record: (bytes, found) => {
          tick = Math.max(tick, found.tick);
          record(bytes, found);
        },
        damage: () => {},
      });
    }
    // A process that was killed may have left bytes that only the operating
    // system has. What is read below counts as stored, so it must be.
    this.#disk.sync(this.#names.active);
    const damages: SetAside[] = [];
    const end = scanSegment(this.#disk, this.#names.active, 0, {
      record: (bytes, found) => {
        records++;
        tick = Math.max(tick, found.tick);
        record(bytes, found);
      },
      damage: (bytes, damage) => damages.push(this.#setAside(bytes, damage)),
    });
    this.#size = end.wholeBytes + end.recordBytes;
    if (end.restBytes > end.recordBytes) {
      this.#disk.truncate(this.#names.active, this.#size);
    }
    this.#isEnded = end.recordBytes === 0;
    if (!this.#isEnded) this.#gathering.append(LF);
    return {
      records,
      tick,
      tornBytes: end.restBytes - end.recordBytes,
      damages,
    };
  }

  /**
   * Appends the records of a batch to the gathering commit.
   *
   * @returns Where the last message ends in `messages`.
   */
  append(
    header: BatchHeader,
    messages: Uint8Array,
    from: number,
    count: number,
  ): number {
    const end = writeRecords(this.#gathering, header, messages, from, count);
    this.#makeDue();
    return end;
  }

  /** Appends whole lines as they are to the gathering commit. */
  appendLines(bytes: Uint8Array, from: number, to: number): void {
    this.#gathering.append(bytes, from, to);
    this.#makeDue();
  }

  /** How many bytes are synced, in all segments together. */
  get end(): number {
    return this.#extents.activeStart + this.#size;
  }

  /**
   * Reads synced bytes from `position` on, of one segment at most, beside
   * other work. Exactly one call of `done` follows, never during this call.
   *
   * @param position Below {@linkcode end}.
   * @param done Gets how many bytes were read, or why none were.
   */
  load(
    position: number,
    into: Uint8Array,
    done: (count: number, failure: string | undefined) => void,
  ): void {
    const activeOffset = position - this.#extents.activeStart;
    if (activeOffset >= 0) {
      const length = Math.min(into.length, this.#size - activeOffset);
      const part = into.subarray(0, length);
      this.#disk.load(this.#names.active, activeOffset, part, done);
      return;
    }
    const { segment, offset, length } = this.#extents.locate(position);
    if (length === 0) {
      into.set(LF);
      this.#turn.sending(() => done(1, undefined));
      return;
    }
    const part = into.subarray(0, Math.min(into.length, length));
    this.#disk.load(segment, offset, part, done);
  }

  /**
   * Copies a damaged stretch of synced bytes to a file of its own; what stands
   * in the segments is left as it is.
   *
   * @returns Where it is now, unless it was there before, or cannot be copied.
   */
  setAside(position: number, length: number): SetAside | undefined {
    const activeOffset = position - this.#extents.activeStart;
    const { segment, offset } = activeOffset >= 0
      ? { segment: this.#names.active, offset: activeOffset }
      : this.#extents.locate(position);
    const file = damagedName(segment, offset);
    try {
      if (this.#disk.sizeOf(file) >= 0) return undefined;
      const bytes = new Uint8Array(Math.min(length, SET_ASIDE_BYTES_MAX));
      const count = this.#disk.read(segment, offset, bytes);
      this.#disk.replace(file, bytes.subarray(0, count));
      return { segment, offset, length, file };
    } catch {
      return undefined;
    }
  }

  /** Writes when the turn ends, or when the commit before is done. */
  #makeDue(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    if (!this.#isWriting) this.#turn.beforeSending(this.#begin);
  }

  #write(): void {
    this.#isDue = false;
    this.#isWriting = true;
    const commit = this.#commit++;
    const bytes = this.#gathering;
    this.#gathering = this.#writing;
    this.#writing = bytes;
    const failure = this.#sealIfNeeded();
    if (failure !== undefined) {
      // Told later, as a disk would: callers may be in the middle of a turn.
      this.#turn.sending(() => this.#done(commit, failure));
      this.#events.room();
      return;
    }
    this.#disk.append(
      this.#names.active,
      bytes.view(),
      (failure) => this.#done(commit, failure),
    );
    this.#events.room();
  }

  #done(commit: number, failure: string | undefined): void {
    if (failure === undefined) {
      this.#size += this.#writing.length;
      this.#isEnded = true;
    } else {
      this.#distrust = failure;
      this.#failedCommit = commit;
    }
    this.#doneCommit = commit;
    this.#writing.clear();
    this.#isWriting = false;
    this.#events.committed(commit, failure);
    if (this.#isDue) this.#write();
  }

  /** Seals the active segment if it must be. @returns Why it cannot be. */
  #sealIfNeeded(): string | undefined {
    const distrust = this.#distrust;
    if (distrust === undefined && this.#size < this.#segmentBytesMax) {
      return undefined;
    }
    try {
      if (distrust !== undefined) this.#cutToSynced();
      if (this.#size === 0) {
        this.#makeActive();
      } else {
        const name = this.#names.sealed(this.#sealedCount + 1);
        // A rename that failed may have been done all the same.
        if (this.#disk.sizeOf(this.#names.active) >= 0) {
          this.#disk.rename(this.#names.active, name);
        }
        this.#sealedCount++;
        this.#extents.seal(name, this.#size, this.#isEnded);
        this.#size = 0;
        this.#isEnded = true;
        this.#events.sealed(name, distrust);
      }
      this.#distrust = undefined;
      return undefined;
    } catch (error) {
      return error instanceof Error ? error.message : `${error}`;
    }
  }

  /** Takes off what a failed commit may have left in the active segment. */
  #cutToSynced(): void {
    if (this.#disk.sizeOf(this.#names.active) > this.#size) {
      this.#disk.truncate(this.#names.active, this.#size);
    }
  }

  #addExtent(name: string): void {
    const size = this.#disk.sizeOf(name);
    const last = new Uint8Array(1);
    if (size > 0) this.#disk.read(name, size - 1, last);
    this.#extents.seal(name, size, last[0] === LF[0]);
  }

  /**
   * The sealed segments that a start reads, in their order: one is enough if it
   * was full, and those that a failing disk has sealed are short.
   */
  #recentlySealed(): string[] {
    const recent: string[] = [];
    let bytes = this.#disk.sizeOf(this.#names.active);
    for (
      let number = this.#sealedCount;
      number > 0 && bytes < RECENT_BYTES_MIN;
      number--
    ) {
      const name = this.#names.sealed(number);
      const size = this.#disk.sizeOf(name);
      if (size < 0) continue;
      recent.unshift(name);
      bytes += size;
    }
    return recent;
  }

  #makeActive(): void {
    this.#disk.replace(this.#names.active, new Uint8Array());
  }

  #setAside(bytes: Uint8Array, damage: Damage): SetAside {
    const segment = this.#names.active;
    const file = damagedName(segment, damage.offset);
    if (this.#disk.sizeOf(file) < 0) this.#disk.replace(file, bytes);
    return { ...damage, segment, file };
  }
}
