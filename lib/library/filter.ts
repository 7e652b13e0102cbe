/**
 * Which messages of a read-back are wanted.
 *
 * @module
 */

import { TIME_BYTES } from "../store/record.ts";
import { bytesOf, startsWith } from "../base/ascii.ts";
import type { Line } from "../reader/events.ts";

/** What is wanted; all when nothing is given. */
export interface Wanted {
  /** A client id, or the name that a client was started with. */
  readonly client?: string | undefined;
  /** Received at this time or later, in ms since 1970. */
  readonly sinceMs?: number | undefined;
  /** Received before this time, in ms since 1970. */
  readonly untilMs?: number | undefined;
}

const DOT = 46;

/** Tells which lines are wanted, looking at their bytes alone. */
export function lineFilter(
  { client, sinceMs, untilMs }: Wanted,
): (line: Line) => boolean {
  const clientBytes = client === undefined ? undefined : bytesOf(client);
  const since = sinceMs === undefined ? undefined : timeBytes(sinceMs);
  const until = untilMs === undefined ? undefined : timeBytes(untilMs);
  return ({ bytes, record }) => {
    if (clientBytes !== undefined) {
      const { clientStart, clientEnd } = record;
      const end = clientStart + clientBytes.length;
      if (!startsWith(bytes, clientBytes, clientStart, clientEnd)) return false;
      // A named client's id is its name, a dot and a random part.
      if (end < clientEnd && bytes[end] !== DOT) return false;
    }
    return (since === undefined || compare(bytes, record.start, since) >= 0) &&
      (until === undefined || compare(bytes, record.start, until) < 0);
  };
}

/** Times of one format and zone are in order when their texts are. */
function timeBytes(ms: number): Uint8Array {
  return bytesOf(new Date(ms).toISOString());
}

function compare(bytes: Uint8Array, at: number, time: Uint8Array): number {
  for (let i = 0; i < TIME_BYTES; i++) {
    const difference = bytes[at + i]! - time[i]!;
    if (difference !== 0) return difference;
  }
  return 0;
}
