/**
 * `deno task bench`: sd-node and its peers under the same load generator, side
 * by side, several rounds in turn; then trials of other kinds. Prints tables of
 * Markdown, and writes a picture to `docs/bench.svg` when everything was
 * measured. Peers that are not installed are left out, which is said:
 * apt-get install redis-server nats-server rabbitmq-server beanstalkd python3 strace
 *
 *     deno task bench [ROUNDS [SECONDS [NAME]]]
 *
 * NAME is one of the rows of tests/bench/rows.ts, or of the trials: idle,
 * startup, stored.
 *
 * @module
 */

import type { Found } from "../tests/bench/found.ts";
import { type Finding, type FoundRows, goalsOf } from "../tests/bench/goals.ts";
import {
  countSyncs,
  measure,
  type Measurement,
} from "../tests/bench/measure.ts";
import { type MeasuredRow, pictureOf } from "../tests/bench/picture.ts";
import { goalsTableOf, tableOf } from "../tests/bench/report.ts";
import {
  type Entry,
  type Row,
  type RowKey,
  rows,
} from "../tests/bench/rows.ts";
import { LeftOut } from "../tests/bench/target.ts";
import { idleTrial } from "../tests/bench/trials/idle.ts";
import { startupTrial } from "../tests/bench/trials/startup.ts";
import { storedTrial } from "../tests/bench/trials/stored.ts";
import { compileIfStale } from "./stale.ts";
import { refuse, wholeNumbers } from "./whole_numbers.ts";

/** A start is short, so there are more of them. */
const STARTS_A_ROUND = 4;

const [only, ...further] = Deno.args.slice(2);
const trials: Readonly<Record<string, () => Promise<Finding[]>>> = {
  idle: () => idleTrial(rounds, measuredMs),
  startup: () => startupTrial(STARTS_A_ROUND * rounds),
  stored: () => storedTrial(rounds, measuredMs),
};
const names = [...Object.keys(rows), ...Object.keys(trials)];
const usage =
  "bench: expected [ROUNDS [SECONDS [NAME]]], whole numbers from 1 " +
  `and one of ${names.join(", ")}`;
const [rounds, seconds] = wholeNumbers(usage, Deno.args.slice(0, 2), [3, 3]);
const measuredMs = seconds * 1000;
if (only !== undefined && !names.includes(only) || further.length > 0) {
  refuse(usage, Deno.args);
}
await compileIfStale();
const isWanted = (name: string) => only === undefined || only === name;

const found: FoundRows = {};
const measured: MeasuredRow[] = [];
for (const [key, row] of Object.entries(rows)) {
  if (!isWanted(key)) continue;
  const all = await measureRow(row);
  found[key as RowKey] = all;
  measured.push({ name: row.name, found: all });
  console.log(tableOf(row.name, all));
}
const findings = goalsOf(found);
for (const [name, trial] of Object.entries(trials)) {
  if (isWanted(name)) findings.push(...await trial());
}
console.log(goalsTableOf(findings));
if (only === undefined) {
  await Deno.writeTextFile("docs/bench.svg", pictureOf(measured));
}

async function measureRow(row: Row): Promise<Found[]> {
  const measured = new Map<Entry, Measurement[]>();
  const leftOut = new Set<Entry>();
  for (let round = 0; round < rounds; round++) {
    for (const entry of row.entries) {
      if (leftOut.has(entry)) continue;
      try {
        const one = await measure(entry, measuredMs);
        measured.set(entry, [...measured.get(entry) ?? [], one]);
      } catch (error) {
        if (!(error instanceof LeftOut)) throw error;
        leftOut.add(entry);
        console.error(`${entry.target.name} is left out: ${error.message}`);
      }
    }
  }
  const all: Found[] = [];
  for (const [entry, rounds] of measured) {
    all.push({ entry, rounds, perSync: await perSyncOf(entry) });
  }
  return all;
}

/** Messages for each sync; undefined where there is no sync, or no strace. */
async function perSyncOf(entry: Entry): Promise<number | undefined> {
  const { durability, protocol } = entry.target;
  if (durability !== "synced" || protocol === "disk") return undefined;
  try {
    const { answered, syncs } = await countSyncs(entry);
    return syncs === 0 ? undefined : answered / syncs;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
