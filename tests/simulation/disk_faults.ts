/**
 * Others touch the files of data nodes, while these run and while they do not:
 * rename, replace, cut and remove them, put old ones back; syncs fail, power
 * goes, disks fill. Nothing is answered into a file that is not there, and what
 * is taken away is damage that is reported, and made up for where there are
 * copies.
 */

import assert from "node:assert/strict";
import { headDefaults, SimClient, SimData, SimHead } from "./cluster.ts";
import { awkwardText, History, storedTexts } from "./history.ts";
import { readAll } from "./read_all.ts";
import type { SimDisk } from "./sim_disk.ts";
import { CONTENTS_FILE } from "../../lib/store/contents.ts";
import { SimNetwork } from "./sim_network.ts";
import { World } from "./world.ts";

/** Time away after which copies are made again, in ms. */
const REPAIR_AFTER_MS = 3_000;

/** In this time a data node has looked at its active files, in ms. */
const LOOK_MS_MAX = 1_200;

/** In this time it has looked at all, in ms. */
const LOOK_ALL_MS_MAX = 30_000;

/** In this time it has noted what is on its disk, in ms. */
const NOTE_MS_MAX = 12_000;

/**
 * One history of some seconds.
 *
 * @returns How many messages were acknowledged.
 * @throws Something that was promised was not kept.
 */
export function runDiskFaults(seed: number): number {
  const world = new World(seed);
  const network = new SimNetwork(world, {
    delayMs: [0.1, world.pick([1, 20])],
    splitChance: world.pick([0, 0.3]),
  });
  const replicas = world.pick([1, 2]);
  const options = {
    ...headDefaults,
    replicas,
    minReplicas: replicas,
    repairAfterMs: REPAIR_AFTER_MS,
  };
  const head = new SimHead(network, "10.0.0.1", options);
  const nodes = Array.from(
    { length: world.between(2, 4) },
    (_, i) =>
      new SimData(network, `10.0.1.${i + 1}`, [head.address], {
        syncMs: [0.1, world.pick([1, 30, 300])],
        syncFailureChance: world.pick([0, 0.02, 0.2]),
      }),
  );
  const history = new History();
  const clients = Array.from(
    { length: world.between(1, 3) },
    (_, i) =>
      new SimClient(network, `10.0.2.${i + 1}`, [head.address], history),
  );
  const isAnswered = () => clients.every((client) => client.unanswered === 0);
  const text = (name: string) => awkwardText(name, world.random);
  // One copy of each message is where nobody takes it away.
  const victim = new Victim(world, world.pick(nodes));
  /** Some time of traffic, in which power fails and disks are full. */
  const live = (steps: number, isTouching: boolean) => {
    for (let step = 0; step < steps; step++) {
      world.run(world.between(1, 300));
      const client = world.pick(clients);
      for (let n = world.between(0, 12); n > 0; n--) {
        client.process.handle(() => client.send(text));
      }
      const node = world.pick(nodes);
      switch (world.between(0, 9)) {
        case 0:
          node.kill(world.pick(["stays", "lost"]));
          world.after(world.between(1, 2_000), () => victim.start(node));
          break;
        case 1:
          node.disk.isFull = world.chance(0.3);
          break;
        case 2:
          if (isTouching && world.chance(0.5)) victim.touch(isAnswered);
          break;
      }
    }
    for (const node of nodes) node.disk.isFull = false;
    world.run(2_000);
    const isDone = () =>
      isAnswered() && head.core.members.length === nodes.length;
    assert.ok(world.runUntil(isDone, 120_000), "messages stay unanswered");
  };

  live(40, true);
  world.run(LOOK_ALL_MS_MAX);
  const untouchedSinceMs = world.nowMs();
  live(20, false);
  world.run(LOOK_MS_MAX);

  const { node, isRenewed } = victim;
  for (const other of nodes) {
    if (other === node) continue;
    assert.ok(!other.core.isDamaged, `${other.host} lost what nobody touched`);
  }
  if (!victim.isTouched) assert.ok(!node.core.isDamaged, "nobody touched it");
  checkAnswers(
    history,
    nodes,
    (host, sentMs) =>
      host === node.host && sentMs < untouchedSinceMs &&
      (node.hasToldDamage || isRenewed),
  );
  if (replicas === 2 && !victim.mayLackUnseen) {
    const isRefilled = () => lackingIn(history, nodes).length === 0;
    world.runUntil(isRefilled, 120_000);
    assert.deepEqual(lackingIn(history, nodes), [], "too few copies");
  }
  const reader = readAll(network, [head.address]);
  const isSpared = replicas === 2
    ? !victim.mayLackUnseen
    : !node.hasToldDamage && !isRenewed;
  if (isSpared) history.checkRead(reader.messages);
  for (const one of nodes) checkRestart(world, one);
  if (node.core.isDamaged) {
    assert.ok(reader.missing.length > 0, "nobody is told of the loss");
    node.core.healed();
    checkRestart(world, node);
    checkRestart(world, node);
    assert.equal(node.core.losses.length, 0, "it is not healed for good");
  } else if (!isRenewed && !victim.isTouched) {
    assert.deepEqual(reader.missing, []);
  }
  return history.answered().length;
}

