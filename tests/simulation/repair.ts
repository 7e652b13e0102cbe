/**
 * Copies that are lost for good are made again: data nodes whose disks are
 * gone, and records that rot, one after another with time to repair between.
 */

import assert from "node:assert/strict";
import { MESSAGE_BYTES_MAX } from "../../lib/base/limits.ts";
import { bytesOf } from "../../lib/base/ascii.ts";
import { headDefaults, SimClient, SimData, SimHead } from "./cluster.ts";
import { awkwardText, History, storedTexts } from "./history.ts";
import { readAll } from "./read_all.ts";
import { SimNetwork } from "./sim_network.ts";
import { World } from "./world.ts";

/** Time away after which copies are made again, in ms. */
const REPAIR_AFTER_MS = 3_000;

/**
 * One history of losses.
 *
 * @returns How many messages were acknowledged: all of them were read.
 * @throws Something was lost, or has too few copies in the end.
 */
export function runRepair(seed: number): number {
  const world = new World(seed);
  const network = new SimNetwork(world, {
    delayMs: [0.1, world.pick([1, 20])],
    splitChance: world.pick([0, 0.3]),
  });
  const replicas = world.pick([2, 2, 3]);
  const sizes = sizesOf(world);
  const options = {
    ...headDefaults,
    replicas,
    minReplicas: world.pick([replicas, replicas, 1]),
    repairAfterMs: REPAIR_AFTER_MS,
    repairBytesPerSecond: world.pick(sizes.bytesPerSecond),
    unjudgedBytesMax: world.pick([sizes.unjudgedBytesMin, 32 * 1024 * 1024]),
  };
  const heads = Array.from(
    { length: world.pick([1, 2]) },
    (_, i) => new SimHead(network, `10.0.0.${i + 1}`, options),
  );
  const addresses = heads.map((head) => head.address);
  const nodes = Array.from(
    { length: replicas + world.between(1, 2) },
    (_, i) =>
      new SimData(network, `10.0.1.${i + 1}`, addresses, {
        syncMs: [0.1, world.pick([1, 30])],
        syncFailureChance: world.pick([0, 0, 0.02]),
      }),
  );
  const history = new History();
  const clients = Array.from(
    { length: world.between(1, 4) },
    (_, i) => new SimClient(network, `10.0.2.${i + 1}`, addresses, history),
  );
  const text = (name: string) => {
    const short = awkwardText(name, world.random);
    const bytes = sizes.draw();
    if (bytes === 0) return short;
    return `${short} ${"\u0001".repeat(bytes - bytesOf(short).length - 1)}`;
  };
  const isAnswered = () => clients.every((client) => client.unanswered === 0);
  const hasAll = () =>
    heads.every((head) =>
      head.core.members.length ===
        nodes.filter(({ process }) => !process.isDead).length
    );

  let isRotten = false;
  const repair = () => {
    const isRepaired = () =>
      heads.every((head) =>
        isRotten || head.missesNobody && head.knowsAllCopies
      ) &&
      lackingIn(history, nodes, replicas).length === 0;
    // To look costs more than to live for a second.
    for (let second = 0; !isRepaired(); second++) {
      assert.ok(second < 300, `it is not repaired: ${told(heads)}`);
      world.run(1_000);
    }
  };
  for (let round = world.between(1, 3); round > 0; round--) {
    // Too few are there for all copies, and nobody sends once they are back.
    const left = options.minReplicas < replicas && world.chance(0.5)
      ? nodes.slice(world.between(1, replicas - 1))
      : [];
    for (const node of left) node.kill("stays");
    for (let step = 0; step < 20; step++) {
      world.run(world.between(1, 200));
      const client = world.pick(clients);
      for (let n = world.between(1, 12); n > 0; n--) {
        client.process.handle(() => client.send(text));
      }
    }
    assert.ok(world.runUntil(isAnswered, 60_000), "messages stay unanswered");
    for (const node of left) node.start();
    assert.ok(world.runUntil(hasAll, 60_000), "they do not come back");
    if (options.minReplicas < replicas) repair();
    const node = world.pick(nodes);
    if (world.chance(0.25)) {
      isRotten = node.disk.flipBit() || isRotten;
      if (!isRotten) continue;
      // Found by its scrub, or by its next start.
      if (world.chance(0.5)) {
        node.kill("stays");
        node.start();
      }
      // The flipped bit may be in a line's ending, which is no damage.
      if (lackingIn(history, nodes, replicas).length === 0) continue;
    } else {
      node.loseDisk();
      if (world.chance(0.7)) node.start();
    }
    if (world.chance(0.3)) disturb(world, heads, nodes);
    // One that has no room keeps nobody from making copies on others.
    const full = world.pick(nodes);
    const others = nodes.filter((one) => one !== full && !one.process.isDead);
    full.disk.isFull = others.length >= replicas && world.chance(0.4);
    repair();
    full.disk.isFull = false;
    if (node.process.isDead) node.start();
    assert.ok(world.runUntil(hasAll, 60_000), "they do not join");
  }

  const reader = readAll(network, addresses);
  history.checkRead(reader.messages);
  if (!isRotten) assert.deepEqual(reader.missing, []);
  // A pass that was under way when a record rotted is followed by another.
  for (let i = 0; isRotten && i < 60; i++) {
    if (lackingIn(history, nodes, replicas).length === 0) break;
    world.run(1_000);
  }
  assert.deepEqual(lackingIn(history, nodes, replicas), []);
  // A pass may make a copy too many, of which the next must not make more.
  const most = Math.max(0, ...copiesOf(nodes).values());
  assert.ok(most <= 2 * replicas ** 2 * heads.length, `${most} copies of one`);
  return history.answered().length;
}

