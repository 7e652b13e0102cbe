/** The rows of the bench: a kind of work, and who does it. */

import { counted } from "../../lib/base/counted.ts";
import type { Work } from "./measure.ts";
import {
  bareServer,
  beanstalkd,
  diskAlone,
  nats,
  redis,
  threadServer,
} from "./peers.ts";
import { rabbitmq } from "./rabbitmq.ts";
import { cluster, server } from "./sd_node.ts";
import type { Target } from "./target.ts";

/** One line of a row. */
export interface Entry {
  readonly target: Target;
  readonly work: Work;
}

/** See the module. */
export interface Row {
  readonly name: string;
  /** The first is what the others are compared with. */
  readonly entries: readonly Entry[];
}

/** As long as `numero random: 42`. */
const SMALL_BYTES = 17;

/** Time until what runs seldom, or in many processes, is compiled, in ms. */
const LONG_WARM_UP_MS = 8_000;

const synced = [
  redis("always"),
  nats(true),
  rabbitmq,
  beanstalkd(true),
];
const weaker = [redis("everysec"), nats(false), beanstalkd(false)];

const three = cluster("sd-node, 3 data nodes");

function row(name: string, work: Work, targets: readonly Target[]): Row {
  return { name, entries: targets.map((target) => ({ target, work })) };
}

/** So many connections with so many in flight each. */
function small(connections: number, window: number): Work {
  return { connections, window, payloadBytes: SMALL_BYTES };
}

/** All rows. */
export const rows = {
  pipelined: row(
    "pipelined: 10 connections, 1,000 in flight each",
    small(10, 1_000),
    [
      three,
      cluster("sd-node, replicas 2", { replicas: 2 }),
      diskAlone,
      ...synced,
      ...weaker,
    ],
  ),
  closed: row(
    "closed loop: 100 clients, one in flight each",
    small(100, 1),
    [three, bareServer, ...synced, ...weaker],
  ),
  lone: row(
    "one client, one in flight",
    { ...small(1, 1), warmUpMs: LONG_WARM_UP_MS },
    [three, diskAlone, bareServer, ...synced, ...weaker],
  ),
  kibibyte: row(
    "1 KiB: 10 connections, 200 in flight each",
    { connections: 10, window: 200, payloadBytes: 1_024 },
    [three, diskAlone, bareServer, ...synced, ...weaker],
  ),
  server: row(
    "server: 100 clients, one in flight each, nothing kept",
    small(100, 1),
    [server, bareServer, threadServer],
  ),
  connections: {
    name: "growth: 1, 10 and 100 connections, 1,000 in flight each",
    entries: [1, 10, 100].map((connections) => ({
      target: cluster(counted(connections, "connection")),
      work: small(connections, 1_000),
    })),
  },
  nodes: row(
    "growth: 1, 3 and 16 data nodes, 10 connections, 1,000 in flight each",
    { ...small(10, 1_000), warmUpMs: LONG_WARM_UP_MS },
    [1, 3, 16].map((nodes) => cluster(counted(nodes, "data node"), { nodes })),
  ),
} satisfies Record<string, Row>;

/** See {@linkcode rows}. */
export type RowKey = keyof typeof rows;
