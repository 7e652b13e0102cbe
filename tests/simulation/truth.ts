/**
 * What is reported is true, whatever was lost: disks for good, directories put
 * back from older copies, heads without their memory, flags that change from
 * life to life, data nodes that cannot be read back.
 *
 * Messages may be lost here, as more disks fail than there are copies. Then
 * nobody may say that all is there:
 * - a reading that ends without a doubt has everything that had been
 *   acknowledged when it began, also one during failures;
 * - a follower that is let run to its end, and has no doubt, has seen everything;
 * - when repair says that nothing is missing, everything acknowledged is on the
 *   disk of a data node that is there.
 *
 * Unless a data node that has records is known to nobody who is here: it is away,
 * and so is, or has forgotten, everybody who was there when it was met.
 *
 * And where nothing was lost, and all are back, nobody doubts for ever.
 */

import assert from "node:assert/strict";
import {
  headDefaults,
  OriginalData,
  SimClient,
  SimData,
  SimHead,
  SimReader,
} from "./cluster.ts";
import { awkwardText, History, type Sent, storedTexts } from "./history.ts";
import { SimNetwork } from "./sim_network.ts";
import { World } from "./world.ts";

/** Time away after which copies are made again, in ms. */
const REPAIR_AFTER_MS = 3_000;

/** A reading, and what had been acknowledged when it began. */
interface Reading {
  readonly reader: SimReader;
  readonly acknowledged: readonly Sent[];
  readonly what: string;
  /** Whether it was witnessed, from its begin to its end, who has records. */
  isWitnessed: boolean;
}

/**
 * One history of losses.
 *
 * @returns How many claims were checked.
 * @throws One of them was false.
 */
