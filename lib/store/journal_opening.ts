/**
 * How a journal begins: what is there, what ought to be, and how much of it
 * counts as stored.
 *
 * A process that was killed may have left bytes that only the operating system
 * has; and after a sync that failed, pages may be readable, taken for clean,
 * and on no disk, whatever later syncs say (Rebello et al., "Can Applications
 * Recover from fsync Failures?", USENIX ATC 2020). So what is past the bytes
 * that the contents know to be on disk is not believed: the segment is written
 * anew, which makes it so. Without room for that, the rest is served and not
 * counted on: what is sent again is stored again.
 *
 * @module
 */

import type { Entry, Listing, Loss } from "./listing.ts";
import type { Disk } from "./disk.ts";
import { SegmentMap } from "./segment_map.ts";
import type { ParsedRecord } from "./record.ts";
import { scanSegment } from "./recovery.ts";
import type { SegmentNames } from "./segments.ts";
import { DAMAGES_MAX, type SetAside, setAside } from "./set_aside.ts";
import { takeStock } from "./stock.ts";

/** What start-up found. */
export interface Recovery {
  /** Undamaged records in the active segment. */
  readonly records: number;
  /** Highest tick among them. */
  readonly tick: number;
  /** Bytes of a torn last line that were cut off. */
  readonly tornBytes: number;
  /** Whether a part of that line was on disk, and so may have counted. */
  readonly wasTornLater: boolean;
  /** Stretches without a record, the first ones of them set aside. */
  readonly damages: readonly SetAside[];
  /** How many more there are. */
  readonly furtherDamages: number;
  /** What ought to be there and is not, if that was not known before. */
  readonly losses: readonly Loss[];
  /** Why it is not certain that all of the active segment is on disk. */
  readonly doubt: string | undefined;
}

/** A journal that begins. */
export interface Opening {
  readonly map: SegmentMap;
  readonly sealedCount: number;
  /** Bytes of the active segment. */
  readonly size: number;
  /** Whether some of them may be on no disk, though they can be read. */
  readonly isUnsure: boolean;
  /** Whether its last line has its ending. */
  readonly isEnded: boolean;
  /** Why it must be sealed before it is written again. */
  readonly distrust: string | undefined;
  readonly recovery: Recovery;
}

/**
 * Is told of records.
 *
 * @param isSure Whether it is on disk for certain; one that is not may be read,
 * so that what is stored after it must have a higher tick, and no more.
 */
export type RecordListener = (
  bytes: Uint8Array,
  record: ParsedRecord,
  isSure: boolean,
) => void;

/** Bytes of records that a start reads at least, if there are so many. */
const RECENT_BYTES_MIN = 16 * 1024 * 1024;

/**
 * The sealed segments that a start reads, in their order: one is enough if it
 * was full, and those that a failing disk has sealed are short.
 */
function recentOf(
  sealed: readonly { readonly name: string; readonly bytes: number }[],
  activeBytes: number,
): string[] {
  const recent: string[] = [];
  let total = activeBytes;
  for (const { name, bytes } of sealed.toReversed()) {
    if (total >= RECENT_BYTES_MIN) break;
    recent.unshift(name);
    total += bytes;
  }
  return recent;
}

/**
 * Reads the active segment, makes sure of it, mends its end, and sets aside
 * what is damaged.
 *
 * @param record Is told of every undamaged record of the active segment and, if
 * it is short, of those before.
 * @throws Whatever reading the disk throws. It may be full, or read-only.
 */
