/**
 * The contents: what ought to be in a data node's directory, in a small file
 * beside it, so that what is missing there is noticed, and not just absent.
 *
 *     sd-node contents 1
 *     sealed data-000001.txt 67108871 9a3f01bc
 *     lost missing data-000002.txt 67108902 52e1a07c 2026-11-25T21:00:00.000Z
 *     healed short data-000003.txt 1834 11a90c3b 2026-11-25T21:00:00.000Z
 *     active data.txt 18211 0c3ad411
 *     end open
 *
 * - sealed: a segment that is written no more: its size, and a fingerprint that
 *   tells it from an older or another file of its name.
 * - lost: what was missing at a start, or while the node ran (`missing`,
 *   `short`, `changed`); how many bytes at least; when that was noticed. It
 *   stands where the loss is among the segments, until heads have found
 *   everything elsewhere.
 * - healed: what was lost, and is elsewhere. Its bytes keep their place
 *   (segment_map.ts), so the line stays for good.
 * - active: of the segment being written, how much was on disk when this was
 *   written, and the fingerprint of that much. There may be more by now.
 * - end: `clean` when the process had ended in order, with nothing to write.
 *
 * It is written when something happens to a segment, at the end, and about
 * every second while there is something new: beside other work, and never
 * waited for by a message. An older one is only less exact.
 *
 * A line of another kind, of a newer version, stops the start: without it,
 * positions might not be true, and nobody would notice.
 *
 * @module
 */

import type { Clock } from "../base/ports.ts";
import { bytesOf, textOf } from "../base/ascii.ts";
import { crc32c } from "../base/crc32c.ts";
import type { Disk } from "./disk.ts";
import {
  activeLineOf,
  activeOf,
  type Entry,
  entryOf,
  lineOf,
  Listing,
  type Loss,
} from "./listing.ts";

/** Not `*.txt`, which people give to programs that rotate logs. */
export const CONTENTS_FILE = "node.contents";

const TITLE = "sd-node contents 1";

/** Bytes at the beginning, and at the end, that make a fingerprint. */
const PRINT_BYTES = 1024;

/** Pause between two writes, at least, in ms. */
const NOTE_MS = 1_000;

/** So many times as long as the last write took, none follows. */
const REST_TIMES = 20;

/** Bytes a second that writes of a long file come to, at most. */
const BYTES_PER_SECOND = 64 * 1024;

/** Pause after a write that failed, in ms. */
const RETRY_MS = 5_000;

/** What ought to be in a directory; it is written down as it changes. */
export class Contents {
  readonly #disk: Disk;
  readonly #clock: Clock;
  readonly #listings = new Map<string, Listing>();
  #isKnown = false;
  #wasClean = false;
  #isChanged = false;
  #isWriting = false;
  #notBeforeMs = 0;
  #failure: string | undefined;

  constructor(disk: Disk, clock: Clock) {
    this.#disk = disk;
    this.#clock = clock;
  }

  /** Whether there were contents to read: a version without them left none. */
  get isKnown(): boolean {
    return this.#isKnown;
  }

  /** Whether the process before this one had ended in order. */
  get wasClean(): boolean {
    return this.#wasClean;
  }

  /** What is lost, as far as it is known. */
  get losses(): Loss[] {
    return [...this.#listings.values()].flatMap(({ entries }) =>
      entries.filter((entry) => entry.kind === "lost")
    );
  }

  /** Whether the last write has succeeded, and none is due. */
  get isWritten(): boolean {
    return !this.#isChanged && !this.#isWriting && this.#failure === undefined;
  }

