/**
 * Lanes: where restored records go.
 *
 * The records of a segment have rising ticks, and readers rely on it. A record
 * that is restored has an old tick, which it must keep, so it cannot stand at
 * the end of `data.txt`. It goes to a file of its own, `restored-000001.txt`,
 * in which ticks rise as well; to the next file when they would not (patience
 * sorting makes as few as there can be).
 *
 * A lane is a journal like that of `data.txt`, with segments of another name.
 *
 * Each loss that is repaired begins with low ticks again, and so needs a lane.
 * When a start finds many, it puts small ones together, in one with a number
 * that no lane had before: readers go on at positions of lanes, also over a
 * start.
 *
 * @module
 */

import { LANE_NUMBER_MAX } from "../base/limits.ts";
import { ByteQueue } from "../base/byte_queue.ts";
import { type Contents, fingerprint } from "./contents.ts";
import type { Disk } from "./disk.ts";
import { scanSegment } from "./recovery.ts";
import { padded, type SegmentNames, segmentsCalled } from "./segments.ts";

/** Lanes up to which a start leaves them as they are. */
const LANES_MANY = 16;

/** Bytes of the lanes that a start puts together, so that it is not slow. */
const MERGE_BYTES_MAX = 32 * 1024 * 1024;

const LANE_FILE = /^restored-(\d{6,})(-\d{6,})?\.txt$/;

/** What the segments of a lane are called. */
export function laneSegments(lane: number): SegmentNames {
  return segmentsCalled(`restored-${padded(lane)}`);
}

/** The numbers of the lanes that have a file among these, in order. */
export function laneNumbers(names: readonly string[]): number[] {
  const numbers = names.map((name) => Number(LANE_FILE.exec(name)?.[1] ?? NaN));
  return [...new Set(numbers.filter((number) => number > 0))]
    .sort((a, b) => a - b);
}

/**
 * Puts small lanes together if there are many: their records, by tick, go to a
 * new one. A crash in between leaves records twice, which harms nobody.
 *
 * A disk that does not take it keeps the lanes as they are.
 */
export function mergeLanes(disk: Disk, contents: Contents): void {
  const numbers = laneNumbers(disk.list());
  if (!contents.isKnown || numbers.length <= LANES_MANY) return;
  try {
    merge(disk, contents, numbers);
  } catch {
    // Full or read-only: whoever stores messages says so.
  }
}

function merge(
  disk: Disk,
  contents: Contents,
  numbers: readonly number[],
): void {
  const lines: { readonly tick: number; readonly line: Uint8Array }[] = [];
  const merged: string[] = [];
  let bytes = 0;
  for (const { active, size } of smallLanes(disk, contents, numbers)) {
    if (bytes + size > MERGE_BYTES_MAX) break;
    const found = linesOf(disk, active);
    if (found === undefined) continue;
    bytes += size;
    for (const line of found) lines.push(line);
    merged.push(active);
  }
  if (merged.length < 2) return;
  lines.sort((a, b) => a.tick - b.tick);
  const out = new ByteQueue();
  for (const { line } of lines) {
    out.append(line);
    out.append(LF);
  }
  // It stays, so that the highest number of all is always among those there.
  const number = 1 +
    Math.max(...numbers, ...laneNumbers(contents.actives));
  if (number > LANE_NUMBER_MAX) return;
  const { active } = laneSegments(number);
  disk.replace(active, out.view());
  contents.adopt(active, out.length);
  for (const name of merged) contents.forget(name);
  contents.note();
  // Else a start would take them for lost.
  if (contents.isWritten) disk.remove(merged);
}

/** Lanes of one segment that are as they ought to be, the smallest first. */
function smallLanes(
  disk: Disk,
  contents: Contents,
  numbers: readonly number[],
): { readonly active: string; readonly size: number }[] {
  const names = disk.list();
  return numbers.map(laneSegments)
    .filter((lane) => lane.numbersIn(names).length === 0)
    .map(({ active }) => ({ active, size: disk.sizeOf(active) }))
    .filter(({ active, size }) => {
      const { isKnown, entries, notedBytes, notedPrint } = contents.listing(
        active,
      );
      return isKnown && entries.length === 0 && size === notedBytes &&
        fingerprint(disk, active, size) === notedPrint;
    })
    .sort((a, b) => a.size - b.size);
}

/** The records of a segment; undefined when something else is in it. */
function linesOf(disk: Disk, name: string) {
  const lines: { tick: number; line: Uint8Array }[] = [];
  let isWhole = true;
  const { restBytes, recordBytes } = scanSegment(disk, name, 0, {
    record: (bytes, { start, payloadEnd, tick }) =>
      lines.push({ tick, line: bytes.slice(start, payloadEnd) }),
    damage: () => isWhole = false,
  });
  return isWhole && restBytes === recordBytes ? lines : undefined;
}

const LF = new Uint8Array([10]);
