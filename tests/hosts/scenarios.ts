/**
 * Failures of real hosts, one at a time, while clients send: how soon they are
 * seen, who is accused wrongly, how long clients wait, and whether anything is
 * lost, doubled or out of order.
 */

import { compare, type Comparison } from "../system/load.ts";
import { Cluster, type ClusterOptions, type Node } from "./cluster.ts";
import { textsOf } from "./load_process.ts";

/** What a failure does to the data nodes that it touches. */
export type Effect =
  /** They leave at once: their connections are closed. */
  | "left"
  /** They are suspect, and then dead. */
  | "dead"
  /** They are slow, and must not be taken for dead. */
  | "alive";

/** One kind of failure. */
export interface Scenario {
  readonly name: string;
  readonly effect: Effect;
  /** For how long it lasts after it is seen, in ms. */
  readonly lastsMs: number;
  /** The nodes that are touched. */
  readonly touched: (cluster: Cluster) => readonly Node[];
  readonly begin: (node: Node) => Promise<void> | void;
  readonly end: (node: Node) => Promise<void> | void;
}

/** What came of one failure. */
export interface Outcome extends Comparison {
  /** From the failure to the first suspicion of each head that is well, in ms. */
  readonly suspectMs: readonly number[];
  /** From the failure to the end of membership at each such head, in ms. */
  readonly goneMs: readonly number[];
  /** Suspicions of data nodes that were not touched. */
  readonly wronglySuspected: number;
  /** Data nodes put out that were not touched, or only slow. */
  readonly wronglyDead: number;
  /** Longest time for which a client waited for an answer, in ms. */
  readonly stallMs: number;
  /** Errors that clients had. */
  readonly errors: readonly string[];
}

const firstNode = ({ nodes }: Cluster) => [nodes[0]!];
const firstHead = ({ heads }: Cluster) => [heads[0]!];
const halfTheNodes = ({ nodes }: Cluster) => nodes.slice(0, nodes.length / 2);
const kill = async ({ process }: Node) => await process.kill();
const restart = (node: Node) => node.restart();
const stop = ({ process }: Node) => process.signal("SIGSTOP");
const goOn = ({ process }: Node) => process.signal("SIGCONT");
const mend = ({ host }: Node) => host.mend();

/** A cable that is cut and mended, five times, for half a second each. */
async function flap({ host }: Node): Promise<void> {
  for (let i = 0; i < 5; i++) {
    await host.cut("both");
    await pause(700);
    await host.mend();
    await pause(700);
  }
}

/** All scenarios. */
export const scenarios: readonly Scenario[] = [
  {
    name: "process killed",
    effect: "left",
    lastsMs: 500,
    touched: firstNode,
    begin: kill,
    end: restart,
  },
  {
    name: "process stopped",
    effect: "dead",
    lastsMs: 500,
    touched: firstNode,
    begin: stop,
    end: goOn,
  },
  {
    name: "cable cut both ways",
    effect: "dead",
    lastsMs: 500,
    touched: firstNode,
    begin: ({ host }) => host.cut("both"),
    end: mend,
  },
  {
    name: "cable cut, cannot speak",
    effect: "dead",
    lastsMs: 500,
    touched: firstNode,
    begin: ({ host }) => host.cut("out"),
    end: mend,
  },
  {
    name: "cable cut, cannot hear",
    effect: "dead",
    lastsMs: 500,
    touched: firstNode,
    begin: ({ host }) => host.cut("in"),
    end: mend,
  },
  {
    name: "20 % of packets lost",
    effect: "alive",
    lastsMs: 5_000,
    touched: firstNode,
    begin: ({ host }) => host.lose(20),
    end: mend,
  },
  {
    name: "300 ms of delay",
    effect: "alive",
    lastsMs: 5_000,
    touched: firstNode,
    begin: ({ host }) => host.delay(300),
    end: mend,
  },
  {
    name: "back with another address",
    effect: "left",
    lastsMs: 0,
    touched: firstNode,
    begin: async ({ host, process }) => {
      await process.kill();
      await host.moveTo("10.77.0.99");
    },
    end: restart,
  },
  {
    name: "head killed",
    effect: "alive",
    lastsMs: 3_000,
    touched: firstHead,
    begin: kill,
    end: restart,
  },
  {
    name: "head stopped",
    effect: "alive",
    lastsMs: 5_000,
    touched: firstHead,
    begin: stop,
    end: goOn,
  },
  {
    name: "head cut off",
    effect: "alive",
    lastsMs: 5_000,
    touched: firstHead,
    begin: ({ host }) => host.cut("both"),
    end: mend,
  },
  {
    name: "half the data nodes cut off",
    effect: "dead",
    lastsMs: 500,
    touched: halfTheNodes,
    begin: ({ host }) => host.cut("both"),
    end: mend,
  },
  {
    name: "flapping cable",
    effect: "alive",
    lastsMs: 0,
    touched: firstNode,
    begin: flap,
    end: mend,
  },
];

