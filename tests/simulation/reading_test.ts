/** Readings end, and following goes on, whatever data nodes do. */

import assert from "node:assert/strict";
import {
  headDefaults,
  SimClient,
  SimData,
  SimHead,
  SimReader,
} from "./cluster.ts";
import { History } from "./history.ts";
import { SimNetwork } from "./sim_network.ts";
import { World } from "./world.ts";

/** A head with so many data nodes, and a client that has nothing in flight. */
function newCluster(seed: number, count: number, replicas = 1) {
  const world = new World(seed);
  const network = new SimNetwork(world, { delayMs: [0.1, 1], splitChance: 0 });
  const options = { ...headDefaults, replicas, minReplicas: replicas };
  const head = new SimHead(network, "10.0.0.1", {
    ...options,
    repairAfterMs: 3_000,
  });
  const heads = [head.address];
  const nodes = Array.from(
    { length: count },
    (_, i) =>
      new SimData(network, `10.0.1.${i + 1}`, heads, {
        syncMs: [0.1, 1],
        syncFailureChance: 0,
      }),
  );
  const history = new History();
  const client = new SimClient(network, "10.0.2.1", heads, history);
  world.run(8_000);
  const send = (messages: number, padding = "") => {
    for (let i = 0; i < messages; i++) {
      client.process.handle(() => client.send((name) => `${name} ${padding}`));
      world.run(5);
    }
    assert.ok(world.runUntil(() => client.unanswered === 0, 10_000));
  };
  let readers = 0;
  const read = (follow = false) =>
    new SimReader(network, `10.0.3.${++readers}`, heads, follow);
  return { world, head, nodes, history, client, send, read };
}

Deno.test("a reading of more data nodes than may be asked at once ends", () => {
  const { world, nodes, send, read, history } = newCluster(1, 80);
  send(300);
  const reader = read();
  assert.ok(world.runUntil(() => reader.isFinished, 20_000));
  assert.deepEqual(reader.missing, []);
  assert.equal(reader.messages.length, 300);
  history.checkRead(reader.messages);
  assert.equal(nodes.length, 80);
});

Deno.test("a data node whose disk hangs on reads is missed, and not waited for", () => {
  const { world, nodes, send, read } = newCluster(2, 3);
  send(60);
  nodes[1]!.disk.hangsOnReads = true;
  const reader = read();
  assert.ok(world.runUntil(() => reader.isFinished, 60_000));
  assert.match(reader.missing.join("\n"), /10\.0\.1\.2 .* does not answer/);
  assert.ok(reader.messages.length > 0);
});

Deno.test("a follower does not wait for what nobody brings, and takes it late", () => {
  const { world, nodes, send, read, history } = newCluster(3, 3);
  const follower = read(true);
  send(30);
  assert.ok(world.runUntil(() => follower.messages.length === 30, 5_000));
  // What one data node has alone is not there for a while.
  const before = follower.messages.length;
  const away = nodes[0]!;
  send(1);
  away.process.kill();
  world.run(1_000);
  send(40);
  const here = before + 41;
  world.run(12_000);
  assert.ok(
    follower.messages.length >= here - 1,
    `${follower.messages.length}`,
  );
  away.start();
  assert.ok(world.runUntil(() => follower.messages.length === here, 20_000));
  follower.stopFollowing();
  assert.ok(world.runUntil(() => follower.isFinished, 20_000));
  history.checkRead(
    follower.messages.toSorted((a, b) => a.sequence - b.sequence),
  );
});

Deno.test("a follower reads a data node again that was repaired, and came back", () => {
  const { world, nodes, send, read, head } = newCluster(4, 3, 2);
  const follower = read(true);
  send(40);
  const back = nodes[0]!;
  back.process.kill();
  assert.ok(world.runUntil(() => head.missesNobody, 60_000));
  world.run(3_000);
  back.start();
  world.run(8_000);
  // From now on it may have messages that the follower needs.
  for (const node of nodes.slice(1)) node.process.kill();
  for (const node of nodes.slice(1)) node.start();
  world.run(8_000);
  const sent = 40;
  send(60);
  const all = sent + 60;
  assert.ok(
    world.runUntil(() => follower.messages.length === all, 20_000),
    `${follower.messages.length} of ${all}`,
  );
});

