/**
 * Taking stock: what is there of a journal when it is opened, compared with
 * what ought to be there (contents.ts).
 *
 * @module
 */

import { fingerprint } from "./contents.ts";
import type { Disk } from "./disk.ts";
import type {
  Entry,
  HealedEntry,
  Listing,
  Loss,
  SealedEntry,
} from "./listing.ts";
import type { SegmentNames } from "./segments.ts";

/** What is there of a journal. */
export interface Stock {
  /** What there is before the active segment, and what was lost there. */
  readonly entries: Entry[];
  /** The highest number that a sealed segment has, or had. */
  readonly sealedCount: number;
  /** So much of the active segment is known to be on disk. */
  readonly syncedBytes: number;
  /** What was not known to be lost. */
  readonly losses: Loss[];
}

/**
 * Compares a journal's files with its listing.
 *
 * @throws Whatever the disk throws.
 */
export function takeStock(
  disk: Disk,
  names: SegmentNames,
  listing: Listing,
): Stock {
  const losses: Loss[] = [];
  const lose = (
    ...[how, name, bytes, print]: Parameters<Listing["lossOf"]>
  ) => {
    const loss = listing.lossOf(how, name, bytes, print);
    losses.push(loss);
    return loss;
  };
  const entries: Entry[] = [];
  const numberOf = new Map(
    names.numbersIn(disk.list()).map((
      number,
    ) => [names.sealed(number), number]),
  );
  const unlisted = new Map(numberOf);
  for (const entry of listing.entries) {
    unlisted.delete(entry.name);
    entries.push(
      ...(entry.kind === "sealed"
        ? compared(disk, entry, numberOf.has(entry.name), lose)
        : returned(disk, entry, numberOf.has(entry.name), listing)),
    );
  }
  const listed = names.numbersIn(listing.entries.map(({ name }) => name));
  const lastListed = Math.max(0, ...listed);
  let previous = listing.isKnown && listed.length > 0 ? lastListed : undefined;
  let synced = listing.isKnown ? listing.notedBytes : 0;
  let isActiveNoted = listing.isKnown;
  for (const [name, number] of unlisted) {
    const sealed = sealedEntry(disk, name);
    if (number < lastListed) {
      // Brought back by a person after it was given up.
      const at = entries.findIndex((entry) =>
        (names.numbersIn([entry.name])[0] ?? Infinity) > number
      );
      entries.splice(at < 0 ? entries.length : at, 0, sealed);
      continue;
    }
    for (let n = (previous ?? number) + 1; n < number; n++) {
      entries.push(lose("missing", names.sealed(n), 0));
    }
    previous = number;
    entries.push(sealed);
    if (isActiveNoted && holds(disk, sealed, listing)) {
      // Sealed after the contents were written: the active one is another.
      isActiveNoted = false;
      synced = 0;
    }
  }
  if (isActiveNoted && listing.notedBytes > 0) {
    const { active, notedBytes, notedPrint } = listing;
    const size = disk.sizeOf(active);
    if (size < 0) {
      entries.push(lose("missing", active, notedBytes, notedPrint));
    } else if (size < notedBytes) {
      entries.push(lose("short", active, notedBytes - size, notedPrint));
    } else if (fingerprint(disk, active, notedBytes) !== notedPrint) {
      entries.push(lose("changed", active, 0, notedPrint));
    }
    if (losses.some(({ name }) => name === active)) synced = 0;
  }
  return {
    entries,
    sealedCount: Math.max(lastListed, ...numberOf.values(), 0),
    syncedBytes: synced,
    losses,
  };
}

/** A sealed segment as it is now. */
export function sealedEntry(disk: Disk, name: string): SealedEntry {
  const bytes = disk.sizeOf(name);
  return { kind: "sealed", name, bytes, print: fingerprint(disk, name, bytes) };
}

/** What has become of a segment that was there. */
function compared(
  disk: Disk,
  entry: SealedEntry,
  isThere: boolean,
  lose: (...args: Parameters<Listing["lossOf"]>) => Loss,
): Entry[] {
  const { name, bytes, print } = entry;
  // An empty file, which somebody made under such a name, is no loss.
  if (!isThere) return bytes === 0 ? [] : [lose("missing", name, bytes, print)];
  const found = sealedEntry(disk, name);
  if (found.bytes < bytes) {
    return [found, lose("short", name, bytes - found.bytes, print)];
  }
  return found.bytes === bytes && found.print === print
    ? [entry]
    : [found, lose("changed", name, 0, print)];
}

/** What has become of a segment that was lost; a person may bring it back. */
function returned(
  disk: Disk,
  entry: Loss | HealedEntry,
  isThere: boolean,
  listing: Listing,
): Entry[] {
  const { how, name, bytes, print } = entry;
  if (how !== "missing" || !isThere) return [entry];
  if (listing.entries.some((e) => e.kind === "sealed" && e.name === name)) {
    return [entry];
  }
  const found = sealedEntry(disk, name);
  const isUnknown = bytes === 0 && print === 0;
  return isUnknown || found.bytes === bytes && found.print === print
    ? [found]
    : [entry, found];
}

/** Whether a segment begins with what was noted of the active one. */
function holds(disk: Disk, sealed: SealedEntry, listing: Listing): boolean {
  const { notedBytes, notedPrint } = listing;
  return sealed.bytes >= notedBytes &&
    fingerprint(disk, sealed.name, notedBytes) === notedPrint;
}
