/**
 * `deno task bench`: sd-node and its peers under the same load generator, side
 * by side, several rounds in turn; medians as a table, and as a picture in
 * `docs/bench.svg`. Peers and strace that are not installed are left out, which
 * is said: apt-get install redis-server beanstalkd nats-server python3 strace
 *
 *     deno task bench [ROUNDS [SECONDS [ROW]]]
 *
 * @module
 */

import {
  countSyncs,
  measure,
  type Measurement,
} from "../tests/bench/measure.ts";
import { type Found, pictureOf, tableOf } from "../tests/bench/report.ts";
import { type Row, rows } from "../tests/bench/rows.ts";
import type { Target } from "../tests/bench/targets.ts";

const [rounds = "3", seconds = "3", only = ""] = Deno.args;
const wanted = rows.filter(({ name }) => name.includes(only));
const all: { row: Row; found: Found[] }[] = [];
for (const row of wanted) {
  const measured = new Map<Target, Measurement[]>();
  const missing = new Set<Target>();
  for (let round = 0; round < Number(rounds); round++) {
    for (const target of row.targets) {
      if (missing.has(target)) continue;
      try {
        const one = await measure(target, row.work, Number(seconds) * 1000);
        measured.set(target, [...measured.get(target) ?? [], one]);
      } catch (error) {
        if (!(error instanceof Deno.errors.NotFound)) throw error;
        missing.add(target);
        console.error(`${target.name} is left out: ${error.message}`);
      }
    }
  }
  const found: Found[] = [];
  for (const [target, rounds] of measured) {
    found.push({ target, rounds, perSync: await perSyncOf(target, row) });
  }
  all.push({ row, found });
  console.log(tableOf(row, found));
}
if (only === "") await Deno.writeTextFile("docs/bench.svg", pictureOf(all));

/** Messages for each sync; undefined where there is no sync, or no strace. */
async function perSyncOf(
  target: Target,
  { work }: Row,
): Promise<number | undefined> {
  if (target.durability !== "synced") return undefined;
  try {
    const { answered, syncs } = await countSyncs(target, work);
    return syncs === 0 ? undefined : answered / syncs;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
