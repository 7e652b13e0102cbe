/**
 * The scrub: what rots on the disk is to be found while another copy of it
 * still exists.
 *
 * Where it is, is kept in a file, so that a start goes on there.
 *
 * @module
 */

import { READ_PIECE_BYTES, TICK_MS } from "../base/limits.ts";
import type { Clock } from "../base/ports.ts";
import { Front, RecordStream } from "../store/record_stream.ts";
import type { Disk } from "../store/disk.ts";
import type { Journal } from "../store/journal.ts";
import { DAMAGES_MAX, type SetAside } from "../store/set_aside.ts";
import { bytesOf, textOf } from "../base/ascii.ts";

/** Keeps where a scrub is. */
const SCRUB_FILE = "scrub.txt";

/**
 * Bytes read in a second. A week is enough for a terabyte, and the disk and the
 * processor hardly notice.
 */
const BYTES_PER_SECOND = 2 * 1024 * 1024;

/** How often the place is written down, in ms. */
const NOTE_MS = 60_000;

/** Pause after a read that failed, in ms: others hear of it, and may mend it. */
const RETRY_MS = 60_000;

/** Reads of one place that fail until it is left out. */
const TRIES_MAX = 5;

/** What a scrub could not read. */
export interface Unread {
  readonly bytes: number;
  /** Why, as far as the last of it goes. */
  readonly reason: string;
}

/** What a scrub reads, and whom it tells. */
export interface ScrubHost {
  /** The segments (0) or a lane; undefined when there is no such lane. */
  journal(lane: number): Journal | undefined;
  /** The highest number of a lane. */
  readonly lanes: number;
  /** Bytes that are no record were found, for the first time. */
  damaged(found: SetAside): void;
  /**
   * It is at the end.
   *
   * @param furtherDamages How much was found beyond what was told.
   * @param unread What could not be read, if anything.
   */
  scrubbed(
    bytes: number,
    furtherDamages: number,
    unread: Unread | undefined,
  ): void;
}

/** Reads again, slowly, all that this data node has stored. */
export class Scrub {
  readonly #intervalMs: number;
  readonly #clock: Clock;
  readonly #disk: Disk;
  readonly #host: ScrubHost;
  readonly #buffer = new Uint8Array(READ_PIECE_BYTES);
  /** What is being read; undefined between two scrubs. */
  #stream: RecordStream | undefined;
  #lane = 0;
  /** Bytes that are no record, up to what was looked at. */
  #stretch = { position: 0, length: 0 };
  #told = 0;
  #furtherDamages = 0;
  /** When the next scrub begins, in ms since 1970. */
  #beginMs = 0;
  #bytes = 0;
  #budgetBytes = 0;
  #isLoading = false;
  #notedMs = 0;
  #unread: Unread | undefined;
  /** How often what comes next could not be read. */
  #tries = 0;
  #retryAtMs = 0;
  /** What no copy could be made of, and so is not known again by its file. */
  readonly #uncopied = new Set<string>();

  /** @param intervalMs From the end of a scrub to the next; Infinity: none. */
  constructor(intervalMs: number, clock: Clock, disk: Disk, host: ScrubHost) {
    this.#intervalMs = intervalMs;
    this.#clock = clock;
    this.#disk = disk;
    this.#host = host;
  }

