/**
 * Lanes: where restored records go.
 *
 * The records of a segment have rising ticks, and readers rely on it. A record
 * that is restored has an old tick, which it must keep, so it cannot stand at
 * the end of `data.txt`. It goes to a file of its own, `restored-000001.txt`,
 * in which ticks rise as well; to the next file when they would not (patience
 * sorting makes as few as there can be).
 *
 * A lane is a journal like that of `data.txt`, on a disk that shows its files
 * under the names that a journal knows: `restored-000001.txt` as `data.txt`,
 * and `restored-000001-000002.txt` as `data-000002.txt`.
 *
 * @module
 */

import type { Disk } from "./disk.ts";

const LANE_FILE = /^restored-(\d{6,})(-\d{6,})?\.txt$/;

/** The numbers of the lanes that have a file among these, in order. */
export function laneNumbers(names: readonly string[]): number[] {
  const numbers = names.map((name) => Number(LANE_FILE.exec(name)?.[1] ?? NaN));
  return [...new Set(numbers.filter((number) => number > 0))]
    .sort((a, b) => a - b);
}

/** The files of one lane, for one journal. */
export function laneDisk(disk: Disk, lane: number): Disk {
  const own = disk.another();
  const prefix = `restored-${lane.toString().padStart(6, "0")}`;
  const outside = (name: string) => name.replace("data", prefix);
  const inside = (name: string) => name.replace(prefix, "data");
  return {
    another: () => laneDisk(disk, lane),
    list: () => own.list().filter((name) => name.includes(prefix)).map(inside),
    sizeOf: (name) => own.sizeOf(outside(name)),
    read: (name, offset, into) => own.read(outside(name), offset, into),
    load: (name, offset, into, done) =>
      own.load(outside(name), offset, into, done),
    replace: (name, bytes) => own.replace(outside(name), bytes),
    sync: (name) => own.sync(outside(name)),
    truncate: (name, size) => own.truncate(outside(name), size),
    rename: (from, to) => own.rename(outside(from), outside(to)),
    append: (name, bytes, done) => own.append(outside(name), bytes, done),
  };
}
