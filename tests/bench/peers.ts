/**
 * What sd-node is compared with: brokers from Debian, and the least that a
 * server, a disk and the loopback can do.
 */

import { fileURLToPath } from "node:url";
import {
  LeftOut,
  oneThatListens,
  oneThatSays,
  startOne,
  type Target,
} from "./target.ts";

const here = fileURLToPath(new URL(".", import.meta.url));

/** Writing and syncing what is in flight, and nothing else. */
export const diskAlone: Target = {
  name: "the disk alone",
  durability: "synced",
  protocol: "disk",
  start: () => Promise.resolve(new Map()),
};

/** `Deno.listen` and nothing else. */
export const bareServer: Target = {
  name: "bare Deno.listen",
  durability: "kept nowhere",
  protocol: "echo",
  start: (port) =>
    oneThatSays(/listening/, "server", "deno", [
      "run",
      "--quiet",
      "--allow-net",
      `${here}bare_server.ts`,
      `${port}`,
    ]),
};

/** A Python thread for each client. */
export const threadServer: Target = {
  name: "Python threads",
  durability: "kept nowhere",
  protocol: "echo",
  start: (port) =>
    oneThatSays(/listening/, "server", "python3", [
      `${here}thread_server.py`,
      `${port}`,
    ]),
};

/** @param fsync When Redis syncs: `always`, or `everysec` as by default. */
export function redis(fsync: "always" | "everysec"): Target {
  return {
    name: `Redis Streams, ${fsync}`,
    durability: fsync === "always" ? "synced" : "not synced",
    protocol: "redis",
    start: (port, directory) =>
      oneThatSays(/Ready to accept connections/, "redis", "redis-server", [
        ...["--bind", "127.0.0.1", "--port", `${port}`, "--dir", directory],
        ...["--save", "", "--appendonly", "yes", "--appendfsync", fsync],
      ]),
  };
}

/** beanstalkd; its binlog is synced for every job with `-f0`. */
export function beanstalkd(isSynced: boolean): Target {
  return {
    name: `beanstalkd ${isSynced ? "-f0" : "-f50 (default)"}`,
    durability: isSynced ? "synced" : "not synced",
    protocol: "beanstalkd",
    start: (port, directory) =>
      oneThatListens(port, "beanstalkd", "beanstalkd", [
        ...["-l", "127.0.0.1", "-p", `${port}`, "-b", directory],
        isSynced ? "-f0" : "-f50",
      ]),
  };
}

/** NATS JetStream; it can sync every write since version 2.10. */
export function nats(isSynced: boolean): Target {
  return {
    name: `NATS JetStream${isSynced ? ", sync always" : ""}`,
    durability: isSynced ? "synced" : "not synced",
    protocol: "nats",
    async start(port, directory) {
      if (isSynced && await natsMinor() < 10) {
        throw new LeftOut("nats-server cannot sync each write before 2.10");
      }
      const config = `${directory}/nats.conf`;
      const sync = isSynced ? ", sync_interval: always" : "";
      await Deno.writeTextFile(
        config,
        `jetstream { store_dir: "${directory}"${sync} }`,
      );
      return oneThatListens(port, "nats", "nats-server", [
        ...["--addr=127.0.0.1", `--port=${port}`, `--config=${config}`],
      ]);
    },
  };
}

/** The 10 of version 2.10. */
async function natsMinor(): Promise<number> {
  await using program = startOne("nats-server", ["--version"]);
  const [, minor] = await program.line(/v2\.(\d+)/);
  return Number(minor);
}
