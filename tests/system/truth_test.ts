/** Nobody says that all is there when it is not: real processes and disks. */

import assert from "node:assert/strict";
import {
  Directory,
  freePort,
  Peer,
  portOf,
  type Program,
  runNode,
  startNode,
  startOriginal,
  type Target,
  targets,
  until,
} from "../support/program.ts";

/** Sends so many messages, each as a client of its own, and at once. */
const EACH_ALONE = 12;

/** A cluster whose processes a test starts and ends one by one. */
class Cluster implements AsyncDisposable {
  readonly directory = new Directory();
  readonly port = freePort();
  readonly #target: Target;
  readonly #programs: Program[] = [];

  constructor(target: Target) {
    this.#target = target;
  }

  get to(): string {
    return `127.0.0.1:${this.port}`;
  }

  async head(...flags: readonly string[]): Promise<Program> {
    const head = this.#start([
      "--role=head",
      "--host=127.0.0.1",
      `--port=${this.port}`,
      `--log-dir=${this.directory.at("head")}`,
      ...flags,
    ]);
    await portOf(head);
    return head;
  }

  /** A second head. @returns It, and its address. */
  async otherHead(): Promise<readonly [Program, string]> {
    const head = this.#start([
      "--role=head",
      "--host=127.0.0.1",
      "--port=0",
      `--log-dir=${this.directory.at("other")}`,
    ]);
    return [head, `127.0.0.1:${await portOf(head)}`];
  }

  data(name: string, heads: string = this.to): Program {
    const directory = `--dir=${this.directory.at(name)}`;
    return this.#start(["--role=data", `--head=${heads}`, directory]);
  }

  client(...flags: readonly string[]) {
    return runNode(this.#target, [
      "--role=client",
      `--to=${this.to}`,
      `--log-dir=${this.directory.at("client")}`,
      ...flags,
    ]);
  }

  async send(count: number): Promise<void> {
    const flags = [`--count=${count}`, "--interval=0ms", "--message=hola"];
    const { code, errors } = await this.client(...flags);
    assert.equal(code, 0, errors);
  }

  /** What only single messages show: no client sends another after its own. */
  async sendEachAlone(): Promise<void> {
    const sent = Array.from(
      { length: EACH_ALONE },
      (_, i) => this.client(`--message=solo ${i}`),
    );
    for (const { code, errors } of await Promise.all(sent)) {
      assert.equal(code, 0, errors);
    }
  }

  records(name: string): number {
    return this.directory.lines(`${name}/data.txt`).length;
  }

  /** Says a line to the head. @returns Its answer. */
  async say(line: string): Promise<string | undefined> {
    using peer = await Peer.connect(this.port);
    await peer.say(`${line}\n`);
    return await peer.line();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const program of this.#programs) await program.kill();
    await this.directory[Symbol.asyncDispose]();
  }

  #start(args: readonly string[]): Program {
    const program = startNode(this.#target, args);
    this.#programs.push(program);
    return program;
  }
}

/** Copies a directory, as a person does who makes a backup. */
async function copy(from: string, to: string): Promise<void> {
  await Deno.mkdir(to, { recursive: true });
  for await (const { name } of Deno.readDir(from)) {
    await Deno.copyFile(`${from}/${name}`, `${to}/${name}`);
  }
}

const doubts = /Messages may be missing/;

/** One that happened to get no message yet is new to a head, not back. */
const backOrNew = /dataNode .* (re)?joined/;

