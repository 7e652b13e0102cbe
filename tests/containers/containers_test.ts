/**
 * Both topologies in containers, on a real engine: compose.yaml as it is, the
 * image as the Dockerfile makes it, failures as Docker makes them, and the
 * stack of docs/swarm.yaml.
 */

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import {
  finishLoadProcess,
  startLoadProcess,
  textsOf,
} from "../hosts/load_process.ts";
import { Directory, type Program } from "../support/program.ts";
import { compare } from "../system/load.ts";
import { Engine, engineLacking } from "./engine.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** Stands in the name of every test that cannot be run here. */
const skipped = engineLacking === undefined
  ? ""
  : ` (SKIPPED: ${engineLacking})`;

let engine: Engine;

if (engineLacking === undefined) {
  Deno.test.beforeAll(async () => {
    engine = await Engine.start();
  });
  // There is none when starting it failed.
  Deno.test.afterAll(() => engine?.[Symbol.asyncDispose]());
}

function test(name: string, fn: (t: Deno.TestContext) => Promise<void>): void {
  Deno.test({
    name: `containers: ${name}${skipped}`,
    ignore: engineLacking !== undefined,
    fn,
  });
}

test("activity 2 under load: killed, cut off, scaled, restarted, stopped", async (t) => {
  await using _down = composed();
  await engine.compose("up", "--detach", "--no-build");
  await using head = await follow("head");
  await using load = await startLoadProcess(
    (command, args) => engine.run(command, ...args),
    "127.0.0.1:5000",
  );
  const [first, second] = await containersOf("data");

  await t.step(
    "messages of its own clients flow, and are where they say",
    async () => {
      await using client = await follow("client");
      await client.line(
        /numero random: \d+ -> 172\.30\.1\.\d+ , mensaje: recibido/,
      );
      const at = await engine.docker(
        "exec",
        first!.id,
        "sh",
        "-c",
        "cat /datos/*/data.txt",
      );
      assert.match(at, /mensaje: numero random: \d+/);
    },
  );

  await t.step("the head is where the originals look for it", async () => {
    const { out } = await ask("172.30.0.10:5000");
    assert.match(out, /^estado role=head /);
    assert.equal(alive(out).length, 3);
  });

  await t.step(
    "containers run without root, with a root that is read-only",
    async () => {
      for (const { id } of await containersOf("data", "head", "client")) {
        const [config] = JSON.parse(await engine.docker("inspect", id));
        const {
          ReadonlyRootfs,
          CapDrop,
          CapAdd,
          Memory,
          NanoCpus,
          SecurityOpt,
        } = config.HostConfig;
        assert.deepEqual(
          [config.Config.User, ReadonlyRootfs, CapDrop, CapAdd, SecurityOpt],
          ["5000:5000", true, ["ALL"], ["NET_RAW"], ["no-new-privileges:true"]],
        );
        assert.ok(Memory > 0 && NanoCpus > 0, "no limits");
        await until(async () =>
          await inspect(id, ".State.Health.Status") === "healthy"
        );
      }
    },
  );

  await t.step(
    "the heartbeat pings, in the log of the volume too",
    async () => {
      await head.line(/172\.30\.1\.\d+ disponible \(ping [\d.]+ ms\)/);
      const [{ id }] = await containersOf("head") as [Container];
      assert.match(
        await engine.docker("exec", id, "cat", "/datos/heartbeat_server.txt"),
        /disponible \(ping/,
      );
    },
  );

  await t.step(
    "docker kill of a data node: it leaves at once, and rejoins",
    async () => {
      await engine.docker("kill", first!.id);
      await head.line(
        /dataNode \S+ \(\w{8}\) left: (it closed|the peer reset) the connection/,
      );
      await engine.docker("start", first!.id);
      await head.line(/rejoined after/);
    },
  );

  await t.step(
    "docker network disconnect: eliminado; connect: rejoined",
    async () => {
      const network = "sd_activity-2";
      await engine.docker("network", "disconnect", network, second!.id);
      await head.line(/suspect: .* in flight to it redelivered/);
      await head.line(
        /no disponible, eliminado: .* host does not answer (ping|\d+ pings): it is down or cut off/,
      );
      await engine.docker("network", "connect", network, second!.id);
      await head.lineCount(/rejoined after/, 2);
      // Until the engine knows it too, the clients that need it do not start.
      await until(async () =>
        await inspect(second!.id, ".State.Health.Status") === "healthy"
      );
    },
  );

  await t.step(
    "scale up, down, and up: all directories are served again",
    async () => {
      const before = await directories(first!);
      assert.deepEqual(before, ["1", "2", "3"]);
      await scale(5);
      await untilAlive(5);
      const ids = alive((await ask("127.0.0.1:5000")).out);
      await scale(2);
      await untilAlive(2);
      await scale(5);
      await untilAlive(5);
      assert.deepEqual(alive((await ask("127.0.0.1:5000")).out), ids);
      assert.deepEqual(await directories(first!), ["1", "2", "3", "4", "5"]);
    },
  );

  await t.step("docker-compose restart of everything", async () => {
    await engine.compose("restart");
    await untilAlive(5);
  });

  const sent = new Set<string>();
  await t.step("no client of the load saw an error", async () => {
    const report = await finishLoadProcess(load);
    assert.deepEqual(report.errors, []);
    for (const text of textsOf(report)) sent.add(text);
    assert.ok(sent.size > 1_000, `${sent.size} messages`);
    check(sent, await readAll());
  });

  await t.step("docker-compose stop drains: every exit code is 0", async () => {
    await engine.compose("stop");
    for (const { id } of await containersOf("head", "data", "client")) {
      assert.equal(await inspect(id, ".State.ExitCode"), "0");
    }
  });

  await t.step("down, and up again: the volumes have everything", async () => {
    await engine.down();
    await scale(5, "head", "data");
    await untilAlive(5);
    check(sent, await readAll());
  });
});

test("activity 1: a server and its clients", async () => {
  await using _down = composed();
  await engine.compose(
    "up",
    "--detach",
    "--no-build",
    "server",
    "server-client",
  );
  await using client = await follow("server-client");
  await client.line(/Servidor recibio: numero random: \d+/);
  for (const address of ["172.20.0.10:5000", "127.0.0.1:5001"]) {
    await until(async () =>
      (await ask(address)).out === "estado role=server clients=3"
    );
  }
  const [{ id }] = await containersOf("server") as [Container];
  assert.match(
    await engine.docker("exec", id, "cat", "/datos/log.txt"),
    /numero random: \d+/,
  );
  await engine.compose("stop");
  for (const { id } of await containersOf("server", "server-client")) {
    assert.equal(
      await engine.docker("inspect", "--format={{.State.ExitCode}}", id),
      "0",
    );
  }
});

test("swarm: two heads and a data node, whose identity outlives its task", async () => {
  await using directory = new Directory();
  await engine.docker("swarm", "init", "--advertise-addr=127.0.0.1");
  const deploy = () =>
    engine.docker(
      "stack",
      "deploy",
      `--compose-file=${root}docs/swarm.yaml`,
      "stack",
    );
  await deploy();
  const heads = ["127.0.0.1:5000", "127.0.0.1:5001"];
  for (const address of heads) await untilAlive(1, address);
  const [id] = alive((await ask(heads[0]!)).out);
  const sent = await engine.runToEnd(
    `${root}sd-node`,
    "--role=client",
    `--to=${heads.join(",")}`,
    "--message=hola",
    `--log-dir=${directory.path}`,
  );
  assert.equal(sent.code, 0, sent.errors);
  const task = () =>
    engine.docker(
      "ps",
      "--quiet",
      "--filter=label=com.docker.swarm.service.name=stack_data",
    );
  const before = await task();
  await engine.docker("service", "update", "--detach", "--force", "stack_data");
  await until(async () => ![before, ""].includes(await task()));
  await untilAlive(1, heads[1]);
  assert.deepEqual(alive((await ask(heads[1]!)).out), [id]);
  assert.deepEqual(await readAll(heads[1]), ["hola"]);
  await engine.docker("stack", "rm", "stack");
  await engine.docker("swarm", "leave", "--force");
});

/** Takes down what compose.yaml has brought up, and its volumes. */
function composed(): AsyncDisposable {
  return {
    async [Symbol.asyncDispose]() {
      await engine.down("--volumes");
    },
  };
}

/** A container of compose.yaml. */
interface Container {
  readonly id: string;
}

/** Containers of these services, in the order of their numbers. */
async function containersOf(...services: string[]): Promise<Container[]> {
  const found: Container[] = [];
  for (const service of services) {
    const list = await engine.docker(
      "ps",
      "--all",
      `--filter=label=com.docker.compose.service=${service}`,
      '--format={{.Label "com.docker.compose.container-number"}} {{.ID}}',
    );
    assert.notEqual(list, "", `there is no container of ${service}`);
    for (const line of list.split("\n").sort()) {
      found.push({ id: line.split(" ")[1]! });
    }
  }
  return found;
}

/** A field of what Docker knows of a container. */
function inspect(id: string, field: string): Promise<string> {
  return engine.docker("inspect", `--format={{${field}}}`, id);
}

/** What the first container of a service prints, from its start. */
async function follow(service: string): Promise<Program> {
  const [{ id }] = await containersOf(service) as [Container];
  return engine.follow(id);
}

/** What a head or a server says to `estado`. */
async function ask(address: string) {
  const [host, port] = address.split(":") as [string, string];
  return await engine.runToEnd(
    "sh",
    "-c",
    'echo estado | nc -w 5 "$1" "$2"',
    "sh",
    host,
    port,
  );
}

/** The ids of data nodes that are alive, sorted. */
function alive(status: string): string[] {
  return [...status.matchAll(/id=(\w{8}) \S+ state=alive/g)]
    .map((match) => match[1]!).sort();
}

async function untilAlive(count: number, address = "127.0.0.1:5000") {
  await until(async () => alive((await ask(address)).out).length === count);
}

/** Waits until something holds that only asking can tell. */
async function until(isTrue: () => Promise<boolean>): Promise<void> {
  const endMs = performance.now() + 60_000;
  while (!await isTrue()) {
    assert.ok(performance.now() < endMs, `waited in vain: ${isTrue}`);
  }
}

/** The directories of the data nodes' volume. */
async function directories({ id }: Container): Promise<string[]> {
  return (await engine.docker("exec", id, "ls", "/datos")).split("\n");
}

/** Brings services up, all if none is named, with so many data nodes. */
async function scale(count: number, ...services: string[]): Promise<void> {
  await engine.compose(
    "up",
    "--detach",
    "--no-build",
    `--scale=data=${count}`,
    ...services,
  );
}

async function readAll(from = "127.0.0.1:5000"): Promise<string[]> {
  const { code, out, errors } = await engine.runToEnd(
    `${root}sd-node`,
    "--role=client",
    `--to=${from}`,
    "--read",
  );
  assert.equal(code, 0, errors);
  return out.split("\n");
}

/** Every message of the load is read once and in order, among others. */
function check(sent: ReadonlySet<string>, read: readonly string[]): void {
  const own = read.filter((text) => !text.startsWith("numero random"));
  const { lost, doubled, misordered } = compare(sent, sent, own);
  assert.deepEqual({ lost, doubled, misordered }, {
    lost: 0,
    doubled: 0,
    misordered: 0,
  });
}
