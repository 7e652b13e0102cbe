/** Read-back with real processes. */

import assert from "node:assert/strict";
import {
  Directory,
  portOf,
  runNode,
  start,
  startNode,
  type Target,
  targets,
} from "../support/program.ts";

/** A head with data nodes, that are all there. */
async function startCluster(
  target: Target,
  directory: Directory,
  nodeCount: number,
  flags: readonly string[] = [],
) {
  const head = startNode(target, [
    "--role=head",
    "--host=127.0.0.1",
    "--port=0",
    `--log-dir=${directory.at("head")}`,
    ...flags,
  ]);
  const port = await portOf(head);
  const startData = (i: number) =>
    startNode(
      target,
      `--role data --head 127.0.0.1:${port} --dir ${directory.at(`d${i}`)}`,
    );
  const nodes = Array.from({ length: nodeCount }, (_, i) => startData(i));
  await head.lineCount(/dataNode .* (re)?joined/, nodeCount);
  const client = (...flags: readonly string[]) =>
    runNode(target, [
      "--role=client",
      `--to=127.0.0.1:${port}`,
      `--log-dir=${directory.at("client")}`,
      ...flags,
    ]);
  const stop = async () => {
    for (const process of [head, ...nodes]) await process.kill();
  };
  return { head, nodes, port, client, startData, [Symbol.asyncDispose]: stop };
}

for (const target of targets) {
  const test = (name: string, run: () => Promise<void>) =>
    Deno.test(`${target.name}: ${name}`, run);

  test("read-back gives each message once, in order, from three nodes and two copies", async () => {
    await using directory = new Directory();
    await using cluster = await startCluster(target, directory, 3, [
      "--replicas=2",
    ]);
    const lines = Array.from(
      { length: 5_000 },
      (_, i) => `línea ${i}\t"x", \\`,
    );
    await using sender = startNode(target, [
      "--role=client",
      `--to=127.0.0.1:${cluster.port}`,
      "--stdin",
      "--name=sensor",
      `--log-dir=${directory.at("client")}`,
    ]);
    await sender.type(lines.map((line) => `${line}\n`).join(""));
    await sender.endInput();
    assert.equal(await sender.exit(), 0);
    await cluster.client("--message=otro");

    const text = await cluster.client("--read", "--client=sensor");
    assert.deepEqual(text, { code: 0, out: lines.join("\n"), errors: "" });

    const json = await cluster.client("--read", "--format=json");
    const objects = json.out.split("\n").map((line) => JSON.parse(line));
    assert.equal(objects.length, lines.length + 1);
    assert.equal(new Set(objects.map(({ id }) => id)).size, objects.length);
    assert.ok(objects.every(({ nodes }) => nodes.length === 2));

    const csv = await cluster.client("--read", "--format=csv", "--since=1h");
    assert.equal(csv.out.split("\n")[0]!.trim(), "time,id,message");
    assert.equal(csv.out.split("\n").length, objects.length + 1);
    const none = await cluster.client("--read", "--until=1h");
    assert.deepEqual(none, { code: 0, out: "", errors: "" });

    const { id, nodes } = objects[7];
    const where = await cluster.client(`--where=${id}`);
    assert.equal(where.code, 0);
    for (const node of nodes) assert.ok(where.out.includes(node), where.out);
    const nowhere = await cluster.client("--where=nobody-1");
    assert.equal(nowhere.code, 1);
    assert.match(nowhere.errors, /No dataNode has a message nobody-1/);
  });

  test("read-back says what is missing while a node is away, also to a new head", async () => {
    await using directory = new Directory();
    let id: string;
    {
      await using cluster = await startCluster(target, directory, 2);
      for (let i = 0; i < 20; i++) await cluster.client(`--message=m${i}`);
      id = directory.lines("d1/node.id")[0]!;
      await cluster.nodes[1]!.kill();
      await cluster.head.line(/dataNode .* left/);
      const { code, out, errors } = await cluster.client("--read");
      assert.equal(code, 1);
      assert.ok(errors.includes(`(${id}) cannot be read: it is away`), errors);
      const there = directory.lines("d0/data.txt").length;
      assert.equal(out.split("\n").length, there);
    }
    // Another life of the head, which the second node has never joined.
    await using cluster = await startCluster(target, directory, 1);
    const away = await cluster.client("--read");
    assert.equal(away.code, 1);
    assert.ok(away.errors.includes(id), away.errors);
    await using _back = cluster.startData(1);
    await cluster.head.lineCount(/dataNode .* (re)?joined/, 2);
    const whole = await cluster.client("--read");
    assert.equal(whole.code, 0, whole.errors);
    assert.equal(whole.out.split("\n").length, 20);
  });

  test("read-back follows what comes", async () => {
    await using directory = new Directory();
    await using cluster = await startCluster(target, directory, 2);
    await cluster.client("--message=antes");
    await using reader = startNode(
      target,
      `--role client --to 127.0.0.1:${cluster.port} --read --follow`,
    );
    await reader.line(/^antes$/);
    for (let i = 0; i < 5; i++) {
      await cluster.client(`--message=vivo ${i}`);
      await reader.line(new RegExp(`^vivo ${i}$`));
    }
    assert.equal(reader.lines.length, 6);
    assert.equal(await reader.stop(), 0);
  });

  test("read-back follows until a moment, and then ends", async () => {
    await using directory = new Directory();
    await using cluster = await startCluster(target, directory, 2);
    const before = await cluster.client(
      "--message=a",
      "--count=5",
      "--interval=0ms",
    );
    assert.equal(before.code, 0, before.errors);
    const until = new Date(Date.now() + 1_500).toISOString();
    const following = cluster.client("--read", "--follow", `--until=${until}`);
    const after = await cluster.client(
      "--message=b",
      "--count=5",
      "--interval=0ms",
    );
    assert.equal(after.code, 0, after.errors);
    const { code, out, errors } = await following;
    assert.equal(code, 0, errors);
    assert.equal(out, [..."aaaaabbbbb"].join("\n"));
  });

  test("read-back ends quietly when nobody reads on", async () => {
    await using directory = new Directory();
    await using cluster = await startCluster(target, directory, 1);
    await cluster.client("--count=9", "--interval=0ms");
    const line = [target.command, ...target.args, "--role=client"].join(" ");
    await using pipe = start("sh", [
      "-c",
      `${line} --to 127.0.0.1:${cluster.port} --read | head -n 1`,
    ]);
    assert.equal(await pipe.exit(), 0);
    assert.equal(pipe.lines.length, 1);
    assert.deepEqual(pipe.errorLines, []);
  });

  test("read-back tells that a server keeps nothing", async () => {
    await using directory = new Directory();
    await using server = startNode(
      target,
      `--role server --host 127.0.0.1 --port 0 --log-dir ${directory.path}`,
    );
    const port = await portOf(server);
    await using reader = startNode(
      target,
      `--role client --to 127.0.0.1:${port} --read`,
    );
    assert.equal(await reader.exit(), 1, "there is no use in calling again");
    assert.match(reader.errorLines[0]!, /keep nothing that can be read back/);
  });
}
