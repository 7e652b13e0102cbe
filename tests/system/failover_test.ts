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

  for (const order of [[0, 1], [1, 0]] as const) {
    test(`failover: of two copies that two heads took in, one ends (${order})`, async () => {
      await using directory = new Directory();
      const ports = [freePort(), freePort()] as const;
      const startHead = (i: number) =>
        startNode(target, [
          "--role=head",
          "--host=127.0.0.1",
          `--port=${ports[i]}`,
          `--log-dir=${directory.at(`h${i}`)}`,
        ]);
      await using first = startHead(0);
      await using second = startHead(1);
      const heads = [first, second];
      // Each copy reaches its own head at once, and the other when it is let.
      const detours = [freePort(), freePort()] as const;
      const startData = (i: number) =>
        startNode(target, [
          "--role=data",
          `--head=127.0.0.1:${ports[i]},127.0.0.1:${detours[i]}`,
          `--dir=${directory.at(`d${i}`)}`,
        ]);
      await using whole = startNode(target, [
        "--role=data",
        `--head=127.0.0.1:${ports[0]}`,
        `--dir=${directory.at("d0")}`,
      ]);
      await first.line(/dataNode .* joined/);
      assert.equal(await whole.stop(), 0);
      await copyDirectory(directory.at("d0"), directory.at("d1"));
      const [id] = directory.lines("d0/node.id");

      await using one = startData(order[0]);
      await using other = startData(order[1]);
      const copies = order[0] === 0 ? [one, other] : [other, one];
      for (const [i, head] of heads.entries()) {
        await head.lineCount(/dataNode .* (re)?joined/, i === 0 ? 2 : 1);
      }
      // A message that is acknowledged by each, before they meet.
      for (const i of [0, 1]) {
        const sent = await runNode(
          target,
          `--role client --to 127.0.0.1:${
            ports[i]
          } --message to-${i} --count 1`,
        );
        assert.equal(sent.code, 0);
      }
      await using _there = forward(detours[0], ports[1]);
      await using _back = forward(detours[1], ports[0]);
      const ended = await Promise.race(
        copies.map(async (copy, i) => {
          await copy.exit(60_000);
          return i;
        }),
      );
      assert.equal(await copies[ended]!.exit(), 1);
      const told = [...copies[ended]!.lines, ...copies[ended]!.errorLines]
        .join("\n");
      assert.match(
        told,
        new RegExp(
          `Cannot stay: dataNode ${id} is here already, from 127\\S+, and ` +
            "stays there\\. Two data nodes have copies of one directory; .* is " +
            `in '\\S+/d${ended}' alone: remove node\\.id from there`,
        ),
      );
      // The other is taken in by both, and stays.
      const stays = 1 - ended;
      const stayed = copies[stays]!;
      await stayed.lineCount(/Joined head/, 2);
      // What the copy had comes back as told.
      await Deno.remove(directory.at(`d${ended}/node.id`));
      await using again = startNode(target, [
        "--role=data",
        `--head=127.0.0.1:${ports[0]},127.0.0.1:${ports[1]}`,
        `--dir=${directory.at(`d${ended}`)}`,
      ]);
      await again.lineCount(/Joined head/, 2);
      for (const port of ports) {
        const read = await runNode(
          target,
          `--role client --to 127.0.0.1:${port} --read --format text`,
        );
        assert.equal(read.code, 0, read.errors);
        assert.deepEqual(read.out.split("\n").sort(), ["to-0", "to-1"]);
      }
      assert.equal(await stayed.stop(), 0);
    });
  }
}

async function copyDirectory(from: string, to: string): Promise<void> {
  await Deno.mkdir(to);
  for await (const { name } of Deno.readDir(from)) {
    await Deno.copyFile(`${from}/${name}`, `${to}/${name}`);
  }
}

/** Passes on all that comes to one port, to another. */
function forward(from: number, to: number): AsyncDisposable {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: from });
  const open = new Set<Deno.Conn>();
  const pass = async (source: Deno.Conn, target: Deno.Conn) => {
    try {
      await source.readable.pipeTo(target.writable);
    } catch {
      // Either side has closed it.
    }
  };
  const serve = async () => {
    for await (const caller of listener) {
      const called = await Deno.connect({ hostname: "127.0.0.1", port: to });
      for (const conn of [caller, called]) open.add(conn);
      pass(caller, called);
      pass(called, caller);
    }
  };
  const served = serve();
  return {
    async [Symbol.asyncDispose]() {
      listener.close();
      await served;
      for (const conn of open) {
        try {
          conn.close();
        } catch {
          // Closed already.
        }
      }
    },
  };
}
