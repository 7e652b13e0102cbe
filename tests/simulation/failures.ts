/**
 * Failures of hosts, one kind at a time: how soon they are seen, who is accused
 * wrongly, how long clients wait, and whether anything is lost.
 */

import assert from "node:assert/strict";
import { headDefaults, SimClient, SimData, SimHead } from "./cluster.ts";
import { History } from "./history.ts";
import { readAll } from "./read_all.ts";
import { SimNetwork } from "./sim_network.ts";
import { World } from "./world.ts";

/** What can be done to a cluster. */
export interface Cluster {
  readonly world: World;
  readonly network: SimNetwork;
  readonly heads: readonly SimHead[];
  readonly nodes: readonly SimData[];
  /** Of the heads. */
  readonly addresses: readonly string[];
}

/** One kind of failure. */
interface Scenario {
  readonly name: string;
  /** @returns The hosts that are touched. */
  readonly begin: (cluster: Cluster) => readonly string[];
  /** Ends it, when the network is mended and all processes go on anyway. */
  readonly end?: (cluster: Cluster) => void;
  /** What a touched data node must be taken for by every head that is not. */
  readonly expected: "left" | "dead" | "suspect" | "alive";
}

/** What came of one failure. */
export interface Outcome {
  readonly acknowledged: number;
  /** From the failure to the first suspicion, in ms, by each head. */
  readonly suspectMs: readonly number[];
  /** From the failure to the end of membership, in ms, by each head. */
  readonly goneMs: readonly number[];
  /** Data nodes that were not touched, and suspected. */
  readonly wronglySuspected: number;
  /** Data nodes that were well, or only slow, and put out. */
  readonly wronglyDead: number;
  /** Longest time for which a client waited for an answer, in ms. */
  readonly stallMs: number;
}

/** One data node is touched, in this way. */
function oneNode(
  touch: (node: SimData, cluster: Cluster) => void,
): Scenario["begin"] {
  return (cluster) => {
    const node = cluster.nodes[0]!;
    const host = node.host;
    touch(node, cluster);
    return [host, node.host];
  };
}

/** All scenarios. */
export const scenarios: readonly Scenario[] = [
  {
    name: "process killed",
    begin: oneNode((node) => node.kill("stays")),
    expected: "left",
  },
  {
    name: "process stopped",
    begin: oneNode((node) => node.process.stop()),
    expected: "dead",
  },
  {
    name: "cable cut both ways",
    begin: oneNode(({ host }, { network }) => network.cutOff(host, "both")),
    expected: "dead",
  },
  {
    name: "cable cut, cannot speak",
    begin: oneNode(({ host }, { network }) => network.cutOff(host, "out")),
    expected: "dead",
  },
  {
    name: "cable cut, cannot hear",
    begin: oneNode(({ host }, { network }) => network.cutOff(host, "in")),
    expected: "dead",
  },
  {
    name: "20 % of packets lost",
    begin: oneNode(({ host }, { network }) =>
      network.cables.set(host, { delayMs: 0, lossChance: 0.2 })
    ),
    expected: "alive",
  },
  {
    name: "300 ms of delay",
    begin: oneNode(({ host }, { network }) =>
      network.cables.set(host, { delayMs: 300, lossChance: 0 })
    ),
    expected: "alive",
  },
  {
    name: "back with another address",
    begin: oneNode((node) => node.moveTo("10.0.1.99")),
    expected: "left",
  },
  {
    name: "head killed",
    begin: ({ heads }) => {
      heads[0]!.process.kill();
      return [heads[0]!.host];
    },
    expected: "alive",
  },
  {
    name: "head stopped",
    begin: ({ heads }) => {
      heads[0]!.process.stop();
      return [heads[0]!.host];
    },
    expected: "alive",
  },
  {
    name: "head cut off",
    begin: ({ heads, network }) => {
      network.cutOff(heads[0]!.host, "both");
      return [heads[0]!.host];
    },
    expected: "alive",
  },
  {
    name: "half the data nodes cut off",
    begin: ({ nodes, network }) => {
      const half = nodes.slice(0, nodes.length / 2);
      for (const { host } of half) network.cutOff(host, "both");
      return half.map(({ host }) => host);
    },
    expected: "dead",
  },
  {
    name: "flapping cable",
    begin: oneNode(({ host }, { network, world }) => {
      for (let i = 0; i < 10; i++) {
        world.after(i * 2_000, () => network.cutOff(host, "both"));
        world.after(i * 2_000 + 1_000, () => network.mend());
      }
    }),
    expected: "suspect",
  },
];

