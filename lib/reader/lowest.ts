/**
 * The merge of several sources by tick: which has the next record.
 *
 * @module
 */

import { Front } from "./node_stream.ts";
import type { Source } from "./source.ts";

/**
 * The source of the record with the lowest tick; `unknown` while another may
 * still bring one with a lower, `over` when none brings any more.
 */
export function lowestOf(
  sources: ReadonlyMap<string, Source>,
): Source | "unknown" | "over" {
  let lowest: Source | undefined;
  let isOver = true;
  for (const source of sources.values()) {
    const front = source.stream.front();
    if (front !== Front.end) isOver = false;
    if (front !== Front.record) continue;
    if (
      lowest === undefined ||
      source.stream.record.tick < lowest.stream.record.tick
    ) lowest = source;
  }
  if (lowest === undefined) return isOver ? "over" : "unknown";
  const { tick } = lowest.stream.record;
  for (const { stream, isMissed } of sources.values()) {
    // Whoever follows does not wait for a data node that is away.
    if (isMissed || stream.isPast(tick)) continue;
    if (stream.front() === Front.nothing) return "unknown";
  }
  return lowest;
}
