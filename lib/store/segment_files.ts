/**
 * The files of a journal: sealed segments and the active one, which others may
 * rename, replace, cut or remove at any time.
 *
 * What is durable is what others find under a segment's name. So each commit
 * looks, after its sync, whether the name still stands for the file that was
 * written to, and all of it; a tick looks as well. If not, what stands there
 * now is sealed as it is: what it does not hold of the bytes that were synced
 * is lost. Of a sealed segment, what cannot be read any more is lost as well.
 *
 * @module
 */

import { assert } from "../base/assert.ts";
import type { Turn } from "../base/ports.ts";
import type { ByteQueue } from "../base/byte_queue.ts";
import { loadAround, type Loaded } from "./block_load.ts";
import type { Entry, Listing, Loss } from "./listing.ts";
import type { Disk } from "./disk.ts";
import { SegmentMap } from "./segment_map.ts";
import {
  endsLine,
  openJournal,
  type RecordListener,
  type Recovery,
} from "./journal_opening.ts";
import { SealedWatch } from "./sealed_watch.ts";
import type { SegmentNames } from "./segments.ts";
import { type SetAside, setAside } from "./set_aside.ts";
import { sealedEntry } from "./stock.ts";
import { Tail } from "./tail.ts";

/** What the files of a journal tell of. */
export interface SegmentEvents {
  /** A segment was sealed, because it is full or for the reason given. */
  sealed(name: string, reason: string | undefined): void;
  /** Others have taken away what was synced. */
  lost(loss: Loss): void;
}

/** How the active segment is to be sealed. */
interface Sealing {
  readonly name: string;
  /** Of its file; 0 when there is nothing to seal. */
  readonly bytes: number;
  readonly isEnded: boolean;
  /** What it does not have of what was synced. */
  readonly loss: Loss | undefined;
}

/** The files of one journal, kept true whatever others do to them. */
export class SegmentFiles {
  readonly #disk: Disk;
  readonly #turn: Turn;
  readonly #names: SegmentNames;
  readonly #listing: Listing;
  readonly #segmentBytesMax: number;
  readonly #events: SegmentEvents;
  /** Synced bytes of the active segment. */
  #size = 0;
  /** The last of these bytes, to know them again. */
  readonly #tail: Tail;
  #sealedCount = 0;
  #map = new SegmentMap();
  #sealedWatch: SealedWatch;
  /** Whether some of these may be on no disk, though they can be read. */
  #isUnsure = false;
  /** Whether the active segment's last line has its ending. */
  #isEnded = true;
  /** Why the active segment must be sealed before it is written again. */
  #distrust: string | undefined;
  /** Whether that is because others have touched it. */
  #isTouched = false;
  /** Bytes that were appended to it all the same. */
  #strayBytes = 0;
  /** A sealing that was begun. */
  #sealing: Sealing | undefined;

  /** @param segmentBytesMax Bytes after which a segment is sealed. */
  constructor(
    disk: Disk,
    turn: Turn,
    names: SegmentNames,
    listing: Listing,
    segmentBytesMax: number,
    events: SegmentEvents,
  ) {
    this.#disk = disk;
    this.#turn = turn;
    this.#names = names;
    this.#listing = listing;
    this.#segmentBytesMax = segmentBytesMax;
    this.#events = events;
    this.#tail = new Tail(disk, names.active);
    this.#sealedWatch = this.#newSealedWatch();
  }

  /** Whether the last line of the active segment has its ending. */
  get isEnded(): boolean {
    return this.#isEnded;
  }

  /**
   * Reads what is there; see {@linkcode openJournal}.
   *
   * @throws Whatever the disk throws.
   */
  open(record: RecordListener): Recovery {
    const opening = openJournal(
      this.#disk,
      this.#names,
      this.#listing,
      record,
    );
    this.#map = opening.map;
    this.#sealedWatch = this.#newSealedWatch();
    this.#sealedCount = opening.sealedCount;
    this.#size = opening.size;
    this.#isUnsure = opening.isUnsure;
    this.#isEnded = opening.isEnded;
    this.#distrust = opening.distrust;
    this.#disk.hold(this.#names.active);
    this.#tail.read(this.#size);
    return opening.recovery;
  }

