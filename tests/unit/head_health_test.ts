/** What a head says of its health, and while messages cannot be stored. */

import assert from "node:assert/strict";
import type { HeadOptions } from "../../lib/head/core.ts";
import { echoBeats } from "../support/echo_beats.ts";
import { knownNode, newHead } from "../support/new_head.ts";
import type { ScriptedLink } from "../support/scripted_link.ts";

const FULL = "error not-stored: No space left on device\n";
const NONE_STORES =
  /^estado role=head held=\d+ unwell=no_dataNode_can_store:_192\.0\.2\.7_\(\w{8}\):_No_space_left_on_device$/;

/** A head, what it answers to `estado`, and what it told. */
function newCluster(options: Partial<HeadOptions> = {}) {
  const head = newHead(options);
  const status = () => {
    const link = head.connect();
    link.receive("estado\n");
    return link.said().split("\n")[0]!;
  };
  const told = (event: string) =>
    head.told.filter((line) => line.split(" ")[0] === event);
  return { ...head, status, told };
}

/** One that refuses what it is given. @returns Whether it was given anything. */
function refuse(node: ScriptedLink): boolean {
  if (node.said() === "") return false;
  node.receive(FULL);
  return true;
}

Deno.test("head is not well as long as its only data node refuses", () => {
  const { join, pass, status, told } = newCluster();
  const node = join("dataNode");
  const client = join("cliente");
  client.receive("uno\n");
  assert.match(status(), /held=1$/, "it is on its way");
  let refusals = 0;
  let isClientTold = false;
  for (let ms = 0; ms < 120_000; ms += 50) {
    if (refuse(node)) refusals++;
    // The client sends again what it was told is not stored.
    if (client.said().startsWith("error not-stored")) {
      isClientTold = true;
      client.receive("uno\n");
    }
    assert.match(status(), NONE_STORES, `after ${ms} ms`);
    pass(50);
  }
  assert.ok(refusals > 5 && isClientTold, `${refusals}`);
  assert.deepEqual(told("holding"), ["holding 0 1"], "told once");
  assert.equal(told("stuck").length, 1);
  assert.deepEqual(told("released"), []);
  // The disk has room again.
  for (let ms = 0; ms < 16_000; ms += 50) {
    if (node.said() !== "") node.receive("recibido\n");
    pass(50);
  }
  assert.match(client.said(), /recibido/);
  assert.equal(status(), "estado role=head held=0");
  assert.deepEqual(told("released"), ["released 1"]);
});

Deno.test("head is not well while one of two copies is refused", () => {
  const { join, joinAs, pass, status, told } = newCluster({ replicas: 2 });
  const nodes = [join("dataNode"), join("dataNode")];
  joinAs("cliente", "line").receive("uno\n");
  nodes[0]!.said();
  nodes[0]!.receive("recibido\n");
  let refusals = 0;
  for (let ms = 0; ms < 60_000; ms += 50) {
    if (refuse(nodes[1]!)) refusals++;
    const unwell = /unwell=nothing_that_waits_was_stored_for_\d+_s:/;
    if (ms > 5_300) assert.match(status(), unwell, `after ${ms} ms`);
    pass(50);
  }
  assert.ok(refusals > 5, `${refusals}`);
  assert.equal(told("holding").length, 1);
  assert.equal(told("stuck").length, 1);
  assert.deepEqual(told("released"), []);
});

Deno.test("head says that none is there, and that one is there and refuses", () => {
  const { core, join, pass, told } = newCluster();
  const client = join("cliente");
  client.receive("uno\n");
  assert.equal(told("holding").length, 1, "there is none");
  const node = join("dataNode");
  for (let ms = 0; ms < 30_000; ms += 50) {
    refuse(node);
    if (client.said() !== "") client.receive("uno\n");
    pass(50);
  }
  assert.equal(told("holding").length, 2, "there is one");
  assert.deepEqual(told("released"), []);
  node.breaks();
  const other = join("dataNode");
  other.receive("recibido\n");
  assert.equal(core.heldMessages, 0);
  assert.deepEqual(told("released"), ["released 1"]);
});

Deno.test("messages that others hold up do not hide that long ones wait", () => {
  const { join, joinAs, pass, status } = newCluster();
  const original = joinAs("dataNode", "chunk");
  const person = join("dataNode");
  const client = join("cliente");
  person.said();
  client.receive(`${"x".repeat(5_000)}\n`);
  assert.match(person.said(), /x{5000}/);
  let stored = 0;
  for (let ms = 0; ms < 20_000; ms += 500) {
    client.receive("uno\n");
    if (original.said() !== "") {
      original.receive("recibido");
      stored++;
    }
    pass(500);
  }
  assert.ok(stored > 20, `${stored}`);
  assert.match(status(), /unwell=nothing_that_waits_.*is_suspect/);
});

Deno.test("head names the data node that is missing, and none that is idle busy", () => {
  const { core, join, pass, connect } = newCluster({ replicas: 2 });
  join("dataNode");
  join("cliente").receive("uno\n");
  pass(6_000);
  const link = connect();
  link.receive("estado\n");
  const [, unwell] = /unwell=(\S+)/.exec(link.said())!;
  const [member] = core.members;
  assert.equal(
    unwell!.replaceAll("_", " ").replace(/for \d+ s/, "for 6 s"),
    "nothing that waits was stored for 6 s: only 1 dataNode, and a message " +
      `must be on 2; ${member!.label}: is ready`,
  );
});

Deno.test("head says when too few data nodes are left to copy to", () => {
  const { joinAs, pass, told } = newCluster({
    replicas: 2,
    minReplicas: 1,
    repairAfterMs: 60_000,
    memory: {
      owner: "hhhhhhhh",
      nodes: ["aaaaaaaa", "bbbbbbbb"].map((id) =>
        knownNode({ id, copies: 2, end: 100 })
      ),
    },
  });
  const join = (id: string) =>
    joinAs(`dataNode id=${id} life=x end=100`, "frame");
  /** Time passes, with one data node that answers, beside others. */
  const live = (ms: number, nodes: readonly ScriptedLink[]) => {
    for (let rest = ms; rest > 0; rest -= 500) {
      pass(500);
      for (const node of nodes) echoBeats(node);
    }
  };
  const first = join("aaaaaaaa");
  live(59_000, [first]);
  assert.deepEqual(told("fewToCopyTo"), [], "it may come back");
  live(120_000, [first]);
  assert.deepEqual(told("fewToCopyTo"), ["fewToCopyTo 1 2 bbbbbbbb"]);
  assert.deepEqual(told("enoughToCopyTo"), []);
  const third = join("cccccccc");
  live(1_000, [first, third]);
  assert.deepEqual(told("enoughToCopyTo"), ["enoughToCopyTo 2"]);
  third.breaks();
  live(10_000, [first]);
  assert.equal(told("fewToCopyTo").length, 2, "as before");
});
