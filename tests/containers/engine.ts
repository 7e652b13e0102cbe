/**
 * A Docker engine of the tests' own: in a network namespace, with its own
 * socket and files, so that nothing of it touches the machine's own, and all
 * of it is gone with it.
 *
 * Nothing is pulled: base images are made with debootstrap and the deno that
 * runs the tests.
 */

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { Directory, type Program, start } from "../support/program.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** Debian's release for the base images. */
const RELEASE = "bookworm";

/** Names of images; `compose.yaml` has the last. */
const RUNTIME_IMAGE = "sd-test-runtime";
const BUILD_IMAGE = "sd-test-build";
const IMAGE = "sd-node:0.1.0";

/** Lines of the engine's own log that a failure shows. */
const COMPLAINTS = 40;

/** Why no engine can run here; undefined when one can. */
export const engineLacking: string | undefined = await findLacking();

/** What a program said, and its exit code. */
interface Said {
  readonly code: number;
  readonly out: string;
  readonly errors: string;
}

/** See the module. */
export class Engine implements AsyncDisposable {
  readonly #namespace: string;
  readonly #directory: Directory;
  #daemon: Program;
  readonly #env: Record<string, string>;

  private constructor(namespace: string, directory: Directory) {
    this.#namespace = namespace;
    this.#directory = directory;
    this.#env = {
      DOCKER_HOST: `unix://${directory.at("docker.sock")}`,
      // Debian's engine has no other builder.
      DOCKER_BUILDKIT: "0",
      // Where `docker` would look for what a person has set up.
      DOCKER_CONFIG: directory.at("config"),
      SD_HEARTBEAT_INTERVAL: "1s",
    };
    this.#daemon = this.#startDaemon();
  }

  /** Starts an engine that has the image of sd-node. */
  static async start(): Promise<Engine> {
    const namespace = `sd${crypto.randomUUID().slice(0, 6)}-engine`;
    await succeed("ip", ["netns", "add", namespace]);
    await succeed("ip", ["-n", namespace, "link", "set", "lo", "up"]);
    const directory = new Directory();
    const engine = new Engine(namespace, directory);
    try {
      await engine.#ready();
      await engine.#makeBaseImages();
      await engine.docker(
        "build",
        "--network=none",
        `--build-arg=BUILD_IMAGE=${BUILD_IMAGE}`,
        `--build-arg=RUNTIME_IMAGE=${RUNTIME_IMAGE}`,
        `--tag=${IMAGE}`,
        root,
      );
      return engine;
    } catch (error) {
      await engine[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Runs `docker`. @returns What it printed. */
  docker(...args: readonly string[]): Promise<string> {
    return succeed("docker", args, { env: this.#env });
  }

  /** Runs `docker-compose` on compose.yaml. @returns What it printed. */
  async compose(...args: readonly string[]): Promise<string> {
    try {
      return await succeed("docker-compose", [
        "--project-name=sd",
        `--project-directory=${root}`,
        `--file=${root}compose.yaml`,
        ...args,
      ], { env: this.#env });
    } catch (error) {
      // Compose names the container at most; the reason is elsewhere.
      const state = await this.#state().catch(String);
      throw new Error(`${error}\n${state}`, { cause: error });
    }
  }

  /**
   * Runs `docker-compose down`.
   *
   * An engine may lose count of a network's endpoints (moby/moby#43286, seen
   * with 20.10 under load): it refuses to remove a network that nothing is in
   * any more, until it is started again and counts anew.
   */
  async down(...args: readonly string[]): Promise<void> {
    try {
      await this.compose("down", ...args);
    } catch (error) {
      const isMiscount = String(error).includes("has active endpoints") &&
        (await this.#containers()).length === 0;
      if (!isMiscount) throw error;
      await this.#daemon.stop();
      this.#daemon = this.#startDaemon();
      await this.#ready();
      await this.compose("down", ...args);
    }
  }

  /** What a container prints, from its start. */
  follow(container: string): Program {
    return start("docker", ["logs", "--follow", container], { env: this.#env });
  }

  /** Starts a program on the engine's host. */
  run(command: string, ...args: readonly string[]): Program {
    return start("ip", ["netns", "exec", this.#namespace, command, ...args]);
  }

  /** Runs a program on the engine's host to its end. */
  async runToEnd(command: string, ...args: readonly string[]): Promise<Said> {
    await using program = this.run(command, ...args);
    await program.endInput();
    const code = await program.exit();
    const [out, errors] = [program.lines, program.errorLines];
    return { code, out: out.join("\n"), errors: errors.join("\n") };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Whatever a test that failed has left; the rest of it is in the directory.
    await this.docker("swarm", "leave", "--force").catch(() => {});
    const containers = await this.#containers().catch(() => []);
    if (containers.length > 0) {
      await this.docker("rm", "--force", ...containers);
    }
    await this.#daemon.stop();
    await succeed("sh", [
      "-c",
      `awk -v under="$1/" 'index($2, under) == 1 { print $2 }' /proc/mounts |
         xargs --no-run-if-empty umount --lazy`,
      "sh",
      this.#directory.path,
    ]);
    await succeed("ip", ["netns", "delete", this.#namespace]);
    await this.#directory[Symbol.asyncDispose]();
  }

  #startDaemon(): Program {
    // Only the network is its own: `ip netns exec` would hide the cgroups.
    return start("nsenter", [
      `--net=/run/netns/${this.#namespace}`,
      "dockerd",
      `--host=${this.#env["DOCKER_HOST"]}`,
      `--data-root=${this.#directory.at("root")}`,
      `--exec-root=${this.#directory.at("exec")}`,
      `--pidfile=${this.#directory.at("pid")}`,
    ]);
  }

  /** Waits until the engine takes commands. */
  async #ready(): Promise<void> {
    await this.#daemon.errorLine(/API listen on/);
  }

  /** The ids of all containers, running or not. */
  async #containers(): Promise<string[]> {
    const list = await this.docker("ps", "--all", "--quiet");
    return list === "" ? [] : list.split("\n");
  }

  /** What the engine knows of its containers, and what it complained of. */
  async #state(): Promise<string> {
    const parts: string[] = [];
    for (const id of await this.#containers()) {
      parts.push(
        await this.docker("inspect", "--format={{.Name}}: {{json .State}}", id),
        await this.docker("logs", "--tail=5", id),
      );
    }
    const complaints = this.#daemon.errorLines
      .filter((line) => /level=(warning|error)/.test(line));
    return [...parts, ...complaints.slice(-COMPLAINTS)].join("\n");
  }

  async #makeBaseImages(): Promise<void> {
    const base = this.#directory.at("base");
    const bases = this.#directory.at("bases");
    await succeed("debootstrap", [
      "--variant=minbase",
      "--include=iputils-ping",
      RELEASE,
      base,
    ]);
    await succeed("sh", [
      "-c",
      `tar --directory "$1" --create --exclude ./var/cache/apt/* . |
         docker import - "$2"`,
      "sh",
      base,
      RUNTIME_IMAGE,
    ], { env: this.#env });
    await Deno.mkdir(`${bases}/deno-dir`, { recursive: true });
    await Deno.copyFile(Deno.execPath(), `${bases}/deno`);
    // All that the executable is made of is in the cache: it has been made.
    const cache = await cacheOfDeno();
    await succeed("cp", [
      "--recursive",
      `${cache}/npm`,
      `${cache}/dl`,
      `${bases}/deno-dir`,
    ]);
    await Deno.writeTextFile(
      `${bases}/Dockerfile`,
      `FROM ${RUNTIME_IMAGE}
COPY deno /usr/local/bin/
COPY deno-dir /deno-dir
ENV DENO_DIR=/deno-dir
`,
    );
    await this.docker("build", `--tag=${BUILD_IMAGE}`, bases);
  }
}

async function cacheOfDeno(): Promise<string> {
  const info = await succeed(Deno.execPath(), ["info", "--json"]);
  return JSON.parse(info).denoDir;
}

/** Runs a program. @returns What it printed. @throws It failed. */
async function succeed(
  command: string,
  args: readonly string[],
  options: { readonly env?: Record<string, string> } = {},
): Promise<string> {
  const { code, stdout, stderr } = await new Deno.Command(command, {
    args: [...args],
    stdin: "null",
    ...options,
  }).output();
  const [out, errors] = [stdout, stderr].map((bytes) =>
    new TextDecoder().decode(bytes).trim()
  );
  assert.equal(code, 0, `${command} ${args.join(" ")}:\n${out}\n${errors}`);
  return out!;
}

async function findLacking(): Promise<string | undefined> {
  if (Deno.uid() !== 0) return "only root can start a Docker engine";
  for (
    const program of ["dockerd", "docker", "docker-compose", "debootstrap"]
  ) {
    try {
      await succeed(program, ["--version"]);
    } catch {
      return `there is no ${program}; 'deno task containers' installs it`;
    }
  }
  return undefined;
}
