/**
 * `deno task hosts`: failures of real hosts, made of network namespaces, as one
 * table. Needs root, and what .ci/run installs.
 *
 *     deno task hosts [ROUNDS [SCENARIO]]
 *
 * @module
 */

import { hostsLacking } from "../tests/hosts/network.ts";
import {
  type Outcome,
  runScenario,
  scenarios,
} from "../tests/hosts/scenarios.ts";
import { refuse, wholeNumbers } from "./whole_numbers.ts";

const HEARTBEATS = ["5s", "200ms"];

const [only = "", ...further] = Deno.args.slice(1);
const usage =
  "hosts: expected [ROUNDS [SCENARIO]], a whole number from 1 and " +
  `a part of ${scenarios.map(({ name }) => `'${name}'`).join(", ")}`;
const [rounds] = wholeNumbers(usage, Deno.args.slice(0, 1), [1]);
if (!scenarios.some(({ name }) => name.includes(only)) || further.length > 0) {
  refuse(usage, Deno.args);
}
if (hostsLacking !== undefined) {
  console.error(`hosts: ${hostsLacking}`);
  Deno.exit(1);
}

console.log(
  "| failure | heartbeat | replicas | suspect after p50 / p99 | out after p50 / p99 " +
    "| wrongly suspect, dead | longest stall | acknowledged | lost | doubled " +
    "| misordered | errors |",
);
console.log(`|${" --- |".repeat(12)}`);
let isAllWell = true;
for (const heartbeat of HEARTBEATS) {
  for (const scenario of scenarios) {
    if (!scenario.name.includes(only)) continue;
    for (const replicas of [1, 2]) {
      const outcomes: Outcome[] = [];
      const failures: string[] = [];
      for (let round = 0; round < rounds; round++) {
        try {
          outcomes.push(await runScenario(scenario, { heartbeat, replicas }));
        } catch (error) {
          failures.push(error instanceof Error ? error.message : `${error}`);
        }
      }
      console.log(row(scenario.name, heartbeat, replicas, outcomes, failures));
    }
  }
}
Deno.exit(isAllWell ? 0 : 1);

/** A row of the table: sums, and the longest stall. */
function row(
  name: string,
  heartbeat: string,
  replicas: number,
  outcomes: readonly Outcome[],
  failures: readonly string[],
): string {
  const sum = (pick: (outcome: Outcome) => number) =>
    outcomes.reduce((total, outcome) => total + pick(outcome), 0);
  const harm = [
    sum(({ lost }) => lost),
    sum(({ doubled }) => doubled),
    sum(({ misordered }) => misordered),
    sum(({ errors }) => errors.length) + failures.length,
  ];
  if (harm.some((count) => count > 0)) isAllWell = false;
  for (const failure of failures) console.error(`${name}: ${failure}`);
  const suspected = sum(({ wronglySuspected }) => wronglySuspected);
  const dead = sum(({ wronglyDead }) => wronglyDead);
  const stallMs = Math.max(...outcomes.map(({ stallMs }) => stallMs));
  return "| " + [
    name,
    heartbeat,
    replicas,
    quantiles(outcomes.flatMap(({ suspectMs }) => suspectMs)),
    quantiles(outcomes.flatMap(({ goneMs }) => goneMs)),
    `${suspected}, ${dead}`,
    seconds(stallMs),
    sum(({ acknowledged }) => acknowledged),
    ...harm,
  ].join(" | ") + " |";
}

function quantiles(values: readonly number[]): string {
  if (values.length === 0) return "–";
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number) =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!;
  return `${seconds(at(0.5))} / ${seconds(at(0.99))}`;
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(2)} s`;
}
