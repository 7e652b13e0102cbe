/**
 * `deno task torture`: real processes killed and stopped at random under load,
 * with a follower and readers at work; then everything read back and checked.
 *
 *     deno task torture [SECONDS [REPLICAS [SEED]]]
 *
 * @module
 */

import { targets } from "../tests/support/program.ts";
import { torture, wrongsOf } from "../tests/system/torture.ts";
import { compileIfStale } from "./stale.ts";
import { wholeNumbers } from "./whole_numbers.ts";

/** Between two looks at what was read, in seconds. */
const ROUND_SECONDS = 30;

const [seconds, replicas, seed] = wholeNumbers(
  "torture: expected [SECONDS [REPLICAS [SEED]]], whole numbers from 1",
  Deno.args,
  [60, 1, 1],
);
await compileIfStale();

let isWell = true;
let kills = 0;
for (
  let done = 0, round = seed;
  done < seconds;
  done += ROUND_SECONDS, round++
) {
  const figures = await torture({
    target: targets[0]!,
    seed: round,
    seconds: Math.min(ROUND_SECONDS, seconds - done),
    replicas,
  });
  kills += figures.kills;
  isWell &&= Object.keys(wrongsOf(figures)).length === 0;
  console.log(`seed ${round}, ${kills} kills so far:`, JSON.stringify(figures));
}
Deno.exit(isWell ? 0 : 1);