Deno.test("a data node that joined and stored nothing is not missed", () => {
  const { world, nodes, send, read } = newCluster(5, 3);
  send(0);
  nodes[2]!.process.kill();
  world.run(1_000);
  send(30);
  const reader = read();
  assert.ok(world.runUntil(() => reader.isFinished, 20_000));
  assert.deepEqual(reader.missing, []);
  assert.equal(reader.messages.length, 30);
});

Deno.test("a head that has lost its memory has it again with the first data node", () => {
  const { world, nodes, head, send, read } = newCluster(6, 3);
  send(60);
  world.run(3_000);
  nodes[2]!.process.kill();
  head.process.kill();
  head.memory = undefined;
  head.start();
  const reader = read();
  assert.ok(world.runUntil(() => reader.isFinished, 30_000));
  assert.match(reader.missing.join("\n"), /10\.0\.1\.3 .* it is away/);
  assert.ok(reader.messages.length > 20);
});

Deno.test("a head without any data node says so, and not that there is nothing", () => {
  const { world, nodes, read } = newCluster(7, 1);
  nodes[0]!.process.kill();
  world.run(1_000);
  const reader = read();
  assert.ok(world.runUntil(() => reader.isFinished, 30_000));
  assert.match(reader.missing.join("\n"), /knows no dataNode/);
});

Deno.test("a head without memory waits for others after the first that it meets", () => {
  const { world, nodes, head, send, read } = newCluster(8, 2);
  const [holder, ignorant] = nodes as [typeof nodes[0], typeof nodes[0]];
  ignorant.kill("stays");
  world.run(1_000);
  send(20);
  holder.kill("stays");
  head.process.kill();
  head.memory = undefined;
  head.start();
  world.run(20_000);
  ignorant.start();
  assert.ok(world.runUntil(() => head.core.members.length === 1, 10_000));
  const reader = read();
  world.run(1_000);
  holder.start();
  assert.ok(world.runUntil(() => reader.isFinished, 30_000));
  assert.deepEqual(reader.missing, []);
  assert.equal(reader.messages.length, 20);
});

Deno.test("a follower that ends reads also who has just come, or come back", () => {
  for (const wasThere of [false, true]) {
    const { world, nodes, head, send, read } = newCluster(9, 2);
    const late = nodes[1]!;
    if (wasThere) send(20);
    late.kill("stays");
    const follower = read(true);
    world.run(1_000);
    send(20);
    // Longer than a data node is waited for.
    world.run(8_000);
    late.start();
    assert.ok(world.runUntil(() => head.core.members.length === 2, 10_000));
    send(20);
    follower.stopFollowing();
    assert.ok(world.runUntil(() => follower.isFinished, 20_000));
    assert.equal(follower.messages.length, wasThere ? 60 : 40);
  }
});

/** Disks are lost, one after the other, and what they had is restored. */
function lose(
  { world, nodes, head }: ReturnType<typeof newCluster>,
  ...numbers: readonly number[]
) {
  for (const number of numbers) {
    const node = nodes[number]!;
    node.loseDisk();
    world.run(6_000);
    assert.ok(world.runUntil(() => head.missesNobody, 120_000));
    world.run(20_000);
  }
}

Deno.test("a follower reads in the lanes of others what was restored meanwhile", () => {
  const cluster = newCluster(10, 6, 2);
  const { world, send, read } = cluster;
  send(400);
  // From now on all have lanes, which it reads to their ends.
  lose(cluster, 4, 3);
  const follower = read(true);
  assert.ok(world.runUntil(() => follower.messages.length === 400, 5_000));
  world.run(3_000);
  follower.process.stop();
  send(100);
  lose(cluster, 0, 1);
  follower.process.goOn();
  world.run(4_000);
  follower.stopFollowing();
  assert.ok(world.runUntil(() => follower.isFinished, 60_000));
  assert.equal(follower.messages.length, 500, follower.missing.join("\n"));
});

Deno.test("a reading is not whole when a data node goes in its midst, though others have all", () => {
  const cluster = newCluster(11, 5, 2);
  const { world, send, read } = cluster;
  const messages = 600;
  send(messages, "x".repeat(3_000));
  const reader = read();
  assert.ok(world.runUntil(() => reader.messages.length > 0, 5_000));
  assert.ok(reader.messages.length < messages, "it has read all already");
  reader.process.stop();
  lose(cluster, 0, 1);
  reader.process.goOn();
  assert.ok(world.runUntil(() => reader.isFinished, 60_000));
  assert.ok(
    reader.messages.length === messages || reader.missing.length > 0,
    `${reader.messages.length} of ${messages}, and nothing is said`,
  );
});