/** For how long a failure lasts, in ms. */
const LASTS_MS = 25_000;

/** Starts two heads and four data nodes. */
export function startCluster(
  seed: number,
  heartbeatIntervalMs: number,
): Cluster {
  const world = new World(seed);
  const network = new SimNetwork(world, {
    delayMs: [0.1, world.pick([0.3, 2, 20])],
    splitChance: 0,
  });
  const replicas = world.pick([1, 2]);
  const options = {
    ...headDefaults,
    replicas,
    minReplicas: replicas,
    heartbeatIntervalMs,
  };
  const heads = ["10.0.0.1", "10.0.0.2"].map((host) =>
    new SimHead(network, host, options)
  );
  const addresses = heads.map((head) => head.address);
  const faults = { syncMs: [0.1, 10], syncFailureChance: 0 } as const;
  const nodes = Array.from(
    { length: 4 },
    (_, i) => new SimData(network, `10.0.1.${i + 1}`, addresses, faults),
  );
  return { world, network, heads, nodes, addresses };
}

/** Whether each head has each data node for a member. */
export function hasAll({ heads, nodes }: Cluster): boolean {
  return heads.every((head) => head.core.members.length === nodes.length);
}

/** Runs one failure of a cluster at work. */
export function runFailure(
  scenario: Scenario,
  seed: number,
  heartbeatIntervalMs: number,
): Outcome {
  const cluster = startCluster(seed, heartbeatIntervalMs);
  const { world, network, heads, nodes, addresses } = cluster;
  const history = new History();
  const clients = Array.from(
    { length: 4 },
    (_, i) => new SimClient(network, `10.0.2.${i + 1}`, addresses, history),
  );
  const isWhole = () => hasAll(cluster);
  assert.ok(world.runUntil(isWhole, 10_000), "they do not join");

  let stallMs = 0;
  const send = (client: SimClient) => {
    client.send((name) => name);
    stallMs = Math.max(stallMs, client.waitedMs);
    client.process.after(100, () => send(client));
  };
  for (const client of clients) client.process.handle(() => send(client));
  world.run(world.between(5_000, 15_000));

  const judged: Judged[] = [];
  const beginMs = world.nowMs();
  for (const head of heads) {
    head.onJudged = (judgement, host) => {
      const ms = world.nowMs() - beginMs;
      judged.push({ head: head.host, judgement, host, ms });
    };
  }
  stallMs = 0;
  const touched = scenario.begin(cluster);
  world.run(LASTS_MS);
  const during = judged.slice();

  network.mend();
  for (const host of [...heads, ...nodes]) {
    host.process.goOn();
    if (host.process.isDead) host.start();
  }
  assert.ok(world.runUntil(isWhole, 60_000), "they are not whole again");
  for (const client of clients) client.stopSending();
  const isDone = () => clients.every((client) => client.unanswered === 0);
  assert.ok(world.runUntil(isDone, 60_000), "messages stay unanswered");
  const reader = readAll(network, addresses);
  assert.deepEqual(reader.missing, []);
  history.checkRead(reader.messages);

  return {
    acknowledged: history.answered().length,
    ...judge(during, heads, touched, scenario),
    stallMs,
  };
}

/** What a head thought of a data node. */
interface Judged {
  readonly head: string;
  readonly judgement: "suspect" | "trusted" | "dead" | "left";
  readonly host: string;
  /** Since the failure. */
  readonly ms: number;
}

/** Sums up what heads that were not touched themselves have thought. */
function judge(
  judged: readonly Judged[],
  heads: readonly SimHead[],
  touched: readonly string[],
  { expected }: Scenario,
): Omit<Outcome, "acknowledged" | "stallMs"> {
  const fair = judged.filter(({ head }) => !touched.includes(head));
  const right = fair.filter(({ host }) => touched.includes(host));
  const wrong = fair.filter(({ host }) => !touched.includes(host));
  const firstMs = (...judgements: readonly Judged["judgement"][]) =>
    heads.flatMap(({ host }) =>
      right.find(({ head, judgement }) =>
        head === host && judgements.includes(judgement)
      )?.ms ?? []
    );
  const count = (all: readonly Judged[], judgement: Judged["judgement"]) =>
    all.filter((one) => one.judgement === judgement).length;
  const isAlive = expected === "alive" || expected === "suspect";
  return {
    suspectMs: firstMs("suspect", "left"),
    goneMs: firstMs("left"),
    wronglySuspected: count(wrong, "suspect"),
    wronglyDead: count(wrong, "dead") + (isAlive ? count(right, "dead") : 0),
  };
}
