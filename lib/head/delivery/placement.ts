/**
 * Placement: choosing the data node for a message.
 *
 * @module
 */

import { GROUP_BYTES } from "../../base/limits.ts";
import type { Random } from "../../base/ports.ts";
import type { Member } from "../members/member.ts";

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
 * Whether something for it leaves with this turn already, and is not worth a
 * sync of its own yet. What was gathered goes to the node that was chosen for
 * the first of it, and the next turn chooses anew.
 */
function isBegun({ link }: Member): boolean {
  const { length } = link.out;
  return length > 0 && length < GROUP_BYTES;
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
