/** Two heads, data nodes and clients, each on a host of its own. */

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { Directory, type Program } from "../support/program.ts";
import type { LoadReport } from "./load_main.ts";
import { finishLoadProcess, startLoadProcess } from "./load_process.ts";
import { type Host, Network } from "./network.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** A role that runs on a host, and can be started again. */
export class Node {
  readonly host: Host;
  readonly #args: readonly string[];
  process: Program;

  constructor(host: Host, args: readonly string[]) {
    this.host = host;
    this.#args = args;
    this.process = this.#start();
  }

  /** Starts it anew, after its end. */
  restart(): void {
    this.process = this.#start();
  }

  #start(): Program {
    return this.host.run(`${root}sd-node`, this.#args);
  }
}

/** How a cluster is set up. */
export interface ClusterOptions {
  /** As `--heartbeat-interval` has it. */
  readonly heartbeat: string;
  readonly replicas: number;
}

/** How many there are of each. */
const HEADS = 2;
const DATA_NODES = 4;

/** See the module. */
export class Cluster implements AsyncDisposable {
  readonly heads: readonly Node[];
  readonly nodes: readonly Node[];
  readonly #network: Network;
  readonly #directory: Directory;
  readonly #clientHost: Host;
  readonly #to: string;
  #load: Program | undefined;

  private constructor(
    network: Network,
    directory: Directory,
    hosts: readonly Host[],
    { heartbeat, replicas }: ClusterOptions,
  ) {
    this.#network = network;
    this.#directory = directory;
    const headHosts = hosts.slice(0, HEADS);
    this.#to = headHosts.map(({ address }) => `${address}:5000`).join(",");
    this.heads = headHosts.map((host, i) =>
      new Node(host, [
        "--role=head",
        `--heartbeat-interval=${heartbeat}`,
        `--replicas=${replicas}`,
        `--log-dir=${directory.at(`head${i}`)}`,
      ])
    );
    this.nodes = hosts.slice(HEADS, HEADS + DATA_NODES).map((host, i) =>
      new Node(host, [
        "--role=data",
        `--head=${this.#to}`,
        `--dir=${directory.at(`data${i}`)}`,
      ])
    );
    this.#clientHost = hosts[HEADS + DATA_NODES]!;
  }

  /** Starts a cluster at work. The first data node has a slow cable. */
  static async start(options: ClusterOptions): Promise<Cluster> {
    const network = await Network.create();
    const directory = new Directory();
    try {
      const hosts: Host[] = [];
      for (let i = 0; i < HEADS + DATA_NODES + 1; i++) {
        hosts.push(await network.addHost(i === HEADS));
      }
      const cluster = new Cluster(network, directory, hosts, options);
      for (const { process } of cluster.heads) {
        await process.lineCount(/dataNode .* joined/, DATA_NODES);
      }
      await cluster.#startLoad();
      return cluster;
    } catch (error) {
      await network[Symbol.asyncDispose]();
      await directory[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** What a head has written of data nodes, the oldest line first. */
  linesOf(head: number): string[] {
    return ["registro_server.txt", "heartbeat_server.txt"].flatMap((file) =>
      this.#directory.lines(`head${head}/${file}`)
    ).sort();
  }

  /** Ends the load. @returns What came of it. */
  async finishLoad(): Promise<LoadReport> {
    return await finishLoadProcess(this.#load!);
  }

  /** Reads everything, once no data node is away any more. */
  async readAll(): Promise<string[]> {
    const endMs = performance.now() + 60_000;
    for (;;) {
      await using reader = this.#clientHost.run(`${root}sd-node`, [
        "--role=client",
        `--to=${this.#to}`,
        "--read",
      ]);
      if (await reader.exit() === 0) return reader.lines;
      const why = reader.errorLines.join("\n");
      assert.ok(performance.now() < endMs, `it cannot be read back: ${why}`);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { process } of [...this.heads, ...this.nodes]) {
      await process.kill();
    }
    await this.#load?.kill();
    await this.#network[Symbol.asyncDispose]();
    await this.#directory[Symbol.asyncDispose]();
  }

  async #startLoad(): Promise<void> {
    this.#load = await startLoadProcess(
      (command, args) => this.#clientHost.run(command, args),
      this.#to,
    );
  }
}
