/**
 * Placement: choosing the data node for a message.
 *
 * @module
 */

import type { Random } from "../ports.ts";
import type { Member } from "./member.ts";

/** The ways to place, as `--placement` names them. */
export const placements = ["random", "round-robin", "least-loaded"] as const;
/** See {@linkcode placements}. */
export type PlacementName = typeof placements[number];

/**
 * Chooses one of `candidates`, which is not empty.
 *
 * @returns Its index.
 */
export type Placement = (candidates: readonly Member[]) => number;

/** The placement of that name. */
export function placementOf(name: PlacementName, random: Random): Placement {
  switch (name) {
    case "random":
      return (candidates) => {
        const begun = candidates.findIndex(isBegun);
        return begun >= 0 ? begun : Math.floor(random() * candidates.length);
      };
    case "round-robin": {
      let turn = 0;
      return (candidates) => turn++ % candidates.length;
    }
    case "least-loaded":
      return (candidates) => leastLoaded(candidates, random);
  }
}

/**
 * Bytes for one data node in one turn that are worth a write and a sync of
 * their own; some hundred small messages.
 */
const WORTH_A_SYNC_BYTES = 8 * 1024;

/**
 * Whether something for it leaves with this turn already. What arrives in one
 * turn goes to the node that was chosen for the first of it: one write and one
 * sync serve many clients, and the next turn chooses anew. (Measured: a hundred
 * clients with one message in flight each get 13 % more.)
 */
function isBegun({ link }: Member): boolean {
  const { length } = link.out;
  return length > 0 && length < WORTH_A_SYNC_BYTES;
}

/** The least loaded candidate; among equals, any with the same chance. */
function leastLoaded(candidates: readonly Member[], random: Random): number {
  let best = 0;
  let equals = 1;
  for (let i = 1; i < candidates.length; i++) {
    const difference = candidates[i]!.load - candidates[best]!.load;
    if (difference < 0) {
      best = i;
      equals = 1;
    } else if (difference === 0) {
      equals++;
      if (random() * equals < 1) best = i;
    }
  }
  return best;
}
