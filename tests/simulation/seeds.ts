/** Runs a simulation for many seeds; a failure says how to run it again. */

import assert from "node:assert/strict";

/**
 * Runs `run` for the seeds from 1 to `count`, or for those that the variable
 * SD_SEED names (`17`, or `1000-2000`).
 *
 * @param run Returns how much it checked, for example messages answered.
 * @param checkedMin What all `count` runs together must have checked, because
 * seeds in which nothing happens would check nothing.
 */
export function forSeeds(
  count: number,
  name: string,
  run: (seed: number) => number,
  checkedMin: number,
): void {
  const chosen = Deno.env.get("SD_SEED");
  const [first = 1, last = first] = chosen?.split("-").map(Number) ??
    [1, count];
  let checked = 0;
  for (let seed = first; seed <= last; seed++) {
    try {
      checked += run(seed);
    } catch (error) {
      throw new Error(
        `Seed ${seed} fails; again: SD_SEED=${seed} deno task test ` +
          `tests/simulation/${name}_test.ts`,
        { cause: error },
      );
    }
  }
  if (chosen !== undefined) return;
  assert.ok(checked >= checkedMin, `only ${checked} of ${checkedMin} checked`);
}
