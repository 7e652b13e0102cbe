/**
 * Clients that die and come back under their id: with the same messages, which
 * are stored once and answered again, and with others, which are refused rather
 * than acknowledged and dropped.
 */

import assert from "node:assert/strict";
import { ClientCore } from "../../lib/client/core.ts";
import { bytesOf } from "../../lib/base/ascii.ts";
import { headDefaults, SimData, SimHead } from "./cluster.ts";
import { storedTexts } from "./history.ts";
import { readAll } from "./read_all.ts";
import { SimNetwork } from "./sim_network.ts";
import { Process, World } from "./world.ts";

const ignore = () => {};

/** One life of a client: a process that sends messages under an id. */
class Life {
  /** In which round it lives. */
  readonly round: number;
  readonly process: Process;
  readonly core: ClientCore;
  readonly rejected = new Map<number, string>();
  /** Texts by sequence, from 1. */
  readonly texts: string[] = [];
  /** Sequences that were answered, and those that wait. */
  readonly answered = new Set<number>();

  constructor(
    network: SimNetwork,
    host: string,
    heads: readonly string[],
    clientId: string,
    round: number,
  ) {
    const { world } = network;
    this.round = round;
    this.process = new Process(world, host);
    this.core = new ClientCore({ to: heads, clientId, peer: "auto" }, {
      clock: world,
      random: world.random,
      dialer: network.dialer(host, this.process),
      events: {
        connected: ignore,
        lost: ignore,
        postponed: ignore,
        silent: ignore,
        answering: ignore,
        room: ignore,
        answered: (first, count) => {
          for (let i = 0; i < count; i++) this.answered.add(first + i);
        },
        rejected: (sequence, kind, reason) => {
          assert.equal(kind.word, "reused");
          this.rejected.set(sequence, reason);
        },
      },
    });
    this.core.start();
    this.process.every(() => this.core.tick());
  }

  get isSettled(): boolean {
    return this.answered.size + this.rejected.size === this.texts.length;
  }

  /** Sends as many messages more. */
  send(count: number, textOf: (sequence: number) => string): void {
    this.process.handle(() => {
      for (let i = 0; i < count && this.core.hasRoom; i++) {
        const text = textOf(this.texts.length + 1);
        this.texts.push(text);
        this.core.add(bytesOf(text));
      }
      this.process.sending(() => this.core.pump());
    });
  }
}

/** An id, and all who have used it. */
interface Identity {
  readonly id: string;
  readonly isResumed: boolean;
  readonly lives: Life[];
}

/**
 * One history.
 *
 * @returns How many messages were acknowledged in lives after the first, or
 * refused there: what this simulation is about.
 * @throws Something that was acknowledged is not read back.
 */