export function runTruth(seed: number): number {
  const world = new World(seed);
  const network = new SimNetwork(world, {
    delayMs: [0.1, world.pick([1, 20])],
    splitChance: 0,
  });
  const newOptions = () => {
    const replicas = world.pick([1, 1, 2, 2, 3]);
    return {
      ...headDefaults,
      replicas,
      minReplicas: world.pick([replicas, replicas, 1]),
      repairAfterMs: REPAIR_AFTER_MS,
      repairBytesPerSecond: world.pick([20_000, 1024 * 1024]),
      unjudgedBytesMax: world.pick([2_000, 32 * 1024 * 1024]),
    };
  };
  const options = newOptions();
  const heads = Array.from(
    { length: world.pick([1, 1, 2]) },
    (_, i) =>
      new SimHead(
        network,
        `10.0.0.${i + 1}`,
        world.chance(0.7) ? options : newOptions(),
      ),
  );
  const addresses = heads.map((head) => head.address);
  const nodes = Array.from(
    { length: world.between(2, 4) },
    (_, i) =>
      new SimData(network, `10.0.1.${i + 1}`, addresses, {
        syncMs: [0.1, world.pick([1, 30])],
        syncFailureChance: world.pick([0, 0, 0.02]),
      }),
  );
  const hasOriginal = world.chance(0.15);
  if (hasOriginal) new OriginalData(network, "10.0.4.1", addresses[0]!);
  const history = new History();
  const clients = Array.from(
    { length: world.between(1, 3) },
    (_, i) => new SimClient(network, `10.0.2.${i + 1}`, addresses, history),
  );
  // An original takes no long ones, and may be the only one that is there.
  const text = textMaker(world, !hasOriginal && world.chance(0.05));
  const send = () => {
    const client = world.pick(clients);
    for (let n = world.between(1, 12); n > 0; n--) {
      client.process.handle(() => client.send(text));
    }
  };

  let checked = 0;
  let readers = 0;
  let wasLost = false;
  const readings: Reading[] = [];
  const holders = new Set<string>();
  /** Whether everybody who ever stored something is known to somebody here. */
  const areWitnessed = () => {
    const known = new Set([...heads, ...nodes].flatMap((one) => one.knownIds));
    return [...holders].every((id) => known.has(id));
  };
  const begin = (what: string, follow: boolean): Reading => {
    const acknowledged = history.answered();
    const host = `10.0.3.${++readers}`;
    const reader = new SimReader(network, host, addresses, follow);
    const isWitnessed = areWitnessed();
    const reading = { reader, acknowledged, what, isWitnessed };
    reader.onFinished = () => reading.isWitnessed &&= areWitnessed();
    return reading;
  };
  const isOnDisk = () => {
    const stored = new Set(nodes.flatMap(({ disk }) => storedTexts(disk)));
    return ({ text }: Sent) => stored.has(text);
  };
  for (const head of heads) {
    head.onStored = (nodeId) => void holders.add(nodeId);
    head.onRepaired = (doubt) => {
      if (doubt !== undefined || !areWitnessed()) return;
      checked++;
      const isThere = isOnDisk();
      for (const sent of history.answered()) {
        assert.ok(isThere(sent), `'${sent.text}' is gone, and was not missed`);
      }
    };
  }
  const follower = begin("follower", true);
  // Heads lose their memory, or data nodes lose records: who has lost both what
  // was and what is known of it cannot know. What originals have is lost when
  // they leave.
  const isForgetful = !hasOriginal && world.chance(0.5);
  const copies = new Map<SimData, ReadonlyMap<string, Uint8Array>>();

  for (let step = 0; step < 60; step++) {
    world.run(world.between(1, 400));
    const node = world.pick(nodes);
    const head = world.pick(heads);
    switch (world.between(0, 24)) {
      case 0:
        node.kill(world.pick(["stays", "lost"]));
        break;
      case 1:
      case 2:
        if (node.process.isDead) node.start();
        break;
      case 3:
        node.process.stop();
        world.after(world.between(10, 15_000), () => node.process.goOn());
        break;
      case 4:
        // The disk is gone, and nobody ever brings it back.
        if (isForgetful || !world.chance(0.3)) break;
        wasLost = true;
        node.loseDisk();
        if (world.chance(0.7)) node.start();
        break;
      case 5:
        copies.set(node, node.disk.snapshot());
        break;
      case 6: {
        const copy = copies.get(node);
        if (copy === undefined || isForgetful) break;
        if (heads.some(({ process }) => process.isDead)) break;
        // It takes a person some time, in which heads note how far it was.
        world.run(11_000);
        if (!heads.every((head) => head.hasNoted(node.nodeId))) break;
        wasLost = true;
        node.kill("stays");
        node.disk.restore(copy);
        node.start();
        break;
      }
      case 7:
        if (!world.chance(0.4)) break;
        head.process.kill();
        // As an operator starts it again, with other flags.
        if (world.chance(0.4)) head.options = newOptions();
        break;
      case 8:
        if (!head.process.isDead) break;
        if (isForgetful && world.chance(0.5)) head.memory = undefined;
        head.start();
        break;
      case 9:
        node.disk.isFull = world.chance(0.5);
        break;
      case 10:
        head.isFull = isForgetful && world.chance(0.5);
        break;
      case 11:
        readings.push(begin("reading during failures", false));
        break;
      case 12:
        world.run(world.between(1_000, 10_000));
        break;
      default:
        send();
    }
  }

  // What can come back comes back.
  network.mend();
  for (const host of [...heads, ...nodes]) {
    host.process.goOn();
    if (host.process.isDead) host.start();
  }
  for (const host of nodes) host.disk.isFull = false;
  for (const host of heads) host.isFull = false;
  const isAnswered = () => clients.every(({ unanswered }) => unanswered === 0);
  const canStore = heads.every(({ options }) =>
    options.minReplicas <= nodes.length
  );
  if (canStore) {
    assert.ok(world.runUntil(isAnswered, 120_000), "messages stay unanswered");
  }
  world.run(world.pick([0, 1_000, 30_000]));
  if (!wasLost) {
    // Connections of processes that died a moment ago look open still.
    world.run(2_000);
    const areHere = () =>
      heads.every(({ core }) =>
        core.members.filter(({ isReadable }) => isReadable).length ===
          nodes.length
      );
    assert.ok(world.runUntil(areHere, 60_000), "not all data nodes are back");
  }

  follower.reader.stopFollowing();
  const acknowledged = history.answered();
  readings.push(begin("last reading", false));
  const all = [follower, ...readings];
  const areRead = () => all.every(({ reader }) => reader.isFinished);
  assert.ok(world.runUntil(areRead, 120_000), "a reading does not end");
  for (const reading of [...readings, { ...follower, acknowledged }]) {
    checkOrder(reading);
    if (reading.reader.missing.length > 0 || !reading.isWitnessed) continue;
    checked++;
    const read = new Set(reading.reader.messages.map(({ text }) => text));
    for (const { text } of reading.acknowledged) {
      assert.ok(read.has(text), `${reading.what} lacks '${text}' and says not`);
    }
  }
  if (!wasLost && !hasOriginal) {
    const { missing } = readings.at(-1)!.reader;
    assert.deepEqual(missing, [], "nothing was lost, and all are there");
  }
  return checked;
}

/** Each message once, each client's in order: but what comes late, as told. */
function checkOrder({ reader, what }: Reading): void {
  const seen = new Set<string>();
  for (const { clientId, sequence } of reader.messages) {
    const id = `${clientId}-${sequence}`;
    assert.ok(!seen.has(id), `${what} has ${id} twice`);
    seen.add(id);
  }
}

/** Texts of people, and now and then one that takes four bytes a byte. */
function textMaker(
  world: World,
  hasLong: boolean,
): (name: string) => string {
  return (name) => {
    const text = awkwardText(name, world.random);
    if (!hasLong || !world.chance(0.02)) return text;
    return `${text} ${"\u0001".repeat(world.between(120_000, 260_000))}`;
  };
}
