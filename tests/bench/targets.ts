/** The peers of the bench: how each is started, with its files in a directory. */

import { fileURLToPath } from "node:url";
import { type Program, start } from "../support/program.ts";
import type { ProtocolName } from "./load/protocols.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const here = fileURLToPath(new URL(".", import.meta.url));

/** When a peer answers that it has a message. */
export type Durability =
  /** When it is synced to disk. */
  | "synced"
  /** When the operating system has it, or sooner; a power cut loses it. */
  | "not synced"
  /** It keeps nothing. */
  | "kept nowhere";

/** A peer of the bench. */
export interface Target {
  readonly name: string;
  readonly durability: Durability;
  readonly protocol: ProtocolName;
  /** Starts it. @returns Its processes, by what they are called. */
  start(port: number, directory: string): Promise<Map<string, Program>>;
}

/** A head and so many data nodes. */
export function cluster(
  name: string,
  { replicas = 1, nodes = 3 }: { replicas?: number; nodes?: number } = {},
): Target {
  return {
    name,
    durability: "synced",
    protocol: "sd",
    async start(port, directory) {
      const head = start(`${root}sd-node`, [
        "--role=head",
        "--host=127.0.0.1",
        `--port=${port}`,
        `--replicas=${replicas}`,
        `--log-dir=${directory}/head`,
      ]);
      const programs = new Map([["head", head]]);
      await head.line(/Listening/);
      for (let i = 1; i <= nodes; i++) {
        const node = start(`${root}sd-node`, [
          "--role=data",
          `--head=127.0.0.1:${port}`,
          `--dir=${directory}/data${i}`,
          "--log-level=warning",
        ]);
        programs.set(`data ${i}`, node);
      }
      await head.lineCount(/joined/, nodes);
      return programs;
    },
  };
}

/** sd-node's server role. */
export const server: Target = {
  name: "sd-node server",
  durability: "kept nowhere",
  protocol: "echo",
  start: (port, directory) =>
    one("server", `${root}sd-node`, [
      "--role=server",
      "--host=127.0.0.1",
      `--port=${port}`,
      "--max-clients=1000",
      `--log-dir=${directory}`,
    ], /Listening/),
};

/** `Deno.listen` and nothing else. */
export const bareServer: Target = {
  name: "bare Deno.listen",
  durability: "kept nowhere",
  protocol: "echo",
  start: (port) =>
    one(
      "server",
      "deno",
      ["run", "--quiet", "--allow-net", `${here}bare_server.ts`, `${port}`],
      /listening/,
    ),
};

/** A Python thread for each client. */
export const threadServer: Target = {
  name: "Python threads",
  durability: "kept nowhere",
  protocol: "echo",
  start: (port) =>
    one(
      "server",
      "python3",
      [`${here}thread_server.py`, `${port}`],
      /listening/,
    ),
};

/** @param fsync When Redis syncs: `always`, or `everysec` as by default. */
export function redis(fsync: "always" | "everysec"): Target {
  return {
    name: `Redis Streams, ${fsync}`,
    durability: fsync === "always" ? "synced" : "not synced",
    protocol: "redis",
    start: (port, directory) =>
      one("redis", "redis-server", [
        "--bind",
        "127.0.0.1",
        "--port",
        `${port}`,
        "--dir",
        directory,
        "--save",
        "",
        "--appendonly",
        "yes",
        "--appendfsync",
        fsync,
      ], /Ready to accept connections/),
  };
}

/** beanstalkd; its binlog is synced for every job with `-f0`. */
export function beanstalkd(isSynced: boolean): Target {
  return {
    name: `beanstalkd ${isSynced ? "-f0" : "-f50 (default)"}`,
    durability: isSynced ? "synced" : "not synced",
    protocol: "beanstalkd",
    async start(port, directory) {
      const args = ["-l", "127.0.0.1", "-p", `${port}`, "-b", directory];
      const program = start("beanstalkd", [...args, isSynced ? "-f0" : "-f50"]);
      await untilListening(port);
      return new Map([["beanstalkd", program]]);
    },
  };
}

/** NATS JetStream; Debian's 2.9 cannot sync each write. */
export const nats: Target = {
  name: "NATS JetStream 2.9",
  durability: "not synced",
  protocol: "nats",
  async start(port, directory) {
    const program = start("nats-server", [
      "--addr=127.0.0.1",
      `--port=${port}`,
      "--jetstream",
      `--store_dir=${directory}`,
    ]);
    await untilListening(port);
    return new Map([["nats", program]]);
  },
};

async function one(
  name: string,
  command: string,
  args: readonly string[],
  ready: RegExp,
): Promise<Map<string, Program>> {
  const program = start(command, args);
  await program.line(ready);
  return new Map([[name, program]]);
}

/** For peers that do not say when they are ready. */
async function untilListening(port: number): Promise<void> {
  for (let i = 0;; i++) {
    try {
      (await Deno.connect({ hostname: "127.0.0.1", port })).close();
      return;
    } catch (error) {
      if (i === 200) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}
