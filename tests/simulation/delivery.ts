/**
 * Everything that is answered is read back, once and in order, whatever
 * happened to heads, data nodes, their disks and the network in between.
 */

import assert from "node:assert/strict";
import {
  headDefaults,
  SimClient,
  SimData,
  SimHead,
  TextClient,
} from "./cluster.ts";
import { awkwardText, History } from "./history.ts";
import { readAll } from "./read_all.ts";
import { SimNetwork } from "./sim_network.ts";
import { World } from "./world.ts";

/**
 * One history of some seconds, and what is read of it.
 *
 * @returns How many messages were acknowledged: all of them were read.
 * @throws Something that was promised was not kept.
 */
export function runDelivery(seed: number): number {
  const world = new World(seed);
  const splitChance = world.pick([0, 0.3]);
  const network = new SimNetwork(world, {
    delayMs: [0.1, world.pick([1, 20, 200])],
    splitChance,
  });
  const kinds = splitChance > 0
    ? ["frame", "frame", "line"] as const
    : ["frame", "frame", "line", "chunk"] as const;
  const replicas = world.pick([1, 1, 2, 3]);
  const heads = Array.from(
    { length: world.pick([1, 1, 2]) },
    (_, i) =>
      new SimHead(network, `10.0.0.${i + 1}`, {
        ...headDefaults,
        replicas,
        minReplicas: replicas,
        placement: world.pick(["random", "round-robin", "least-loaded"]),
        heldBytesMax: world.pick([4_000, 256 * 1024]),
        clientWindowBytes: world.pick([2_000, 1024 * 1024]),
        memberWindowBytes: world.pick([2_000, 8 * 1024 * 1024]),
      }),
  );
  const addresses = heads.map((head) => head.address);
  const nodes = Array.from(
    { length: world.between(replicas, 5) },
    (_, i) =>
      new SimData(network, `10.0.1.${i + 1}`, addresses, {
        syncMs: [0.1, world.pick([1, 30, 300])],
        syncFailureChance: world.pick([0, 0, 0.05]),
      }),
  );
  const history = new History();
  const clients = Array.from({ length: world.between(1, 6) }, (_, i) => {
    const host = `10.0.2.${i + 1}`;
    const kind = world.pick(kinds);
    return kind === "frame"
      ? new SimClient(network, host, addresses, history)
      : new TextClient(network, host, world.pick(addresses), history, kind);
  });
  // With copies elsewhere, the bytes of one disk may rot.
  const rotten = replicas > 1 && world.chance(0.3) ? nodes[0] : undefined;
  const hosts = [...heads, ...nodes].map(({ host }) => host);

  const text = (name: string) => awkwardText(name, world.random);
  for (let step = 0; step < 80; step++) {
    world.run(world.between(1, 300));
    const node = world.pick(nodes);
    const head = world.pick(heads);
    const client = world.pick(clients);
    switch (world.between(0, 17)) {
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
      case 4:
        if (world.chance(0.3)) head.process.kill();
        break;
      case 5:
        if (head.process.isDead) head.start();
        break;
      case 6:
        network.cut(world.pick(hosts), world.pick(hosts));
        world.after(world.between(10, 5_000), () => network.mend());
        break;
      case 7:
        node.disk.isFull = world.chance(0.5);
        break;
      case 9:
        // Restarted at once, and then the power fails.
        node.kill("stays");
        node.start();
        world.after(world.between(1, 500), () => {
          node.kill("lost");
          node.start();
        });
        break;
      case 8:
        if (rotten !== undefined) rotten.disk.flipBit();
        break;
      default:
        for (let n = world.between(1, 12); n > 0; n--) {
          client.process.handle(() => client.send(text));
        }
    }
  }

  // Everything heals; then every message must be answered before long.
  network.mend();
  for (const host of [...heads, ...nodes]) {
    host.process.goOn();
    if (host.process.isDead) host.start();
  }
  for (const node of nodes) node.disk.isFull = false;
  // A connection of a former life may look open for a while.
  const isHere = (head: SimHead, { core: { life } }: SimData) =>
    head.core.members.some((member) => member.life === life);
  const isDone = () =>
    clients.every((client) => client.unanswered === 0) &&
    heads.every((head) => nodes.every((node) => isHere(head, node)));
  assert.ok(world.runUntil(isDone, 120_000), "messages stay unanswered");
  const areEmpty = () =>
    heads.every(({ core }) => core.heldMessages === 0 && core.batches === 0);
  assert.ok(world.runUntil(areEmpty, 120_000), "batches are held for nobody");

  const reader = readAll(network, addresses);
  history.checkRead(reader.messages);
  if (rotten === undefined) {
    assert.deepEqual(reader.missing, []);
    const disks = new Map(nodes.map((node) => [node.host, node.disk]));
    history.check(disks, replicas);
  }
  return history.answered().length;
}
