/** Processes that go down, hang, or are met twice, while clients send. */

import assert from "node:assert/strict";
import {
  Directory,
  freePort,
  type Program,
  runNode,
  startNode,
  type Target,
  targets,
} from "../support/program.ts";
import { compare, readAll, startLoad } from "./load.ts";

/** Pause of each of the 200 senders before its next message, in ms. */
const PAUSE_MS = 20;

/** Two heads, and three data nodes that know both. */
async function startCluster(
  target: Target,
  directory: Directory,
  ...headFlags: readonly string[]
) {
  const ports = [freePort(), freePort()];
  const to = ports.map((port) => `127.0.0.1:${port}`).join(",");
  const startHead = (i: number) =>
    startNode(target, [
      "--role=head",
      "--host=127.0.0.1",
      `--port=${ports[i]}`,
      "--heartbeat-interval=200ms",
      "--log-level=info",
      `--log-dir=${directory.at(`h${i}`)}`,
      ...headFlags,
    ]);
  const startData = (i: number) =>
    startNode(target, [
      "--role=data",
      `--head=${to}`,
      `--dir=${directory.at(`d${i}`)}`,
    ]);
  const heads = [startHead(0), startHead(1)];
  const nodes = [startData(0), startData(1), startData(2)];
  for (const head of heads) await head.lineCount(/dataNode .* joined/, 3);
  return {
    to,
    heads,
    nodes,
    startHead,
    startData,
    async [Symbol.asyncDispose]() {
      for (const process of [...heads, ...nodes]) await process.kill();
    },
  };
}

/** Ends a process politely, and checks how. */
async function stopWell(process: Program): Promise<void> {
  assert.equal(await process.stop(), 0, process.errorLines.join("\n"));
}

for (const target of targets) {
  const test = (name: string, run: () => Promise<void>) =>
    Deno.test(`${target.name}: ${name}`, run);

  test("failover: every process is restarted, and no client has an error", async () => {
    await using directory = new Directory();
    await using cluster = await startCluster(target, directory);
    const { to, heads, nodes } = cluster;
    const load = startLoad(to.split(","), PAUSE_MS);
    await load.more(1_000);
    for (const i of nodes.keys()) {
      await stopWell(nodes[i]!);
      nodes[i] = cluster.startData(i);
      for (const head of heads) {
        await head.lineCount(/dataNode .* rejoined/, i + 1);
      }
      await load.more(1_000);
    }
    for (const head of heads) {
      assert.deepEqual(
        head.lines.filter((line) => /redelivered|suspect/.test(line)),
        [],
        "a data node that drains leaves nothing to redeliver",
      );
    }
    for (const i of heads.keys()) {
      await stopWell(heads[i]!);
      heads[i] = cluster.startHead(i);
      await heads[i]!.lineCount(/dataNode .* (re)?joined/, 3);
      await load.more(1_000);
    }
    const acknowledged = await load.finish();
    const figures = compare(acknowledged, load.sent, await readAll(target, to));
    assert.deepEqual(figures, {
      acknowledged: load.sent.size,
      read: load.sent.size,
      lost: 0,
      doubled: 0,
      misordered: 0,
    });
  });

  test("failover: a head that is killed, and one that hangs, stop nobody", async () => {
    await using directory = new Directory();
    await using cluster = await startCluster(target, directory);
    const { to, heads, nodes } = cluster;
    const load = startLoad(to.split(","), PAUSE_MS);
    await load.more(1_000);
    await heads[0]!.kill();
    await load.more(5_000);
    heads[0] = cluster.startHead(0);
    await heads[0].lineCount(/dataNode .* (re)?joined/, 3);
    heads[1]!.signal("SIGSTOP");
    await load.more(5_000);
    assert.ok(
      load.losses.some((loss) => /it has not answered for \d/.test(loss)),
      load.losses.join("\n"),
    );
    // The data nodes leave it too; it may take them a moment longer.
    for (const node of nodes) await node.line(/it has not answered for \d/);
    heads[1]!.signal("SIGCONT");
    await heads[1]!.lineCount(/dataNode .* (re)?joined/, 6);
    const acknowledged = await load.finish();
    const figures = compare(acknowledged, load.sent, await readAll(target, to));
    assert.equal(figures.acknowledged, load.sent.size);
    assert.equal(figures.lost + figures.doubled + figures.misordered, 0);
  });

  test("failover: a data node that hangs is suspect, and back when it goes on", async () => {
    await using directory = new Directory();
    await using cluster = await startCluster(target, directory);
    const { to, heads, nodes } = cluster;
    const load = startLoad(to.split(","), PAUSE_MS);
    await load.more(1_000);
    nodes[0]!.signal("SIGSTOP");
    // What was in flight to it is answered although it hangs.
    await Promise.race(heads.map((head) => head.line(/dataNode .* suspect: /)));
    await load.more(5_000);
    nodes[0]!.signal("SIGCONT");
    for (const head of heads) {
      await head.line(/dataNode .* (alive again: it answered|rejoined after)/);
    }
    const acknowledged = await load.finish();
    const figures = compare(acknowledged, load.sent, await readAll(target, to));
    assert.equal(figures.acknowledged, load.sent.size);
    assert.equal(figures.lost + figures.doubled + figures.misordered, 0);
  });

  test("failover: a copied directory is refused, and so is an emptied one's name", async () => {
    await using directory = new Directory();
    await using cluster = await startCluster(target, directory);
    const { to, heads, nodes } = cluster;
    const [id] = directory.lines("d0/node.id");
    await Deno.mkdir(directory.at("copy"));
    for (const name of ["node.id", "data.txt"]) {
      await Deno.copyFile(
        directory.at(`d0/${name}`),
        directory.at(`copy/${name}`),
      );
    }
    const copy = await runNode(
      target,
      `--role data --head ${to} --dir ${directory.at("copy")}`,
    );
    assert.equal(copy.code, 1);
    assert.match(
      copy.out,
      new RegExp(`Cannot join: dataNode ${id} is here already, from 127`),
    );
    assert.equal(copy.errors, "");

    await nodes[1]!.kill();
    await Deno.remove(directory.at("d1/data.txt"));
    nodes[1] = cluster.startData(1);
    const [, former, now] = await nodes[1].line(
      /records of dataNode (\w+) are gone .* a new dataNode, (\w+)/,
    );
    assert.notEqual(former, now);
    await heads[0]!.line(new RegExp(`dataNode \\S+ \\(${now}\\) joined`));
  });
}
