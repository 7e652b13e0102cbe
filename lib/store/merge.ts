/**
 * The merge of several sources by tick: which has the next record, and whether
 * all that came before it has been met.
 *
 * @module
 */

import { Front } from "./record_stream.ts";
import type { Source } from "../reader/source.ts";

/** What {@linkcode nextOf} found. */
export interface Next {
  /** The source of the next record, if that is certain. */
  source: Source | undefined;
  /** Whether no source brings any more. */
  isOver: boolean;
  /**
   * Every record up to this tick has been met, or is next, on the data nodes
   * that are here. One that was read up to a certain place may have stored more
   * since, with later ticks.
   */
  completeTo: number;
}

/** Finds the source of the record with the lowest tick. */
export function nextOf(
  sources: ReadonlyMap<unknown, Source>,
  next: Next,
): void {
  next.source = undefined;
  next.isOver = true;
  next.completeTo = Infinity;
  let lowest: Source | undefined;
  for (const source of sources.values()) {
    const { stream } = source;
    const front = stream.front();
    if (front === Front.end) {
      if (source.lane === 0 && !source.isMissed) {
        next.completeTo = Math.min(next.completeTo, stream.completeTo);
      }
      continue;
    }
    next.isOver = false;
    if (front !== Front.record) continue;
    if (
      lowest === undefined || stream.record.tick < lowest.stream.record.tick
    ) lowest = source;
  }
  if (lowest === undefined) return;
  const { tick } = lowest.stream.record;
  for (const { stream, isMissed } of sources.values()) {
    // Whoever follows does not wait for a data node that is away.
    if (isMissed || stream.isPast(tick)) continue;
    // Another may still bring one with a lower tick.
    if (stream.front() === Front.nothing) return;
  }
  next.source = lowest;
}
