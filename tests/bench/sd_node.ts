/** sd-node as the bench starts it. */

import { fileURLToPath } from "node:url";
import { type Program, start } from "../support/program.ts";
import { oneThatSays, type Target } from "./target.ts";

/** The executable. */
export const sdNode = fileURLToPath(new URL("../../sd-node", import.meta.url));

/** How large a cluster is. */
export interface ClusterSize {
  readonly replicas?: number;
  readonly nodes?: number;
}

/** Starts a head and data nodes, and waits until all have joined. */
export async function startCluster(
  port: number,
  directory: string,
  { replicas = 1, nodes = 3 }: ClusterSize = {},
): Promise<Map<string, Program>> {
  const head = start(sdNode, [
    "--role=head",
    "--host=127.0.0.1",
    `--port=${port}`,
    `--replicas=${replicas}`,
    `--log-dir=${directory}/head`,
  ]);
  const programs = new Map([["head", head]]);
  await head.line(/Listening/);
  for (let i = 1; i <= nodes; i++) {
    const node = start(sdNode, [
      "--role=data",
      `--head=127.0.0.1:${port}`,
      `--dir=${directory}/data${i}`,
      "--log-level=warning",
    ]);
    programs.set(`data ${i}`, node);
  }
  await head.lineCount(/joined/, nodes);
  return programs;
}

/** A head and data nodes. */
export function cluster(name: string, size?: ClusterSize): Target {
  return {
    name,
    durability: "synced",
    protocol: "sd",
    start: (port, directory) => startCluster(port, directory, size),
  };
}

/** The server role. */
export const server: Target = {
  name: "sd-node server",
  durability: "kept nowhere",
  protocol: "echo",
  start: (port, directory) =>
    oneThatSays(/Listening/, "server", sdNode, [
      "--role=server",
      "--host=127.0.0.1",
      `--port=${port}`,
      "--max-clients=1000",
      `--log-dir=${directory}`,
    ]),
};
