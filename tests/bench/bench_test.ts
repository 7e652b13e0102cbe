/** That the bench still runs: those targets that need nothing installed. */

import assert from "node:assert/strict";
import { GENERATOR, measure } from "./measure.ts";
import { bareServer, diskAlone, threadServer } from "./peers.ts";
import { cluster, server } from "./sd_node.ts";

const MEASURED_MS = 500;
const few = { connections: 2, payloadBytes: 17, warmUpMs: 100 };

for (
  const target of [
    cluster("cluster of two data nodes", { nodes: 2, replicas: 2 }),
    server,
    bareServer,
    threadServer,
    diskAlone,
  ]
) {
  Deno.test(`bench: ${target.name} is loaded and measured`, async () => {
    // Whoever keeps nothing answers in order, and in lines.
    const window = target.durability === "synced" ? 100 : 1;
    const work = { ...few, window };
    const one = await measure({ target, work }, MEASURED_MS);
    assert.ok(one.perSecond > 0, JSON.stringify(one));
    assert.ok(one.processors.get(GENERATOR)! >= 0);
    if (window === 1) assert.ok(one.p50! > 0 && one.p50! <= one.p99!);
    else assert.equal(one.p50, null);
  });
}

Deno.test("bench: a lone message of a cluster has a latency", async () => {
  const { p50, p99 } = await measure({
    target: cluster("one data node", { nodes: 1 }),
    work: { ...few, connections: 1, window: 1 },
  }, MEASURED_MS);
  assert.ok(p50! > 0 && p50! <= p99!, `${p50}, ${p99}`);
});