/** How long a dead data node may take to be put out, in ms. */
const GONE_MS_MAX = 40_000;

/** Runs one scenario on a cluster of its own. */
export async function runScenario(
  scenario: Scenario,
  options: ClusterOptions,
): Promise<Outcome> {
  await using cluster = await Cluster.start(options);
  const touched = scenario.touched(cluster);
  const addresses = touched.map(({ host }) => host.address);
  const heads = cluster.heads.flatMap((head, i) =>
    touched.includes(head) ? [] : [i]
  );
  const beginMs = Date.now();
  const begun = touched.map((node) => scenario.begin(node));
  await Promise.all(begun);
  const judge = () =>
    heads.map((head) => judgementsOf(cluster.linesOf(head), beginMs));
  const isSeen = () =>
    judge().every((judged) =>
      addresses.every((address) =>
        judged.some(({ host, kind }) => kind === "left" && host === address)
      )
    );
  const endMs = Date.now() + GONE_MS_MAX;
  while (scenario.effect !== "alive" && !isSeen() && Date.now() < endMs) {
    await pause(20);
  }
  await pause(scenario.lastsMs);
  const judged = judge();
  for (const node of touched) await scenario.end(node);

  const read = await cluster.readAll();
  const load = await cluster.finishLoad();
  // What was sent while it was read is read as well.
  const texts = new Set(textsOf(load));
  const isLate = read.length < texts.size;
  const figures = compare(
    texts,
    texts,
    isLate ? await cluster.readAll() : read,
  );
  const firstMs = (...kinds: readonly Judgement["kind"][]) =>
    judged.flatMap((all) =>
      all.find(({ host, kind }) =>
        addresses.includes(host) && kinds.includes(kind)
      )?.ms ?? []
    );
  const all = judged.flat();
  const wrong = all.filter(({ host }) => !addresses.includes(host));
  const dead = scenario.effect === "alive" ? all : wrong;
  return {
    ...figures,
    suspectMs: firstMs("suspect", "left"),
    goneMs: firstMs("left"),
    wronglySuspected: wrong.filter(({ kind }) => kind === "suspect").length,
    wronglyDead: dead.filter(({ kind }) => kind === "dead").length,
    stallMs: Math.round(load.stallMs),
    errors: load.errors,
  };
}

/** What a head has written of a data node. */
interface Judgement {
  readonly kind: "suspect" | "left" | "dead";
  readonly host: string;
  /** Since the failure. */
  readonly ms: number;
}

/** What lines of a head's logs say of data nodes, since a moment. */
function judgementsOf(lines: readonly string[], sinceMs: number): Judgement[] {
  return lines.flatMap((line) => {
    const [, time = "", text = ""] = /^(\S+ \S+) - (.*)$/.exec(line) ?? [];
    const ms = Date.parse(time.replace(" ", "T").replace(",", ".")) - sinceMs;
    const [, host, word] =
      /^dataNode (\S+) \(\w+\) (suspect|left):/.exec(text) ??
        // With evidence; of a closed connection there is none.
        /^dataNode (\S+) \(\w+\) no disponible, (eliminado): .*host/.exec(
          text,
        ) ??
        [];
    if (ms < 0 || host === undefined) return [];
    const kind = word === "suspect" || word === "left" ? word : "dead";
    return [{ kind, host, ms }];
  });
}

/** Lets a failure last. */
function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