  /**
   * Finds out where the last scrub was.
   *
   * @throws Whatever the disk throws.
   */
  open(): void {
    if (this.#intervalMs === Infinity) return;
    const nowMs = this.#clock.wallMs();
    if (this.#disk.sizeOf(SCRUB_FILE) < 0) {
      this.#beginMs = nowMs + this.#intervalMs;
      this.#note(`next ${new Date(this.#beginMs).toISOString()}`);
      return;
    }
    const bytes = new Uint8Array(128);
    const text = textOf(bytes, 0, this.#disk.read(SCRUB_FILE, 0, bytes));
    const [, lane, position] = /^at (\d+) (\d+)$/m.exec(text) ?? [];
    const [, next = ""] = /^next (\S+)$/m.exec(text) ?? [];
    this.#beginMs = Date.parse(next) || nowMs;
    if (lane !== undefined) this.#begin(Number(lane), Number(position));
  }

  /** Goes on; to be called every `TICK_MS`. */
  tick(): void {
    if (this.#intervalMs === Infinity) return;
    if (this.#stream === undefined) {
      if (this.#clock.wallMs() >= this.#beginMs) this.#begin(0, 0);
      return;
    }
    this.#budgetBytes = Math.min(
      this.#budgetBytes + BYTES_PER_SECOND * TICK_MS / 1000,
      READ_PIECE_BYTES,
    );
    if (this.#budgetBytes >= READ_PIECE_BYTES) this.#load(this.#stream);
    const nowMs = this.#clock.nowMs();
    if (nowMs - this.#notedMs >= NOTE_MS && this.#stream !== undefined) {
      this.#notedMs = nowMs;
      this.#note(`at ${this.#lane} ${this.#stream.passed}`);
    }
  }

  #begin(lane: number, position: number): void {
    this.#lane = lane;
    this.#stretch = { position, length: 0 };
    this.#stream = new RecordStream(
      "",
      false,
      (position, length) => this.#damaged(position, length),
      position,
    );
  }

  /** Damage side by side is one stretch. */
  #damaged(position: number, length: number): void {
    const stretch = this.#stretch;
    if (position !== stretch.position + stretch.length) this.#tell();
    if (stretch.length === 0) stretch.position = position;
    stretch.length += length;
  }

  #tell(): void {
    const { position, length } = this.#stretch;
    this.#stretch.length = 0;
    if (length === 0) return;
    if (this.#told === DAMAGES_MAX) {
      this.#furtherDamages++;
      return;
    }
    const journal = this.#host.journal(this.#lane);
    const found = journal?.setAside(position, length);
    if (found === undefined) return;
    if (found.file === undefined) {
      const key = `${found.segment}@${found.offset}`;
      if (this.#uncopied.has(key)) return;
      this.#uncopied.add(key);
    }
    this.#told++;
    this.#host.damaged(found);
  }

  #load(stream: RecordStream): void {
    const journal = this.#host.journal(this.#lane);
    const end = journal?.end ?? 0;
    const { position } = stream;
    if (this.#isLoading || this.#clock.nowMs() < this.#retryAtMs) return;
    if (journal === undefined || position >= end) {
      this.#take(stream, position, end, 0);
      return;
    }
    this.#isLoading = true;
    this.#budgetBytes = 0;
    journal.load(position, this.#buffer, (count, failure, unreadable) => {
      this.#isLoading = false;
      if (failure !== undefined) {
        this.#fail(end - position, failure);
        return;
      }
      this.#tries = 0;
      if (unreadable > 0) this.#miss(unreadable, "the disk cannot read it");
      this.#bytes -= unreadable;
      this.#take(stream, position, end, count);
    });
  }

  /**
   * Nothing can be read here now, which says nothing about one block. It is
   * tried again, and then the lanes that follow are read.
   */
  #fail(bytes: number, reason: string): void {
    if (++this.#tries < TRIES_MAX) {
      this.#retryAtMs = this.#clock.nowMs() + RETRY_MS;
      return;
    }
    this.#tries = 0;
    this.#miss(bytes, reason);
    this.#tell();
    this.#goOn();
  }

  #miss(bytes: number, reason: string): void {
    this.#unread = { bytes: (this.#unread?.bytes ?? 0) + bytes, reason };
  }

  #take(
    stream: RecordStream,
    position: number,
    end: number,
    count: number,
  ): void {
    const fields = { ticket: 0, position, end, tick: 0, lanes: 0 };
    stream.take(fields, this.#buffer, 0, count);
    this.#bytes += count;
    while (stream.front() === Front.record) stream.pass();
    const { position: begin, length } = this.#stretch;
    const isAtEnd = stream.front() === Front.end;
    if (isAtEnd || begin + length < stream.passed) this.#tell();
    if (isAtEnd) this.#goOn();
  }

  /** Goes on with the next lane, or ends. */
  #goOn(): void {
    if (this.#lane < this.#host.lanes) this.#begin(this.#lane + 1, 0);
    else this.#end();
  }

  #end(): void {
    this.#stream = undefined;
    this.#beginMs = this.#clock.wallMs() + this.#intervalMs;
    this.#note(`next ${new Date(this.#beginMs).toISOString()}`);
    this.#host.scrubbed(this.#bytes, this.#furtherDamages, this.#unread);
    this.#unread = undefined;
    this.#bytes = 0;
    this.#told = 0;
    this.#furtherDamages = 0;
  }

  /** A disk that takes no note only has the next start read more. */
  #note(line: string): void {
    try {
      this.#disk.replace(SCRUB_FILE, bytesOf(`${line}\n`));
    } catch {
      // It is full, read-only or gone; whoever stores messages says so.
    }
  }
}
