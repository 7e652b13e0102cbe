/**
 * Group commit: many records with one sync.
 *
 * While one commit is being written and synced, the records of the next gather
 * in memory, so a slow disk makes commits larger and not more frequent. Commits
 * are numbered; whoever appended is told of the number that is on disk, or that
 * failed.
 *
 * When a write or sync fails, nothing of that commit counts as stored, and the
 * segment is not trusted again: it is cut at once to what was synced before,
 * and sealed before the next commit, which begins a new one (after a failed
 * fsync the kernel may call dirty pages clean; see journal_opening.ts). A
 * commit fails in the same way when the file does not stand under its name any
 * more, or not all of it (segment_files.ts).
 *
 * @module
 */

import { GATHER_BYTES_MAX } from "../base/limits.ts";
import type { Turn } from "../base/ports.ts";
import { ByteQueue } from "../base/byte_queue.ts";
import type { Loaded } from "./block_load.ts";
import { Listing } from "./listing.ts";
import type { Disk } from "./disk.ts";
import type { RecordListener, Recovery } from "./journal_opening.ts";
import { type BatchHeader, writeRecords } from "./record.ts";
import { type SegmentEvents, SegmentFiles } from "./segment_files.ts";
import {
  dataSegments,
  SEGMENT_BYTES_MAX,
  type SegmentNames,
} from "./segments.ts";
import type { SetAside } from "./set_aside.ts";

/** What a journal reports. */
export interface JournalEvents extends SegmentEvents {
  /**
   * All records appended for this commit are on disk, or, with a reason, none
   * of them counts as stored.
   */
  committed(commit: number, failure: string | undefined): void;
  /** What is appended from now on gathers in an empty commit. */
  room(): void;
}

/** How a journal differs from that of `data.txt`. */
export interface JournalOptions {
  /** Bytes after which a segment is sealed. */
  readonly segmentBytesMax?: number | undefined;
  /** What its segments are called. */
  readonly names?: SegmentNames;
  /** What ought to be there; without one, all that is there. */
  readonly listing?: Listing;
  /** Bytes of memory that it keeps twice, for commits that are often large. */
  readonly capacityKept?: number;
}

const LF = new Uint8Array([10]);

/** Records appended to the active segment of a data node, or of a lane. */
export class Journal {
  readonly #names: SegmentNames;
  readonly #disk: Disk;
  readonly #files: SegmentFiles;
  readonly #turn: Turn;
  readonly #events: JournalEvents;
  #gathering: ByteQueue;
  #writing: ByteQueue;
  /** The number of the commit that gathers. */
  #commit = 1;
  #doneCommit = 0;
  #failedCommit = -1;
  /** Whether what is gathered begins with the ending of a line before it. */
  #leadsWithEnding = false;
  #isDue = false;
  #isWriting = false;
  readonly #begin = () => this.#write();

  constructor(
    disk: Disk,
    turn: Turn,
    events: JournalEvents,
    options: JournalOptions = {},
  ) {
    this.#names = options.names ?? dataSegments;
    this.#files = new SegmentFiles(
      disk,
      turn,
      this.#names,
      options.listing ?? new Listing(this.#names.active, () => 0),
      options.segmentBytesMax ?? SEGMENT_BYTES_MAX,
      events,
    );
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
   * Reads what is there; see journal_opening.ts.
   *
   * @throws Whatever the disk throws.
   */
  open(record: RecordListener): Recovery {
    const recovery = this.#files.open(record);
    if (!this.#files.isEnded) {
      this.#gathering.append(LF);
      this.#leadsWithEnding = true;
    }
    return recovery;
  }

  /**
   * Appends the records of a batch to the gathering commit.
   *
   * @returns The print of each message; see {@linkcode writeRecords}.
   */
  append(
    header: BatchHeader,
    messages: Uint8Array,
    from: number,
    count: number,
  ): Readonly<Uint32Array> {
    const prints = writeRecords(
      this.#gathering,
      header,
      messages,
      from,
      count,
    );
    this.#makeDue();
    return prints;
  }

  /** Appends whole lines as they are to the gathering commit. */
  appendLines(bytes: Uint8Array, from: number, to: number): void {
    this.#gathering.append(bytes, from, to);
    this.#makeDue();
  }

  /** How many bytes are synced, in all segments together. */
  get end(): number {
    return this.#files.end;
  }

  /** See {@linkcode SegmentFiles.load}. */
  load(position: number, into: Uint8Array, done: Loaded): void {
    this.#files.load(position, into, done);
  }

  /** See {@linkcode SegmentFiles.unsureBytes}. */
  get unsureBytes(): number {
    return this.#files.unsureBytes;
  }

  /** See {@linkcode SegmentFiles.setAside}. */
  setAside(position: number, length: number): SetAside | undefined {
    return this.#files.setAside(position, length);
  }

  /** See {@linkcode SegmentFiles.check}; a commit under way looks itself. */
  check(): string | undefined {
    return this.#isWriting ? undefined : this.#files.check();
  }

  /** See {@linkcode SegmentFiles.settle}. */
  settle(): void {
    this.#files.settle();
  }

  /** See {@linkcode SegmentFiles.healed}. */
  healed(): void {
    this.#files.healed();
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
    const leadsWithEnding = this.#leadsWithEnding;
    // Should this commit fail, the segment is sealed before the next.
    this.#leadsWithEnding = false;
    const failure = this.#files.prepare();
    if (failure !== undefined) {
      // Told later, as a disk would: callers may be in the middle of a turn.
      this.#turn.sending(() => this.#done(commit, failure));
      this.#events.room();
      return;
    }
    // The segment that lacked its last ending is sealed.
    if (leadsWithEnding && this.#files.isEnded) bytes.consume(LF.length);
    this.#disk.append(
      this.#names.active,
      bytes.view(),
      (failure) => this.#done(commit, failure),
    );
    this.#events.room();
  }

  #done(commit: number, failure: string | undefined): void {
    failure ??= this.#files.appended(this.#writing);
    if (failure !== undefined) {
      this.#failedCommit = commit;
      this.#files.failed(failure);
    }
    this.#doneCommit = commit;
    this.#writing.clear();
    this.#isWriting = false;
    this.#events.committed(commit, failure);
    if (this.#isDue) this.#write();
  }
}