for (const target of targets) {
  const test = (name: string, run: (cluster: Cluster) => Promise<void>) =>
    Deno.test(`${target.name}: truth: ${name}`, async () => {
      await using cluster = new Cluster(target);
      await run(cluster);
    });

  const repairSoon = "--repair-after=1s";

  test("a raised --replicas makes nothing whole that was lost", async (cluster) => {
    const before = await cluster.head();
    for (const name of ["d1", "d2", "d3"]) cluster.data(name);
    await before.lineCount(/dataNode .* joined/, 3);
    await cluster.sendEachAlone();
    await before.stop();
    const head = await cluster.head("--replicas=2", "--repair-after=1h");
    await head.lineCount(backOrNew, 3);
    // A repair makes the second copies of what is there.
    await head.line(/Repair ended: .* nothing is missing/);
    const all = await cluster.client("--read");
    assert.equal(all.code, 0, all.errors);
    assert.equal(all.out.split("\n").length, EACH_ALONE);
  });

  test("a raised --replicas does not hide a disk that is gone already", async (cluster) => {
    const before = await cluster.head();
    const nodes = ["d1", "d2", "d3"].map((name) => cluster.data(name));
    await before.lineCount(/dataNode .* joined/, 3);
    while (cluster.records("d1") === 0) await cluster.sendEachAlone();
    await nodes[0]!.kill();
    await before.stop();
    const head = await cluster.head("--replicas=2", repairSoon);
    await head.lineCount(backOrNew, 2);
    const [line] = await head.line(/Repair ended: .*/);
    assert.doesNotMatch(line, /nothing is missing/);
    const read = await cluster.client("--read");
    assert.equal(read.code, 1);
    assert.match(read.errors, doubts);
  });

  test("an older copy of a directory is noticed, and what it lacks restored", async (cluster) => {
    const head = await cluster.head("--replicas=2", repairSoon);
    const first = cluster.data("d1");
    const second = cluster.data("d2");
    cluster.data("d3");
    await head.lineCount(/dataNode .* joined/, 3);
    await cluster.send(30);
    await first.stop();
    await copy(cluster.directory.at("d1"), cluster.directory.at("backup"));
    const again = cluster.data("d1");
    await head.line(/rejoined/);
    await cluster.send(60);
    await again.stop();
    await Deno.remove(cluster.directory.at("d1"), { recursive: true });
    await copy(cluster.directory.at("backup"), cluster.directory.at("d1"));
    cluster.data("d1");
    await head.line(/dataNode .* bytes fewer than it had synced/);
    await head.line(/Repair ended: .* nothing is missing/);
    await second.kill();
    await head.lineCount(/Repair ended: .* nothing is missing/, 2);
    const read = await cluster.client("--read");
    assert.equal(read.code, 0, read.errors);
    assert.equal(read.out.split("\n").length, 90);
  });

  test("an older copy, and then the other disk is gone: said", async (cluster) => {
    const head = await cluster.head("--replicas=2", "--repair-after=3s");
    const first = cluster.data("d1");
    const second = cluster.data("d2");
    await head.lineCount(/dataNode .* joined/, 2);
    await cluster.send(10);
    await first.stop();
    await copy(cluster.directory.at("d1"), cluster.directory.at("backup"));
    const again = cluster.data("d1");
    await head.line(/rejoined/);
    await cluster.send(20);
    await again.stop();
    await second.kill();
    await Deno.remove(cluster.directory.at("d1"), { recursive: true });
    await copy(cluster.directory.at("backup"), cluster.directory.at("d1"));
    cluster.data("d1");
    await head.line(/dataNode .* bytes fewer than it had synced/);
    const read = await cluster.client("--read");
    assert.equal(read.code, 1);
    assert.match(read.errors, /lacks records/);
  });

  test("a head without its memory hears of nodes that are away", async (cluster) => {
    const head = await cluster.head();
    const nodes = ["d1", "d2", "d3"].map((name) => cluster.data(name));
    await head.lineCount(/dataNode .* joined/, 3);
    while (cluster.records("d1") === 0) await cluster.sendEachAlone();
    const others = () =>
      ["d2", "d3"].every((name) =>
        cluster.directory.lines(`${name}/peers.state`)
          .filter((line) => / known /.test(line)).length === 3
      );
    while (cluster.records("d2") * cluster.records("d3") === 0) {
      await cluster.sendEachAlone();
    }
    await until(others);
    await nodes[0]!.kill();
    await head.kill();
    await Deno.remove(cluster.directory.at("head"), { recursive: true });
    await cluster.head();
    const read = await cluster.client("--read");
    assert.equal(read.code, 1);
    assert.match(read.errors, /cannot be read: it is away/);
  });

  test("a head that has just been started is waited for", async (cluster) => {
    const head = await cluster.head();
    ["d1", "d2"].map((name) => cluster.data(name));
    await head.lineCount(/dataNode .* joined/, 2);
    await cluster.send(40);
    await head.kill();
    await cluster.head();
    const read = await cluster.client("--read");
    assert.equal(read.code, 0, read.errors);
    assert.equal(read.out.split("\n").length, 40);
  });

  test("no data node at all is no empty answer", async (cluster) => {
    await cluster.head();
    const read = await cluster.client("--read");
    assert.equal(read.code, 1);
    assert.match(read.errors, /knows no dataNode/);
  });

  test("what a head remembers is read strictly, and is one head's", async (cluster) => {
    const head = await cluster.head();
    cluster.data("d1");
    await head.line(/dataNode .* joined/);
    await cluster.send(3);
    const second = await runNode(target, [
      "--role=head",
      "--port=0",
      `--log-dir=${cluster.directory.at("head")}`,
    ]);
    assert.equal(second.code, 1);
    assert.match(second.errors, /another head runs there; .*--log-dir/);
    await head.stop();
    const path = cluster.directory.at("head/nodes.state");
    const text = await Deno.readTextFile(path);
    assert.match(text, /^sd-node nodes 1 of .*\n\w{8} 127\.0\.0\.1 known /);
    await Deno.writeTextFile(path, text.replaceAll("\n", "\r\n"));
    const wrong = await runNode(target, [
      "--role=head",
      "--port=0",
      `--log-dir=${cluster.directory.at("head")}`,
    ]);
    assert.equal(wrong.code, 1);
    assert.match(wrong.errors, /nodes\.state': line 1 is not understood/);
    assert.equal(wrong.errors.split("\n").length, 1);
  });

  test("what is remembered is written again when somebody takes it away", async (cluster) => {
    const head = await cluster.head();
    cluster.data("d1");
    await head.line(/dataNode .* joined/);
    await cluster.send(3);
    const path = cluster.directory.at("head/nodes.state");
    await Deno.rename(path, `${path}.1`);
    await until(() => cluster.directory.lines("head/nodes.state").length === 3);
  });

  test("what original data nodes alone have is counted, also when they have left", async (cluster) => {
    const head = await cluster.head();
    await using original = startOriginal(
      "data_node",
      "127.0.0.1",
      cluster.port,
      cluster.directory.at("original.txt"),
    );
    await original.line(/conectado/);
    await cluster.send(5);
    await original.kill();
    cluster.data("d1");
    await head.line(/dataNode .* \(\w{8}\) joined \(frame\)/);
    await cluster.send(4);
    const read = await cluster.client("--read");
    assert.equal(read.code, 1);
    assert.match(read.errors, /5 messages acknowledged by original programs/);
    assert.equal(read.out.split("\n").length, 4);
    const [, id] = /--forget (\w{8})/.exec(read.errors)!;
    const forget = await cluster.client(`--forget=${id}`);
    assert.equal(forget.code, 0, forget.errors);
    assert.match(forget.out, /dataNode \w{8} is forgotten by 127\.0\.0\.1:/);
    const forgotten = await cluster.client("--read");
    assert.equal(forgotten.code, 0, forgotten.errors);
  });

  test("a data node is forgotten by every running head, and not edited out", async (cluster) => {
    const head = await cluster.head();
    const [other, otherTo] = await cluster.otherHead();
    const data = (name: string) =>
      cluster.data(name, `${cluster.to},${otherTo}`);
    const first = data("d1");
    data("d2");
    for (const one of [head, other]) {
      await one.lineCount(/dataNode .* joined/, 2);
    }
    while (cluster.records("d1") === 0) await cluster.sendEachAlone();
    const id = cluster.directory.lines("d1/node.id")[0]!;
    assert.match((await cluster.say(`olvida ${id}`))!, /^error .* is here/);
    await first.kill();
    await head.line(/left/);
    await other.line(/left/);
    assert.match(
      (await cluster.say("olvida zzzzzzzz"))!,
      /^error .* no dataNode/,
    );
    assert.equal(await cluster.say(`olvida ${id}`), `olvidado ${id}`);
    const viaOther = () =>
      cluster.directory.lines("other/nodes.state")
        .some((line) => line.startsWith(`${id} `) && / forgotten /.test(line));
    await until(viaOther);
    for (const to of [cluster.to, otherTo]) {
      const read = await runNode(target, [
        "--role=client",
        `--to=${to}`,
        "--read",
      ]);
      assert.equal(read.code, 0, read.errors);
      assert.match(read.errors, /1 dataNode had been forgotten: messages that/);
    }
  });

  test("a data node that another head has is not forgotten, and that is said", async (cluster) => {
    const head = await cluster.head();
    const [other, otherTo] = await cluster.otherHead();
    // What one head knows, the other hears by way of this one.
    cluster.data("d1", `${cluster.to},${otherTo}`);
    cluster.data("d2", otherTo);
    await head.line(/dataNode .* joined/);
    await other.lineCount(/dataNode .* joined/, 2);
    while (cluster.records("d2") === 0) {
      const { code } = await runNode(target, [
        "--role=client",
        `--to=${otherTo}`,
        "--message=solo",
        `--log-dir=${cluster.directory.at("client")}`,
      ]);
      assert.equal(code, 0);
    }
    const id = cluster.directory.lines("d2/node.id")[0]!;
    const isKnown = () =>
      cluster.directory.lines("head/nodes.state")
        .some((line) => line.startsWith(`${id} `));
    await until(isKnown);
    const forget = await cluster.client(`--forget=${id}`);
    assert.equal(forget.code, 1, forget.out);
    assert.match(
      forget.errors,
      /it is a member at another head; stop it first/,
    );
  });

  test("a data node that never stored anything is not missed", async (cluster) => {
    const head = await cluster.head();
    cluster.data("d1");
    await head.line(/dataNode .* joined/);
    await cluster.send(5);
    const idle = cluster.data("d2");
    await head.lineCount(/dataNode .* joined/, 2);
    await idle.kill();
    await head.line(/left/);
    const read = await cluster.client("--read");
    assert.equal(read.code, 0, read.errors);
  });

  test("records of any size are restored", async (cluster) => {
    const head = await cluster.head("--replicas=2", repairSoon);
    const first = cluster.data("d1");
    cluster.data("d2");
    await head.lineCount(/dataNode .* joined/, 2);
    // Bytes that are no text take four times their room in data.txt.
    const file = cluster.directory.at("noise");
    const noise = Uint8Array.from({ length: 262_144 }, () => 0xff);
    await Deno.writeFile(file, noise);
    const sender = startNode(target, [
      "--role=client",
      `--to=${cluster.to}`,
      "--stdin",
      `--log-dir=${cluster.directory.at("client")}`,
    ]);
    await sender.typeBytes(noise);
    await sender.endInput();
    assert.equal(await sender.exit(), 0);
    await cluster.send(20);
    await first.kill();
    cluster.data("d3");
    const [, made] = await head.line(
      /Repair ended: .* (\d+) copies made; nothing is missing/,
    );
    assert.equal(made, "21");
    const read = await cluster.client("--read", "--format=json");
    assert.equal(read.code, 0, read.errors);
    assert.equal(read.out.split("\n").length, 21);
  });

  test("messages that wait say so, and a head that stores nothing is not well", async (cluster) => {
    const head = await cluster.head("--replicas=2");
    cluster.data("d1");
    await using original = startOriginal(
      "data_node",
      "127.0.0.1",
      cluster.port,
      cluster.directory.at("original.txt"),
    );
    await original.line(/conectado/);
    await head.lineCount(/dataNode .* joined/, 2);
    const check = () =>
      runNode(target, [
        "--role=head",
        `--port=${cluster.port}`,
        "--host=127.0.0.1",
        "--check",
      ]);
    assert.equal((await check()).code, 0);
    // Too long for the original, so that it never has two copies.
    using peer = await Peer.join(cluster.port, "cliente");
    await peer.say(`${"x".repeat(5_000)}\n`);
    await head.line(
      /Waiting: 1 message, .* 2 dataNodes, and a message must be on 2; .*takes no message of 5000 bytes/,
    );
    let errors = "";
    while (!/is not well/.test(errors)) ({ errors } = await check());
    assert.match(errors, /nothing that waits was stored for \d+ s/);
    cluster.data("d2");
    await head.line(/1 message that waited stored/);
    assert.match((await peer.line())!, /recibido$/);
    assert.equal((await check()).code, 0);
  });
}
