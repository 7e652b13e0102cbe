/** The rows of the bench: a kind of work, and who does it. */

import type { Work } from "./measure.ts";
import {
  bareServer,
  beanstalkd,
  cluster,
  nats,
  redis,
  server,
  type Target,
  threadServer,
} from "./targets.ts";

/** See the module. */
export interface Row {
  readonly name: string;
  readonly work: Work;
  /** The first is what the others are compared with. */
  readonly targets: readonly Target[];
}

/** As long as `numero random: 42`. */
const SMALL_BYTES = 17;

const synced = [redis("always"), beanstalkd(true)];
const weaker = [redis("everysec"), beanstalkd(false), nats];

/** All rows. */
export const rows: readonly Row[] = [
  {
    name: "pipelined: 10 connections, 1,000 in flight each",
    work: { connections: 10, window: 1_000, payloadBytes: SMALL_BYTES },
    targets: [
      cluster("sd-node, 3 data nodes"),
      cluster("sd-node, replicas 2", { replicas: 2 }),
      ...synced,
      ...weaker,
    ],
  },
  {
    name: "closed loop: 100 clients, one in flight each",
    work: { connections: 100, window: 1, payloadBytes: SMALL_BYTES },
    targets: [cluster("sd-node, 3 data nodes"), ...synced, ...weaker],
  },
  {
    name: "one client, one in flight",
    work: { connections: 1, window: 1, payloadBytes: SMALL_BYTES },
    targets: [cluster("sd-node, 3 data nodes"), ...synced, ...weaker],
  },
  {
    name: "1 KiB: 10 connections, 200 in flight each",
    work: { connections: 10, window: 200, payloadBytes: 1_024 },
    targets: [cluster("sd-node, 3 data nodes"), ...synced, ...weaker],
  },
  {
    name: "server: 100 clients, one in flight each, nothing kept",
    work: { connections: 100, window: 1, payloadBytes: SMALL_BYTES },
    targets: [server, bareServer, threadServer],
  },
  {
    name: "growth: 100 connections, 100 in flight each",
    work: { connections: 100, window: 100, payloadBytes: SMALL_BYTES },
    targets: [
      cluster("sd-node, 1 data node", { nodes: 1 }),
      cluster("sd-node, 3 data nodes"),
      cluster("sd-node, 16 data nodes", { nodes: 16 }),
    ],
  },
];
