/** What the rows should show, and whether they do. */

import { costOf, type Found, latencyOf, rateOf, ratioOf } from "./found.ts";
import { bareServer, diskAlone, threadServer } from "./peers.ts";
import { whole } from "./report.ts";
import type { RowKey } from "./rows.ts";
import type { Target } from "./target.ts";

/** One goal. */
export interface Finding {
  readonly work: string;
  readonly goal: string;
  /** What was measured. */
  readonly here: string;
  readonly isReached: boolean;
}

/** What was found of the rows that were measured. */
export type FoundRows = Partial<Record<RowKey, readonly Found[]>>;

/** How much dearer a message may become and still count as costing the same. */
const FLAT = 1.25;

/** The goals that these rows speak of. */
export function goalsOf(rows: FoundRows): Finding[] {
  const { pipelined, closed, lone, kibibyte, server, connections, nodes } =
    rows;
  return [
    ...pipelined === undefined ? [] : [
      atLeast("10 connections, 1,000 in flight each", pipelined[0]!, 1_000_000),
      atLeast("the same, replicas 2", pipelined[1]!, 600_000),
      ...aheadOf(pipelined, 1.5),
    ],
    ...closed === undefined ? [] : [
      atLeast("100 clients, one in flight each", closed[0]!, 50_000),
      tail(closed[0]!),
      ...aheadOf(closed, 1),
    ],
    ...lone === undefined ? [] : [latency(lone), ...aheadOf(lone, 1)],
    ...kibibyte === undefined
      ? []
      : [bandwidth(kibibyte), ...aheadOf(kibibyte, 1.5)],
    ...server === undefined ? [] : [
      ratio("server, 100 clients", server, bareServer, 0.9),
      ratio("server, 100 clients", server, threadServer, 1),
    ],
    ...connections === undefined
      ? []
      : [flat("1 to 100 connections", connections)],
    ...nodes === undefined ? [] : [flat("1 to 16 data nodes", nodes)],
  ];
}

function atLeast(work: string, found: Found, perSecond: number): Finding {
  const rate = rateOf(found);
  return {
    work,
    goal: `${whole(perSecond)}/s`,
    here: `${whole(rate)}/s`,
    isReached: rate >= perSecond,
  };
}

function tail(found: Found): Finding {
  const times = latencyOf(found, "p99")! / latencyOf(found, "p50")!;
  return {
    work: "100 clients, one in flight each",
    goal: "p99 below 5 × the median",
    here: `${times.toFixed(1)} ×`,
    isReached: times < 5,
  };
}

/** Against one sync and three round trips, measured in the same rounds. */
function latency(row: readonly Found[]): Finding {
  const p50 = (found: Found) => latencyOf(found, "p50")! / 1000;
  const [own, sync, trip] = [
    row[0]!,
    foundOf(row, diskAlone)!,
    foundOf(row, bareServer)!,
  ].map(p50) as [number, number, number];
  const times = own / (sync + 3 * trip);
  return {
    work: "1 client, one in flight",
    goal: "median within 2 × (one sync + three round trips)",
    here: `${times.toFixed(2)} ×: ${own.toFixed(2)} ms against ` +
      `${sync.toFixed(2)} + 3 × ${trip.toFixed(2)} ms`,
    isReached: times <= 2,
  };
}

/** Against the disk and the loopback, whichever is slower. */
function bandwidth(row: readonly Found[]): Finding {
  const own = row[0]!;
  const bounds = [diskAlone, bareServer].map((target) => ({
    target,
    share: ratioOf(own, foundOf(row, target)!),
  }));
  bounds.sort((a, b) => b.share - a.share);
  const { target, share } = bounds[0]!;
  return {
    work: "1 KiB payload, pipelined",
    goal: "60 % of what the disk or the loopback can do, the slower of them",
    here: `${Math.round(share * 100)} % of ${target.name}`,
    isReached: share >= 0.6,
  };
}

function ratio(
  work: string,
  row: readonly Found[],
  target: Target,
  least: number,
): Finding {
  const times = ratioOf(row[0]!, foundOf(row, target)!);
  return {
    work,
    goal: `${least} × ${target.name}`,
    here: `${times.toFixed(2)} ×`,
    isReached: times >= least,
  };
}

/** Against every broker that syncs before it answers. */
function aheadOf(row: readonly Found[], least: number): Finding[] {
  const own = row[0]!;
  const peers = row.slice(1).filter(({ entry: { target } }) =>
    target.durability === "synced" && target.protocol !== "disk" &&
    target.protocol !== "sd"
  );
  return peers.map((peer) => {
    const times = ratioOf(own, peer);
    const { connections, window, payloadBytes } = own.entry.work;
    return {
      work: `${connections} × ${window} of ${payloadBytes} bytes`,
      goal: `${least} × ${peer.entry.target.name}`,
      here: `${times.toFixed(2)} ×`,
      isReached: times >= least,
    };
  });
}

/** Whether a message costs the same from the first entry to the last. */
function flat(what: string, row: readonly Found[]): Finding {
  const costs = row.map(costOf);
  const times = costs.at(-1)! / costs[0]!;
  return {
    work: `cost of a message from ${what}`,
    goal: "flat",
    here: `${costs.map((us) => us.toFixed(2)).join(", ")} µs`,
    isReached: times <= FLAT,
  };
}

function foundOf(row: readonly Found[], target: Target): Found | undefined {
  return row.find(({ entry }) => entry.target === target);
}
