/** The head under random joins, leaves and slow nodes, a thousand times. */

import assert from "node:assert/strict";
import {
  headDefaults,
  SimClient,
  SimData,
  SimHead,
  TextClient,
} from "./cluster.ts";
import { awkwardText, History } from "./history.ts";
import { SimNetwork } from "./sim_network.ts";
import { forSeeds } from "./seeds.ts";
import { World } from "./world.ts";

/** One history of some seconds. */
function runHead(seed: number): number {
  const world = new World(seed);
  const splitChance = world.pick([0, 0.3]);
  const network = new SimNetwork(world, {
    delayMs: [0.1, world.pick([1, 20, 200])],
    splitChance,
  });
  // To a chunk peer a piece is a message, so there must be no pieces.
  const kinds = splitChance > 0
    ? ["frame", "line"] as const
    : ["frame", "line", "chunk"] as const;
  const replicas = world.pick([1, 1, 2, 3]);
  const head = new SimHead(network, "10.0.0.10", {
    ...headDefaults,
    replicas,
    minReplicas: replicas,
    placement: world.pick(["random", "round-robin", "least-loaded"]),
    // Small ones, so that every bound is reached again and again.
    heldBytesMax: world.pick([4_000, 256 * 1024]),
    clientWindowBytes: world.pick([2_000, 1024 * 1024]),
    memberWindowBytes: world.pick([2_000, 8 * 1024 * 1024]),
  });
  const nodes = Array.from(
    { length: world.between(replicas, 5) },
    (_, i) =>
      new SimData(network, `10.0.1.${i + 1}`, [head.address], {
        syncMs: [0.1, world.pick([1, 30])],
        syncFailureChance: world.pick([0, 0, 0.05]),
      }),
  );
  const history = new History();
  const clients = Array.from({ length: world.between(1, 6) }, (_, i) => {
    const host = `10.0.2.${i + 1}`;
    const kind = world.pick(kinds);
    return kind === "frame"
      ? new SimClient(network, host, [head.address], history)
      : new TextClient(network, host, head.address, history, kind);
  });

  const text = (name: string) => awkwardText(name, world.random);
  for (let step = 0; step < 60; step++) {
    world.run(world.between(1, 300));
    const node = world.pick(nodes);
    const client = world.pick(clients);
    switch (world.between(0, 9)) {
      case 0:
        node.kill(world.pick(["stays", "lost"]));
        break;
      case 1:
        if (node.process.isDead) node.start();
        break;
      case 2:
        node.process.stop();
        world.after(world.between(10, 15_000), () => node.process.goOn());
        break;
      case 3:
        if (world.chance(0.3)) network.resetOne();
        break;
      default:
        for (let n = world.between(1, 12); n > 0; n--) {
          client.process.handle(() => client.send(text));
        }
    }
  }

  // Everything heals; then every message must be answered before long.
  for (const node of nodes) {
    node.process.goOn();
    if (node.process.isDead) node.start();
  }
  const isDone = () => clients.every((client) => client.unanswered === 0);
  assert.ok(
    world.runUntil(isDone, 60_000),
    `${head.core.heldMessages} messages still unanswered`,
  );
  history.check(
    new Map(nodes.map((node) => [node.host, node.disk])),
    replicas,
  );
  return history.answered().length;
}

Deno.test("HeadCore: no answer goes astray and nothing answered is lost", () => {
  forSeeds(1_000, "head", runHead, 50_000);
});
