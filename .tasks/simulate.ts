/**
 * `deno task simulate`: histories of heads, data nodes and clients that fail in
 * every way, each decided by its seed and checked by what is read back.
 *
 *     deno task simulate [SEEDS [FIRST]]
 *
 * @module
 */

import { runDelivery } from "../tests/simulation/delivery.ts";
import { wholeNumbers } from "./whole_numbers.ts";

/** Seeds between two lines of figures. */
const TOLD_EACH = 1_000;

const [count, first] = wholeNumbers(
  "simulate: expected [SEEDS [FIRST]], whole numbers from 1",
  Deno.args,
  [10_000, 1],
);

const startedMs = performance.now();
let acknowledged = 0;
let failed = 0;
for (let seed = first; seed < first + count; seed++) {
  try {
    acknowledged += runDelivery(seed);
  } catch (error) {
    failed++;
    const reason = error instanceof Error ? error.message : `${error}`;
    console.error(`Seed ${seed} fails: ${reason}`);
  }
  const done = seed - first + 1;
  if (done % TOLD_EACH === 0 || done === count) tell(done);
}
Deno.exit(failed === 0 ? 0 : 1);

function tell(done: number): void {
  const seconds = Math.round((performance.now() - startedMs) / 1000);
  console.log(
    `${done} seeds in ${seconds} s: ${acknowledged} messages acknowledged, ` +
      `${failed} seeds with one lost, doubled, misordered or stuck`,
  );
}
