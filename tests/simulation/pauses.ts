/**
 * A process that pauses again and again, while there is nothing to do: whether
 * it is seen as soon each time, and what is told when it is back.
 */

import assert from "node:assert/strict";
import { hasAll, startCluster } from "./failures.ts";

/** How often a process pauses. */
const PAUSES = 10;

/** What came of a process that pauses again and again. */
export interface Pauses {
  /** From each pause to its suspicion, in ms, by each head. */
  readonly suspectMs: readonly number[];
  /** From the last pause, which does not end, to the end of membership. */
  readonly goneMs: readonly number[];
  /** By how much the silence that each head told of was wrong, in ms. */
  readonly heardErrorMs: readonly number[];
  /** All that was thought of the others. */
  readonly wrong: number;
}

/** Has one process pause again and again, with nothing to do for any. */
export function runPauses(seed: number, heartbeatIntervalMs: number): Pauses {
  const cluster = startCluster(seed, heartbeatIntervalMs);
  const { world, heads, nodes } = cluster;
  assert.ok(world.runUntil(() => hasAll(cluster), 10_000), "they do not join");
  world.run(world.between(1_000, 10_000));
  const { process, host: pausing } = nodes[0]!;
  const suspectMs: number[] = [];
  const goneMs: number[] = [];
  const heardErrorMs: number[] = [];
  let wrong = 0;
  let sinceMs = 0;
  for (const head of heads) {
    head.onJudged = (judgement, host) => {
      const ms = world.nowMs() - sinceMs;
      if (host !== pausing) wrong++;
      else if (judgement === "suspect") suspectMs.push(ms);
      else if (judgement === "left") goneMs.push(ms);
    };
    head.onJoined = (before) => {
      const lastHeardMs = before?.lastHeardMs ?? Infinity;
      heardErrorMs.push(lastHeardMs - (world.nowMs() - sinceMs));
    };
  }
  for (let i = 0; i <= PAUSES; i++) {
    sinceMs = world.nowMs();
    process.stop();
    world.run(i < PAUSES ? world.between(2_000, 9_000) : 13_000);
    process.goOn();
    world.run(world.between(1_200, 5_000));
  }
  return { suspectMs, goneMs, heardErrorMs, wrong };
}