/** A restart takes nothing away, and so nothing is said to be gone. */
function checkRestart(world: World, node: SimData): void {
  world.run(NOTE_MS_MAX);
  const { outruns } = node;
  const { end } = node.core;
  node.kill("stays");
  node.start();
  assert.equal(node.core.end, end, "positions have moved");
  world.run(LOOK_MS_MAX);
  assert.equal(node.outruns, outruns, "what is said to be gone is not");
}

/** A data node whose files are touched by others. */
class Victim {
  readonly #world: World;
  readonly node: SimData;
  isTouched = false;
  /** Whether it began anew, as another data node, since it had nothing left. */
  isRenewed = false;
  /**
   * Whether copies of messages that were not answered yet may have gone with
   * the directory: they count, since nobody can know so soon.
   */
  mayLackUnseen = false;

  constructor(world: World, node: SimData) {
    this.#world = world;
    this.node = node;
  }

  /** As the program: a directory without records is a new data node's. */
  start(node: SimData): void {
    if (!node.process.isDead) return;
    if (!hasRecords(node.disk)) {
      assert.equal(node, this.node, "its records are gone");
      this.isRenewed = true;
      node.loseDisk();
    }
    node.start();
  }

  /** Something happens to one of its files. */
  touch(isQuiet: () => boolean): void {
    const { node } = this;
    const world = this.#world;
    const { disk } = node;
    if (node.process.isDead) return;
    disk.isFull = false;
    if (world.chance(0.3)) {
      this.#touchStopped(isQuiet);
      return;
    }
    const names = filesOf(disk);
    // The last touch has left none, and none is made yet.
    if (names.length === 0) return;
    const name = world.pick(names);
    this.isTouched = true;
    switch (world.between(0, 5)) {
      case 0:
        disk.renameUnder(name, `${name}.1`);
        if (world.chance(0.5)) disk.createUnder(name);
        break;
      case 1:
        disk.replaceUnder(name);
        break;
      case 2:
      case 3: {
        const { length } = disk.files.get(name)!;
        disk.truncateUnder(name, world.pick([0, world.between(0, length)]));
        break;
      }
      case 4:
        disk.removeUnder(name);
        break;
      case 5: {
        if (!world.chance(0.3)) break;
        this.mayLackUnseen ||= !isQuiet();
        const { process } = node;
        disk.removeDirectory(world.chance(0.5));
        world.run(world.between(1, 3_000));
        // Another life may have begun, which makes what it needs.
        if (node.process === process) {
          assert.equal(disk.files.size, 0, "it was made anew");
        }
        this.isRenewed = true;
        node.loseDisk();
        node.start();
        return;
      }
    }
    // One that dies before it looks knows what it has noted, and no more.
    world.run(LOOK_MS_MAX);
  }

  /** The same while it does not run, and has noted what it had. */
  #touchStopped(isQuiet: () => boolean): void {
    const { node } = this;
    const world = this.#world;
    const { disk } = node;
    const before = new Map(
      [...disk.snapshot()].filter(([name]) => name !== CONTENTS_FILE),
    );
    if (!world.runUntil(isQuiet, 30_000)) return;
    world.run(NOTE_MS_MAX);
    if (node.process.isDead) return;
    node.kill(world.pick(["stays", "lost"]));
    const names = filesOf(disk);
    if (names.length === 0) {
      this.start(node);
      return;
    }
    const name = world.pick(names);
    const isSealed = /-\d+\.txt$/.test(name);
    const { length } = disk.files.get(name)!;
    this.isTouched = true;
    let rest = length;
    switch (world.between(0, 2)) {
      case 0:
        rest = 0;
        disk.removeUnder(name);
        break;
      case 1:
        rest = world.between(0, length);
        disk.truncateUnder(name, rest);
        break;
      case 2: {
        const contents = disk.snapshot().get(CONTENTS_FILE)!;
        disk.restore(new Map([...before, [CONTENTS_FILE, contents]]));
        break;
      }
    }
    this.start(node);
    if (this.isRenewed || !isSealed || rest === length) return;
    const isNamed = node.core.losses.some((loss) => loss.name === name);
    assert.ok(isNamed, `it does not say what ${name} lacks`);
  }
}

function filesOf(disk: SimDisk): string[] {
  return [...disk.files.keys()].filter((name) =>
    /^(data|restored).*\.txt$/.test(name)
  );
}

function hasRecords(disk: SimDisk): boolean {
  return filesOf(disk).some((name) => name.startsWith("data"));
}

/**
 * What was answered is where the answer says.
 *
 * @param isExcused Whether a node has told that what it had may be lost.
 */
function checkAnswers(
  history: History,
  nodes: readonly SimData[],
  isExcused: (host: string, sentMs: number) => boolean,
): void {
  const texts = new Map(
    nodes.map(({ host, disk }) => [host, new Set(storedTexts(disk))]),
  );
  for (const { text, sentMs, answer } of history.answered()) {
    for (const host of answer!) {
      assert.ok(
        texts.get(host)!.has(text) || isExcused(host, sentMs),
        `'${text}' was answered as stored at ${host}, which says nothing`,
      );
    }
  }
}

/** Messages that were answered and are on fewer than two disks. */
function lackingIn(history: History, nodes: readonly SimData[]): string[] {
  const copies = new Map<string, number>();
  for (const { disk } of nodes) {
    for (const text of new Set(storedTexts(disk))) {
      copies.set(text, (copies.get(text) ?? 0) + 1);
    }
  }
  return history.answered().map(({ text }) => text)
    .filter((text) => (copies.get(text) ?? 0) < 2);
}