/** How long the messages of a history are, and how they are repaired. */
interface Sizes {
  /** Bytes of the next message; 0: as a person writes. */
  draw(): number;
  /** Records take their time where little is read a second. */
  readonly bytesPerSecond: readonly number[];
  /**
   * Always more than a record, as in life: what cannot be compared with anything
   * gets another copy in each pass.
   */
  readonly unjudgedBytesMin: number;
}

/**
 * Mostly as people write; at times so many are longer that a data node is read
 * in several pieces, and lanes grow meanwhile; and at times some are the longest
 * that there are, so that one more record is too much for a frame. On disk, each
 * byte of the longer ones takes four.
 */
function sizesOf(world: World): Sizes {
  const middle = () => world.chance(0.1) ? world.between(1_000, 4_000) : 0;
  const kind = world.random();
  if (kind < 0.04) {
    return {
      draw: () =>
        world.chance(0.01)
          ? MESSAGE_BYTES_MAX - world.between(0, world.pick([500, 150_000]))
          : middle(),
      bytesPerSecond: [8 * 1024 * 1024],
      unjudgedBytesMin: 2 * 1024 * 1024,
    };
  }
  if (kind < 0.1) {
    return {
      draw: middle,
      bytesPerSecond: [1024 * 1024],
      unjudgedBytesMin: 40_000,
    };
  }
  return {
    draw: () => 0,
    bytesPerSecond: [20_000, 1024 * 1024],
    unjudgedBytesMin: 2_000,
  };
}

/** What heads remember, and who is there. */
function told(heads: readonly SimHead[]): string {
  return JSON.stringify(
    heads.map(({ memory, core }) => [
      memory?.nodes,
      core.members.map(({ id }) => id),
    ]),
  );
}

/** Something happens while copies are made. */
function disturb(
  world: World,
  heads: readonly SimHead[],
  nodes: readonly SimData[],
): void {
  world.run(world.between(1, 8_000));
  const node = world.pick(nodes);
  if (!node.process.isDead) {
    node.kill(world.pick(["stays", "lost"]));
    node.start();
  }
  const head = world.pick(heads);
  head.process.kill();
  head.start();
}

/** Messages that were answered and are on fewer disks than they should be. */
function lackingIn(
  history: History,
  nodes: readonly SimData[],
  replicas: number,
): string[] {
  const disks = copiesOf(nodes, (texts) => new Set(texts));
  return history.answered().map(({ text }) => text)
    .filter((text) => (disks.get(text) ?? 0) < replicas);
}

/** How often each text stands on disks, or on how many if `each` is a set. */
function copiesOf(
  nodes: readonly SimData[],
  each: (texts: string[]) => Iterable<string> = (texts) => texts,
): ReadonlyMap<string, number> {
  const copies = new Map<string, number>();
  for (const { disk } of nodes) {
    for (const text of each(storedTexts(disk))) {
      copies.set(text, (copies.get(text) ?? 0) + 1);
    }
  }
  return copies;
}