  /** How many bytes are synced, in all segments together. */
  get end(): number {
    return this.#map.activeStart + this.#size;
  }

  /** How many of these may be on no disk all the same; see the opening. */
  get unsureBytes(): number {
    return this.#isUnsure ? this.#size - this.#listing.bytes : 0;
  }

  /**
   * Reads synced bytes from `position` on, of one segment at most, beside
   * other work. Exactly one call of `done` follows, never during this call.
   *
   * @param position Below {@linkcode end}.
   * @param done Gets how many bytes were read, or why none were.
   */
  load(position: number, into: Uint8Array, done: Loaded): void {
    assert(position >= 0 && position < this.end, "a position is synced");
    const { activeStart } = this.#map;
    const activeOffset = position - activeStart;
    if (activeOffset >= 0) {
      const size = this.#size;
      const part = into.subarray(0, Math.min(into.length, size - activeOffset));
      const isStill = () => this.#map.activeStart === activeStart;
      const file = { name: this.#names.active, size, isStill };
      loadAround(this.#disk, file, activeOffset, part, done);
      return;
    }
    const { segment, offset, length } = this.#map.locate(position);
    if (length === 0) {
      const count = this.#map.fill(position, into);
      this.#turn.sending(() => done(count, undefined, 0));
      return;
    }
    const size = offset + length;
    const part = into.subarray(0, Math.min(into.length, length));
    const file = { name: segment, size, isStill: () => true };
    loadAround(this.#disk, file, offset, part, (...loaded) => {
      const [, failure] = loaded;
      if (failure !== undefined) this.#sealedWatch.lookAt(segment, size);
      done(...loaded);
    });
  }

  /**
   * Copies a damaged stretch of synced bytes to a file of its own; what stands
   * in the segments is left as it is.
   *
   * @returns Where it is now, unless it was there before, or is nowhere.
   */
  setAside(position: number, length: number): SetAside | undefined {
    const activeOffset = position - this.#map.activeStart;
    const { segment, offset, length: rest } = activeOffset >= 0
      ? { segment: this.#names.active, offset: activeOffset, length }
      : this.#map.locate(position);
    // What is lost was told when it was noticed.
    if (rest === 0) return undefined;
    const { isNew, ...found } = setAside(this.#disk, segment, {
      offset,
      length: Math.min(length, rest),
    });
    return isNew ? found : undefined;
  }

  /**
   * Looks whether what was stored is still there, and mends what it can; to be
   * called every second or so.
   *
   * @returns Why nothing can be stored now, when others are to blame.
   */
  check(): string | undefined {
    if (this.#distrust === undefined) {
      const found = this.#disk.check(this.#names.active, this.#size);
      if (found === undefined) {
        this.#sealedWatch.lookAtOne();
        return undefined;
      }
      this.#distrust = found;
      this.#isTouched = true;
    }
    return this.#isTouched ? this.prepare() : undefined;
  }

  /** Makes certain that all is on disk, also if commits were not synced. */
  settle(): void {
    if (this.#distrust === undefined) this.#disk.sync(this.#names.active);
  }

  /** What was lost is known to be elsewhere. */
  healed(): void {
    this.#map.heal();
  }

  /** Bytes were appended and synced. @returns Why they do not count. */
  appended(bytes: ByteQueue): string | undefined {
    const size = this.#size + bytes.length;
    const found = this.#disk.check(this.#names.active, size);
    if (found !== undefined) {
      this.#isTouched = true;
      this.#strayBytes = bytes.length;
      return found;
    }
    this.#size = size;
    this.#listing.bytes = size;
    this.#isEnded = true;
    this.#tail.remember(bytes);
    return undefined;
  }

  /** Bytes were not appended, or do not count. */
  failed(reason: string): void {
    this.#distrust = reason;
    this.#cutToSynced();
  }

  /** Seals the active segment if it must be. @returns Why it cannot be. */
  prepare(): string | undefined {
    const distrust = this.#distrust;
    if (distrust === undefined && this.#size < this.#segmentBytesMax) {
      return undefined;
    }
    const gone = this.#disk.gone();
    if (gone !== undefined) {
      this.#distrust = gone;
      this.#isTouched = true;
      return gone;
    }
    try {
      const sealing = this.#sealing ?? this.#planSealing();
      this.#sealing = sealing;
      this.#seal(sealing);
      this.#disk.replace(this.#names.active, new Uint8Array());
      this.#disk.hold(this.#names.active);
      this.#distrust = undefined;
      this.#isTouched = false;
      return undefined;
    } catch (error) {
      // Also if it was only full: it may have been renamed all the same.
      const reason = error instanceof Error ? error.message : `${error}`;
      this.#distrust ??= reason;
      return reason;
    }
  }

  /** Finds out what there is to seal, and cuts it to what was synced. */
  #planSealing(): Sealing {
    const { active } = this.#names;
    const name = this.#names.sealed(this.#sealedCount + 1);
    const size = this.#size;
    const found = this.#disk.sizeOf(active);
    if (!this.#isTouched && this.#isWhole(found)) {
      if (this.#isUnsure) {
        // There was no room for that when it was opened.
        this.#disk.rewrite(active, size);
        this.#disk.hold(active);
      } else if (found > size) {
        this.#disk.truncate(active, size);
      }
      return { name, bytes: size, isEnded: this.#isEnded, loss: undefined };
    }
    const bytes = Math.max(found, 0);
    const isEnded = endsLine(this.#disk, active, bytes);
    return { name, bytes, isEnded, loss: this.#lossOf(found) };
  }

  /** What a file of this size does not have of what was synced, if anything. */
  #lossOf(found: number): Loss | undefined {
    const { active } = this.#names;
    const size = this.#size;
    if (size === 0) return undefined;
    if (found < 0) return this.#listing.lossOf("missing", active, size);
    const isSame = this.#disk.check(active, found) === undefined;
    const had = isSame ? Math.max(0, found - this.#strayBytes) : found;
    if (had < size) return this.#listing.lossOf("short", active, size - had);
    return this.#holdsSynced(found)
      ? undefined
      : this.#listing.lossOf("changed", active, 0);
  }

  #seal({ name, bytes, isEnded, loss }: Sealing): void {
    const { active } = this.#names;
    const reason = this.#distrust;
    const entries: Entry[] = [];
    if (bytes > 0) {
      // A rename that failed may have been done all the same.
      if (this.#disk.sizeOf(active) >= 0) this.#disk.rename(active, name);
      entries.push(sealedEntry(this.#disk, name));
      this.#sealedCount++;
    }
    if (loss !== undefined) entries.push(loss);
    if (entries.length > 0) {
      // Positions of what others are reading stay true.
      const segment = bytes > 0 ? name : "";
      this.#map.seal(segment, bytes, isEnded, loss?.bytes);
    }
    this.#sealing = undefined;
    this.#strayBytes = 0;
    this.#size = 0;
    this.#isUnsure = false;
    this.#tail.forget();
    this.#isEnded = true;
    this.#listing.entries.push(...entries);
    this.#listing.bytes = 0;
    this.#listing.notedBytes = this.#listing.notedPrint = 0;
    if (bytes > 0) this.#events.sealed(name, reason);
    if (loss !== undefined) this.#events.lost(loss);
  }

  /** Takes off what a failed commit has left in the active segment. */
  #cutToSynced(): void {
    if (this.#isTouched) return;
    const { active } = this.#names;
    try {
      const found = this.#disk.sizeOf(active);
      if (found > this.#size && this.#isWhole(found)) {
        this.#disk.truncate(active, this.#size);
      }
    } catch {
      // It is tried again before the segment is sealed.
    }
  }

  /** Whether the active segment is the file that it was, with what it had. */
  #isWhole(found: number): boolean {
    return this.#disk.check(this.#names.active, found) === undefined &&
      this.#holdsSynced(found);
  }

  /** Whether a file of this size ends its synced bytes as they ended. */
  #holdsSynced(found: number): boolean {
    return found >= this.#size && this.#tail.isThere(this.#size);
  }

  #newSealedWatch(): SealedWatch {
    return new SealedWatch(
      this.#disk,
      this.#map,
      this.#listing,
      (loss) => this.#events.lost(loss),
    );
  }
}
