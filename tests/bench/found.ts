/** What was found of one entry of a row, over all rounds. */

import { GENERATOR, type Measurement } from "./measure.ts";
import type { Entry } from "./rows.ts";

/** See the module. */
export interface Found {
  readonly entry: Entry;
  readonly rounds: readonly Measurement[];
  /** Messages for each sync, counted apart; undefined where none were seen. */
  readonly perSync: number | undefined;
}

/** The middle of some numbers. */
export function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1
    ? sorted[middle]!
    : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** Messages a second. */
export function rateOf({ rounds }: Found): number {
  return median(rounds.map(({ perSecond }) => perSecond));
}

/**
 * How many times as fast `one` is as `other`: the median of the ratios of each
 * round, in which the two were measured a moment apart. On a machine whose own
 * speed changes from minute to minute this is steadier than a ratio of medians.
 */
export function ratioOf(one: Found, other: Found): number {
  return median(
    one.rounds.map(({ perSecond }, i) =>
      perSecond / other.rounds[i]!.perSecond
    ),
  );
}

/** A quantile of a message's time, in µs; undefined with many in flight. */
export function latencyOf(
  { rounds }: Found,
  which: "p50" | "p99",
): number | undefined {
  const all = rounds.flatMap((round) => round[which] ?? []);
  return all.length === 0 ? undefined : median(all);
}

/** Processor time of the peer for each message, in µs. */
export function costOf(found: Found): number {
  return median(found.rounds.map(({ perSecond, processors }) => {
    let used = 0;
    for (const [name, share] of processors) {
      if (name !== GENERATOR) used += share;
    }
    return used / perSecond * 1e6;
  }));
}

/**
 * Messages a second that the load generator would make if it had a whole
 * processor: where a peer comes near, it is the generator that was measured.
 */
export function ceilingOf({ rounds }: Found): number {
  return median(
    rounds.map(({ perSecond, processors }) =>
      perSecond / processors.get(GENERATOR)!
    ),
  );
}
