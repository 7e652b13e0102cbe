/**
 * Hosts of their own on this machine: network namespaces with an address each,
 * joined by veth pairs to a bridge, which is in a namespace too, so that nothing
 * of it touches the machine's own network. `ping` there is the real one.
 *
 * What a cable does to packets is done by nftables in the host's namespace; but
 * a delay needs a program, so a host may have a cable that is one (cable.py).
 */

import { fileURLToPath } from "node:url";
import { type Program, start } from "../support/program.ts";

/** Begins every name, so that tests that run side by side never share one. */
const PREFIX = `sd${crypto.randomUUID().slice(0, 6)}`;

/** Names of interfaces are at most 15 characters long: they are numbered. */
let interfaces = 0;
let networks = 0;

const cableProgram = fileURLToPath(new URL("cable.py", import.meta.url));

/** Why there can be no such network here; undefined when there can. */
export const hostsLacking: string | undefined = await findLacking();

/** A network, until it is disposed of. */
export class Network implements AsyncDisposable {
  readonly #bridge: string;
  readonly #hosts: Host[] = [];

  private constructor(bridge: string) {
    this.#bridge = bridge;
  }

  /** Makes a network without hosts. */
  static async create(): Promise<Network> {
    const bridge = `${PREFIX}-${++networks}-bridge`;
    await ip("netns", "add", bridge);
    await ip("-n", bridge, "link", "add", "bridge", "type", "bridge");
    await ip("-n", bridge, "link", "set", "bridge", "up");
    return new Network(bridge);
  }

  /** Adds a host. @param isSlow Whether its cable can {@linkcode Host.delay}. */
  async addHost(isSlow = false): Promise<Host> {
    const number = this.#hosts.length + 1;
    const namespace = `${this.#bridge}-${number}`;
    await ip("netns", "add", namespace);
    const host = new Host(namespace, `10.77.0.${number}`);
    this.#hosts.push(host);
    const [near, far] = [
      `${PREFIX}i${++interfaces}`,
      `${PREFIX}b${interfaces}`,
    ];
    if (isSlow) await host.plugIn(near, far);
    else await ip("link", "add", near, "type", "veth", "peer", "name", far);
    await ip("link", "set", far, "netns", this.#bridge);
    await ip("-n", this.#bridge, "link", "set", far, "master", "bridge", "up");
    await ip("link", "set", near, "netns", namespace);
    await ip("-n", namespace, "link", "set", near, "name", "eth0");
    await ip("-n", namespace, "link", "set", "lo", "up");
    await host.goUp();
    return host;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const host of this.#hosts) await host[Symbol.asyncDispose]();
    await ip("netns", "delete", this.#bridge);
  }
}

/** One host. What runs on it is ended by whoever started it. */
export class Host implements AsyncDisposable {
  readonly #namespace: string;
  #address: string;
  #cable: Program | undefined;

  constructor(namespace: string, address: string) {
    this.#namespace = namespace;
    this.#address = address;
  }

  get address(): string {
    return this.#address;
  }

  /** Starts a program on this host. */
  run(command: string, args: readonly string[]): Program {
    const exec = ["netns", "exec", this.#namespace, command, ...args];
    return start("ip", exec);
  }

  /** Has a cable between two interfaces that is a program. */
  async plugIn(near: string, far: string): Promise<void> {
    this.#cable = start("python3", ["-u", cableProgram, near, far]);
    await this.#cable.line(/ready/);
  }

  /** Brings its interface up, with its address. */
  async goUp(): Promise<void> {
    const on = ["-n", this.#namespace];
    await ip(...on, "address", "flush", "dev", "eth0");
    await ip(...on, "address", "add", `${this.#address}/16`, "dev", "eth0");
    await ip(...on, "link", "set", "eth0", "up");
  }

  /** Takes another address: nobody knows the old one any more. */
  async moveTo(address: string): Promise<void> {
    this.#address = address;
    await this.goUp();
  }

  /** Cuts the cable: what the host says is lost, what it hears, or both. */
  async cut(direction: "out" | "in" | "both"): Promise<void> {
    const incoming = direction === "out" ? "" : "drop;";
    const outgoing = direction === "in" ? "" : "drop;";
    await this.#filter(incoming, outgoing);
  }

  /** Loses a share of the packets, each way. */
  async lose(percent: number): Promise<void> {
    const rule = `numgen random mod 100 < ${percent} drop;`;
    await this.#filter(rule, rule);
  }

  /** Delays what goes each way; the host must have a slow cable. */
  async delay(ms: number): Promise<void> {
    await this.#cable!.type(`${ms}\n`);
    await this.#cable!.line(new RegExp(`^delay ${ms}$`));
  }

  /** Mends the cable. */
  async mend(): Promise<void> {
    await this.#filter("", "");
    if (this.#cable !== undefined) await this.delay(0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#cable?.kill();
    await ip("netns", "delete", this.#namespace);
  }

  async #filter(incoming: string, outgoing: string): Promise<void> {
    const rules = `add table inet cable; delete table inet cable;
      table inet cable {
        chain in { type filter hook input priority 0; ${incoming} }
        chain out { type filter hook output priority 0; ${outgoing} }
      }`;
    await ip("netns", "exec", this.#namespace, "nft", rules);
  }
}

async function findLacking(): Promise<string | undefined> {
  if (Deno.uid() !== 0) return "only root can make network namespaces";
  const probe = `${PREFIX}-probe`;
  try {
    await ip("netns", "add", probe);
    await ip("netns", "exec", probe, "nft", "list ruleset");
    await ip("netns", "exec", probe, "ping", "-V");
    await ip("netns", "exec", probe, "python3", "--version");
    await ip("netns", "exec", probe, "test", "-c", "/dev/net/tun");
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : `${error}`;
  } finally {
    await ip("netns", "delete", probe).catch(() => {});
  }
}

/** Runs `ip`, the program of iproute2. */
async function ip(...args: readonly string[]): Promise<void> {
  const { code, stderr } = await new Deno.Command("ip", {
    args: [...args],
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).output();
  if (code === 0) return;
  const said = new TextDecoder().decode(stderr).trim();
  throw new Error(`ip ${args.join(" ")}: ${said}`);
}