export function openJournal(
  disk: Disk,
  names: SegmentNames,
  listing: Listing,
  record: RecordListener,
): Opening {
  const { active } = names;
  const knownBytes = listing.notedBytes;
  const stock = takeStock(disk, names, listing);
  // The active segment is another than was noted, or not what it was.
  if (stock.syncedBytes === 0) listing.notedBytes = listing.notedPrint = 0;
  const sealed = stock.entries.filter(({ kind }) => kind === "sealed");
  let distrust: string | undefined;
  const attempt = (write: () => void) => {
    try {
      write();
    } catch (error) {
      distrust = error instanceof Error ? error.message : `${error}`;
    }
  };
  // Made at once, so that `tail -f` finds it before the first message.
  if (disk.sizeOf(active) < 0) {
    attempt(() => disk.replace(active, new Uint8Array()));
  }
  const fileBytes = Math.max(0, disk.sizeOf(active));
  let tick = 0;
  for (const name of recentOf(sealed, fileBytes)) {
    scanSegment(disk, name, 0, {
      record: (bytes, found) => {
        tick = Math.max(tick, found.tick);
        record(bytes, found, true);
      },
      damage: () => {},
    });
  }
  const isDoubtful = fileBytes > stock.syncedBytes;
  if (distrust === undefined) {
    attempt(() => {
      if (isDoubtful) disk.rewrite(active, fileBytes);
    });
    attempt(() => disk.sync(active));
  }
  const isSure = distrust === undefined;
  const sureBytes = isSure ? fileBytes : isDoubtful ? stock.syncedBytes : 0;
  let records = 0;
  const damages: SetAside[] = [];
  let furtherDamages = 0;
  const end = fileBytes === 0
    ? { wholeBytes: 0, restBytes: 0, recordBytes: 0 }
    : scanSegment(disk, active, 0, {
      record: (bytes, found, offset) => {
        records++;
        tick = Math.max(tick, found.tick);
        record(bytes, found, offset < sureBytes);
      },
      damage: (damage) => {
        if (damages.length === DAMAGES_MAX) furtherDamages++;
        else damages.push(told(setAside(disk, active, damage)));
      },
    });
  const size = end.wholeBytes + end.recordBytes;
  if (end.restBytes > end.recordBytes) {
    attempt(() => disk.truncate(active, size));
  }
  listing.bytes = isSure ? size : Math.min(size, sureBytes);
  // What is left of a line that was cut is gone as well.
  const isLost = stock.losses.some(({ name }) => name === active);
  const lostBytes = isLost ? Math.max(0, knownBytes - size) : 0;
  const whole = <T extends Entry>(entry: T): T =>
    stock.losses.some((loss) => loss === entry) && entry.name === active
      ? { ...entry, bytes: lostBytes }
      : entry;
  listing.entries = stock.entries.map(whole);
  return {
    map: mapOf(disk, listing.entries),
    sealedCount: stock.sealedCount,
    size,
    isUnsure: listing.bytes < size,
    isEnded: end.recordBytes === 0,
    distrust,
    recovery: {
      records,
      tick,
      tornBytes: end.restBytes - end.recordBytes,
      wasTornLater: lostBytes > 0,
      damages,
      furtherDamages,
      losses: stock.losses.map(whole),
      doubt: distrust,
    },
  };
}

/**
 * The places of what stands before the active segment: the same as in the life
 * before, in which a segment and what it lost were one.
 */
function mapOf(disk: Disk, entries: readonly Entry[]): SegmentMap {
  const map = new SegmentMap();
  for (let i = 0; i < entries.length; i++) {
    const entry = entries[i]!;
    const { name, bytes } = entry;
    if (entry.kind !== "sealed") {
      map.lose(bytes);
      continue;
    }
    const next = entries[i + 1];
    const isCut = next !== undefined && next.kind !== "sealed" &&
      next.how === "short";
    if (isCut) i++;
    const isEnded = endsLine(disk, name, bytes);
    map.seal(name, bytes, isEnded, isCut ? next.bytes : 0, true);
  }
  return map;
}

/** Whether the last line of a file has its ending. */
export function endsLine(disk: Disk, name: string, size: number): boolean {
  if (size === 0) return true;
  const last = new Uint8Array(1);
  disk.read(name, size - 1, last);
  return last[0] === 10;
}

function told({ offset, length, segment, file }: SetAside): SetAside {
  return { segment, offset, length, file };
}