  /** The active segments of the journals that are listed. */
  get actives(): string[] {
    return [...this.#listings.keys()];
  }

  /**
   * Reads what the process before this one has noted.
   *
   * @throws {ContentsError} A line of it is not understood.
   * @throws Whatever the disk throws.
   */
  read(): void {
    const size = this.#disk.sizeOf(CONTENTS_FILE);
    if (size < 0) return;
    this.#isKnown = true;
    const bytes = new Uint8Array(size);
    const text = textOf(bytes, 0, this.#disk.read(CONTENTS_FILE, 0, bytes));
    const lines = text.split("\n");
    // What follows the last line ending: nothing.
    const rest = lines.pop();
    if (lines[0] !== TITLE) throw new ContentsError(1, lines[0] ?? "");
    const end = lines.length > 1 && rest === ""
      ? /^end (clean|open)$/.exec(lines.at(-1)!)
      : null;
    if (end === null) throw new ContentsError(lines.length, lines.at(-1)!);
    this.#wasClean = end[1] === "clean";
    let entries: Entry[] = [];
    for (const [index, line] of lines.slice(1, -1).entries()) {
      const entry = entryOf(line);
      const noted = activeOf(line);
      if (entry !== undefined) {
        entries.push(entry);
      } else if (noted !== undefined && !this.listing(noted.active).isKnown) {
        const listing = this.listing(noted.active);
        listing.isKnown = true;
        listing.entries = entries;
        listing.bytes = listing.notedBytes = noted.bytes;
        listing.notedPrint = noted.print;
        entries = [];
      } else {
        throw new ContentsError(index + 2, line);
      }
    }
    if (entries.length > 0) {
      throw new ContentsError(lines.length, lines.at(-1)!);
    }
  }

  /** What is listed of the journal with this active segment. */
  listing(active: string): Listing {
    const known = this.#listings.get(active);
    if (known !== undefined) return known;
    const listing = new Listing(active, () => this.#clock.wallMs());
    this.#listings.set(active, listing);
    return listing;
  }

  /** A journal is there from now on: an active segment, whole and on disk. */
  adopt(active: string, bytes: number): void {
    const listing = this.listing(active);
    listing.isKnown = true;
    listing.bytes = listing.notedBytes = bytes;
    listing.notedPrint = fingerprint(this.#disk, active, bytes);
    this.#isChanged = true;
  }

  /** A journal is there no more. */
  forget(active: string): void {
    this.#listings.delete(active);
    this.#isChanged = true;
  }

  /** Something has happened that should be written down soon. */
  changed(): void {
    this.#isChanged = true;
  }

  /** What was lost has been found elsewhere. */
  healed(): void {
    for (const listing of this.#listings.values()) {
      const { entries } = listing;
      listing.entries = entries.map((entry) =>
        entry.kind === "lost" ? { ...entry, kind: "healed" } : entry
      );
    }
    this.#isChanged = true;
    this.note();
  }

  /** Has the next tick write, whether there is something new or not. */
  probe(): void {
    this.#isChanged = true;
    this.#notBeforeMs = 0;
  }

  /**
   * Writes it now. What the disk does not take is written later, if the
   * process lives on.
   */
  note(isClean = false): void {
    try {
      this.#disk.replace(CONTENTS_FILE, this.#format(isClean));
      this.#isChanged = false;
      this.#failure = undefined;
    } catch (error) {
      this.#isChanged = true;
      this.#failure = error instanceof Error ? error.message : `${error}`;
    }
  }

  /** Writes it if it is time, beside other work. */
  tick(nowMs: number): void {
    if (this.#isWriting || nowMs < this.#notBeforeMs || !this.#hasNews()) {
      return;
    }
    const bytes = this.#format(false);
    this.#isChanged = false;
    this.#isWriting = true;
    this.#disk.write(CONTENTS_FILE, bytes, (failure) => {
      this.#isWriting = false;
      this.#failure = failure;
      if (failure !== undefined) this.#isChanged = true;
      const endMs = this.#clock.nowMs();
      this.#notBeforeMs = endMs + (failure === undefined
        ? Math.max(
          NOTE_MS,
          REST_TIMES * (endMs - nowMs),
          bytes.length / BYTES_PER_SECOND * 1000,
        )
        : RETRY_MS);
    });
  }

  #hasNews(): boolean {
    if (this.#isChanged) return true;
    for (const { bytes, notedBytes } of this.#listings.values()) {
      if (bytes !== notedBytes) return true;
    }
    return false;
  }

  #format(isClean: boolean): Uint8Array {
    const lines = [TITLE];
    for (const listing of this.#listings.values()) {
      for (const entry of listing.entries) lines.push(lineOf(entry));
      this.#look(listing);
      lines.push(activeLineOf(listing));
    }
    lines.push(`end ${isClean ? "clean" : "open"}`, "");
    return bytesOf(lines.join("\n"));
  }

  /** Notes how much of the active segment is on disk. */
  #look(listing: Listing): void {
    const { active, bytes, notedBytes } = listing;
    if (bytes === notedBytes) return;
    try {
      listing.notedPrint = fingerprint(this.#disk, active, bytes);
      listing.notedBytes = bytes;
    } catch {
      // It is gone: whoever writes to it will notice.
    }
  }
}

/** The file is not one that this program has written. */
export class ContentsError extends Error {
  override readonly name = "ContentsError";

  constructor(line: number, text: string) {
    super(`line ${line} is not understood: ${JSON.stringify(text)}`);
  }
}

/** The CRC-32C of the first and the last KiB of a file's first `size` bytes. */
export function fingerprint(disk: Disk, name: string, size: number): number {
  const ends = new Uint8Array(Math.min(size, 2 * PRINT_BYTES));
  const first = ends.subarray(0, PRINT_BYTES);
  const last = ends.subarray(PRINT_BYTES);
  let count = disk.read(name, 0, first);
  if (last.length > 0) count += disk.read(name, size - last.length, last);
  return crc32c(ends, 0, count) >>> 0;
}
