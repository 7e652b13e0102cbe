/** Tests of scenarios on hosts of their own. */

import assert from "node:assert/strict";
import { hostsLacking } from "./network.ts";
import { type Outcome, runScenario, scenarios } from "./scenarios.ts";

/** Stands in the name of every test that cannot be run here. */
const skipped = hostsLacking === undefined ? "" : ` (SKIPPED: ${hostsLacking})`;

/** How often hosts are asked in tests, so that they see failures soon. */
const HEARTBEAT = "200ms";

/** Clients may wait for so long at most, in ms, on a machine that is busy. */
const STALL_MS_MAX = 15_000;

/** Makes a test of each of these scenarios. */
export function testScenarios(...names: readonly string[]): void {
  for (const [i, name] of names.entries()) {
    const scenario = scenarios.find((one) => one.name === name);
    assert.ok(scenario !== undefined, `there is no scenario '${name}'`);
    const replicas = 1 + i % 2;
    Deno.test({
      name: `hosts, replicas ${replicas}: ${name}${skipped}`,
      ignore: hostsLacking !== undefined,
      async fn() {
        const options = { heartbeat: HEARTBEAT, replicas };
        check(await runScenario(scenario, options), scenario.effect);
      },
    });
  }
}

function check(outcome: Outcome, effect: string): void {
  const told = JSON.stringify(outcome);
  const { lost, doubled, misordered, acknowledged } = outcome;
  assert.ok(acknowledged > 200, told);
  assert.deepEqual({ lost, doubled, misordered }, {
    lost: 0,
    doubled: 0,
    misordered: 0,
  }, told);
  assert.deepEqual(outcome.errors, [], told);
  assert.equal(outcome.wronglyDead, 0, told);
  assert.ok(outcome.stallMs < STALL_MS_MAX, told);
  if (effect === "alive") return;
  assert.equal(outcome.suspectMs.length, 2, told);
  assert.equal(outcome.goneMs.length, 2, told);
}