export function runReuse(seed: number): number {
  const world = new World(seed);
  const network = new SimNetwork(world, {
    delayMs: [0.1, world.pick([1, 20])],
    splitChance: world.pick([0, 0.3]),
  });
  const replicas = world.pick([1, 1, 2, 3]);
  const syncFailureChance = world.pick([0, 0, 0.03]);
  const heads = Array.from(
    { length: world.pick([1, 2]) },
    (_, i) =>
      new SimHead(network, `10.0.0.${i + 1}`, {
        ...headDefaults,
        replicas,
        minReplicas: replicas,
        placement: world.pick(["random", "round-robin", "least-loaded"]),
      }),
  );
  const addresses = heads.map((head) => head.address);
  const nodes = Array.from(
    { length: world.between(replicas, 5) },
    (_, i) =>
      new SimData(network, `10.0.1.${i + 1}`, addresses, {
        syncMs: [0.1, world.pick([1, 30])],
        syncFailureChance,
      }),
  );
  /** Data nodes that were away for a moment, in the lives of now. */
  const disturbed = new Set<SimData>();
  const identities: Identity[] = Array.from(
    { length: world.between(1, 3) },
    (_, i) => ({ id: `c${i}`, isResumed: world.chance(0.5), lives: [] }),
  );
  /** Who they were, round by round. */
  const away: string[][] = [];
  let hosts = 0;

  /** Everything is well, and what was under way has arrived. */
  const heal = () => {
    network.mend();
    for (const host of [...heads, ...nodes]) {
      host.process.goOn();
      if (host.process.isDead) host.start();
    }
    const isWell = () =>
      heads.every(({ core }) =>
        core.members.length === nodes.length && core.heldMessages === 0
      );
    assert.ok(world.runUntil(isWell, 120_000), "it does not get well");
    world.run(2_000);
    disturbed.clear();
  };
  const begin = (identity: Identity): Life => {
    const host = `10.0.2.${++hosts}`;
    const life = new Life(network, host, addresses, identity.id, away.length);
    identity.lives.push(life);
    return life;
  };
  const textOf =
    ({ id, isResumed }: Identity, life: number) => (sequence: number) =>
      isResumed
        ? `${id}#${sequence} \\n é`
        : `${id}#${sequence} of life ${life}`;
  const sendSome = (identity: Identity, life: Life) => {
    const number = identity.lives.indexOf(life) + 1;
    const count = world.between(1, world.pick([3, 40]));
    life.send(count, textOf(identity, number));
  };
  const livesOfNow = ({ lives }: Identity) =>
    lives.filter(({ round }) => round === away.length);

  for (let round = world.between(2, 4); round > 0; round--) {
    heal();
    for (const identity of identities) begin(identity);
    const isCalm = world.chance(0.4);
    for (let step = world.between(1, 25); step > 0; step--) {
      world.run(world.between(1, 200));
      for (const identity of identities) {
        const lives = livesOfNow(identity);
        if (world.chance(0.6)) sendSome(identity, world.pick(lives));
        // Another one under the same id, while the first goes on.
        const isKnown = lives.length === 1 && lives[0]!.answered.size > 0;
        if (isKnown && world.chance(0.05)) begin(identity);
      }
      if (!isCalm) disturb(world, network, heads, nodes, disturbed);
    }
    const lives = identities.flatMap(livesOfNow);
    for (const life of lives) {
      if (world.chance(0.3)) world.runUntil(() => life.isSettled, 5_000);
    }
    away.push([...disturbed].map(({ host }) => host));
    for (const { process } of lives) process.kill();
  }

  heal();
  let checked = 0;
  const before = copiesOf(nodes);
  for (const identity of identities.filter(({ isResumed }) => isResumed)) {
    const { lives } = identity;
    const longest = Math.max(...lives.map(({ texts }) => texts.length));
    const life = begin(identity);
    life.send(longest, textOf(identity, 0));
    assert.ok(world.runUntil(() => life.isSettled, 60_000), "no answers");
    assert.deepEqual([...life.rejected.values()], []);
    checked += life.answered.size;
    if (syncFailureChance > 0) continue;
    const after = copiesOf(nodes);
    for (const text of life.texts) {
      const copies = before.get(text) ?? 0;
      if (copies >= replicas) assert.equal(after.get(text), copies, text);
    }
  }

  const reader = readAll(network, addresses);
  assert.deepEqual(reader.missing, []);
  const read = new Set<string>();
  for (const { text } of reader.messages) {
    assert.equal(read.has(text), false, `'${text}' is read twice`);
    read.add(text);
  }
  for (const { lives, isResumed } of identities) {
    for (
      const [number, { answered, rejected, texts, round }] of lives.entries()
    ) {
      if (number > 0) checked += answered.size + rejected.size;
      for (const sequence of answered) {
        const text = texts[sequence - 1]!;
        if (read.has(text)) continue;
        // A message that only a data node had which was away for a moment, in
        // this life or a later one, could not be compared.
        const hosts = hostsOfOthers(nodes, text);
        const excused = new Set(away.slice(round).flat());
        assert.ok(
          !isResumed && hosts.length > 0 &&
            hosts.every((host) => excused.has(host)),
          `'${text}' was answered, and not read`,
        );
      }
    }
  }
  return checked;
}

/** The data nodes that have another message under the id of this one. */
function hostsOfOthers(nodes: readonly SimData[], text: string): string[] {
  const idOf = (text: string) => text.split(" ")[0];
  return nodes.filter(({ disk }) =>
    storedTexts(disk).some((other) =>
      other !== text && idOf(other) === idOf(text)
    )
  ).map(({ host }) => host);
}

/** Something happens to data nodes, heads or the network. */
function disturb(
  world: World,
  network: SimNetwork,
  heads: readonly SimHead[],
  nodes: readonly SimData[],
  disturbed: Set<SimData>,
): void {
  const node = world.pick(nodes);
  const head = world.pick(heads);
  switch (world.between(0, 9)) {
    case 0:
    case 1:
      node.kill(world.pick(["stays", "lost"]));
      disturbed.add(node);
      break;
    case 2:
    case 3:
      if (node.process.isDead) node.start();
      break;
    case 4:
      node.process.stop();
      disturbed.add(node);
      world.after(world.between(10, 5_000), () => node.process.goOn());
      break;
    case 5:
      if (world.chance(0.3)) head.process.kill();
      break;
    case 6:
      if (!head.process.isDead) break;
      head.start();
      // Data nodes come to a head that begins anew one after the other.
      for (const one of nodes) disturbed.add(one);
      break;
    case 7:
      network.cut(head.host, node.host);
      disturbed.add(node);
      world.after(world.between(10, 3_000), () => network.mend());
      break;
    default:
  }
}

/** How many data nodes have each text. */
function copiesOf(nodes: readonly SimData[]): Map<string, number> {
  const copies = new Map<string, number>();
  for (const { disk } of nodes) {
    for (const text of storedTexts(disk)) {
      copies.set(text, (copies.get(text) ?? 0) + 1);
    }
  }
  return copies;
}
