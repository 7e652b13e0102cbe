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
 * @module
 */

import { padded, type SegmentNames, segmentsCalled } from "./segments.ts";

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
