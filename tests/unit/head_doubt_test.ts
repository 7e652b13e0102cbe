/**
 * A data node whose handshake says less than is known of it is taken in once it
 * answers: the handshake may be one that waited at a cut, of a former life.
 */

import assert from "node:assert/strict";
import type { HeadOptions } from "../../lib/head/core.ts";
import { ByteQueue } from "../../lib/base/byte_queue.ts";
import { writeDamaged } from "../../lib/wire/frame.ts";
import { writeRoster } from "../../lib/wire/known_nodes.ts";
import { echoBeats } from "../support/echo_beats.ts";
import { knownNode, newHead } from "../support/new_head.ts";

const KNOWN = knownNode({ id: "aaaaaaaa", copies: 1, end: 100 });

/** A head that knows one data node, with 100 bytes. */
function newCluster(options: Partial<HeadOptions> = {}) {
  const memory = { owner: "hhhhhhhh", nodes: [KNOWN] };
  const head = newHead({ memory, ...options });
  const join = (end: number, life = "x") =>
    head.joinAs(`dataNode id=aaaaaaaa life=${life} end=${end}`, "frame");
  const told = (event: string) =>
    head.told.filter((line) => line.split(" ")[0] === event);
  const ids = () => head.core.members.map(({ id }) => id);
  return { ...head, join, told, ids };
}

Deno.test("head: an old handshake on a connection that is over is no loss", () => {
  const { join, told, ids } = newCluster();
  const old = join(0, "former");
  assert.deepEqual(ids(), [], "it may be old");
  old.breaks();
  join(100);
  assert.deepEqual(ids(), ["aaaaaaaa"]);
  assert.deepEqual(told("memberLost"), []);
  assert.equal(told("memberJoined").length, 1);
  assert.deepEqual(told("memberLeft"), [], "it was never taken in");
});

Deno.test("head: one that answers, and has less than it had, has lost it", () => {
  const { join, told, ids } = newCluster();
  const node = join(40);
  echoBeats(node);
  assert.deepEqual(ids(), ["aaaaaaaa"]);
  assert.deepEqual(told("memberLost"), ["memberLost 60"]);
});

Deno.test("head: what one in doubt tells before it answers is not lost", () => {
  const { join, told } = newCluster();
  const node = join(40);
  const out = new ByteQueue();
  writeDamaged(out);
  // A pass of another head has found elsewhere what it lacks.
  writeRoster(out, [{ ...KNOWN, version: 2, end: 40 }]);
  node.receive(out.view().slice());
  assert.deepEqual(told("memberDamaged"), []);
  echoBeats(node);
  assert.equal(told("memberJoined").length, 1);
  assert.equal(told("memberDamaged").length, 1);
  assert.deepEqual(told("memberLost"), [], "that is made good");
});

Deno.test("head: one in doubt that connects again meanwhile is one member", () => {
  const { join, told } = newCluster();
  const old = join(0, "former");
  const node = join(100);
  echoBeats(old);
  assert.equal(old.isEnding, true);
  assert.equal(node.isEnding, false);
  assert.equal(told("memberJoined").length, 1);
  assert.deepEqual(told("memberLost"), []);
});

Deno.test("head: one in doubt that never answers does not stay", () => {
  const { join, pass, ids } = newCluster();
  const node = join(0);
  pass(9_000);
  assert.equal(node.isEnding, false);
  pass(2_000);
  assert.equal(node.isEnding, true);
  assert.deepEqual(ids(), []);
});
