/** Reading back as a person does. */

import assert from "node:assert/strict";
import { SimReader } from "./cluster.ts";
import type { SimNetwork } from "./sim_network.ts";

/** Reads everything: again, when told that a data node was away. */
export function readAll(
  network: SimNetwork,
  heads: readonly string[],
): SimReader {
  const { world } = network;
  for (let attempt = 1;; attempt++) {
    const reader = new SimReader(network, `10.0.3.${attempt}`, heads);
    assert.ok(
      world.runUntil(() => reader.isFinished, 60_000),
      `read ${reader.messages.length} messages, and not to the end`,
    );
    const isAnyAway = reader.missing.some((reason) => /away/.test(reason));
    if (!isAnyAway || attempt === 5) return reader;
    world.run(5_000);
  }
}
