import assert from "node:assert/strict";
import fc from "fast-check";
import type { Batch } from "../../lib/head/delivery/batch.ts";
import { Gathering } from "../../lib/head/delivery/gathering.ts";
import type { Member } from "../../lib/head/members/member.ts";
import { GROUP_BYTES } from "../../lib/base/limits.ts";
import { ManualClock } from "../support/manual_clock.ts";
import { ManualTurn } from "../support/manual_turn.ts";

/** A data node of which only what is under way to it matters. */
interface UnderWay {
  sent: number;
  waitedMs: () => number;
  readonly isShared: boolean;
}

function newGathering(copies = 1) {
  const clock = new ManualClock();
  const turn = new ManualTurn();
  const members: UnderWay[] = [];
  const placed: Batch[] = [];
  const gathering = new Gathering(
    members as unknown as readonly Member[],
    copies,
    { clock, turn },
    (batch) => placed.push(batch),
  );
  const add = (length = 21) => {
    const batch = { length } as Batch;
    gathering.add(batch);
    return batch;
  };
  /** A data node to which so many batches are in flight, since now. */
  const addMember = (sent: number, isShared = true) => {
    const sinceMs = clock.nowMs();
    const waitedMs = () => clock.nowMs() - sinceMs;
    const member = { sent, waitedMs, isShared };
    members.push(member);
    return member;
  };
  return { clock, turn, placed, gathering, add, addMember };
}

Deno.test("gathering places what came in one turn when it ends", () => {
  const { turn, placed, add, addMember } = newGathering();
  addMember(0);
  const first = add();
  const second = add();
  assert.deepEqual(placed, []);
  turn.end();
  assert.deepEqual(placed, [first, second]);
});

Deno.test("gathering waits until as many have come as are under way", () => {
  const { turn, placed, add, addMember } = newGathering();
  addMember(2);
  addMember(1);
  const group = [add(), add()];
  turn.end();
  assert.deepEqual(placed, []);
  group.push(add());
  turn.end();
  assert.deepEqual(placed, group);
});

Deno.test("gathering goes on when an answer came", () => {
  const { turn, placed, gathering, add, addMember } = newGathering();
  const member = addMember(5);
  const group = [add(), add()];
  turn.end();
  member.sent = 3;
  gathering.review();
  turn.end();
  assert.deepEqual(placed, []);
  member.sent = 2;
  gathering.review();
  turn.end();
  assert.deepEqual(placed, group);
});

Deno.test("gathering does not wait for who is late, nor for text data nodes", () => {
  const { clock, turn, placed, gathering, add, addMember } = newGathering();
  addMember(100, false);
  const late = addMember(100);
  const group = [add()];
  turn.end();
  assert.deepEqual(placed, []);
  clock.advance(10);
  gathering.review();
  turn.end();
  assert.deepEqual(placed, group);
  assert.equal(late.sent, 100);
});

Deno.test("gathering waits for no more than is worth a sync", () => {
  const { turn, placed, add, addMember } = newGathering();
  addMember(100);
  const first = add(GROUP_BYTES - 1);
  turn.end();
  assert.deepEqual(placed, []);
  const second = add(1);
  turn.end();
  assert.deepEqual(placed, [first, second]);
});

Deno.test("gathering counts each copy that is under way", () => {
  const { turn, placed, add, addMember } = newGathering(2);
  // Two batches, two copies each.
  addMember(2);
  addMember(2);
  const group = [add()];
  turn.end();
  assert.deepEqual(placed, []);
  group.push(add());
  turn.end();
  assert.deepEqual(placed, group);
});

Deno.test("gathering places each batch once, in order, and keeps none for ever", () => {
  const step = fc.oneof(
    fc.record({ add: fc.integer({ min: 0, max: GROUP_BYTES }) }),
    fc.record({ underWay: fc.nat(20) }),
    fc.record({ passMs: fc.nat(4) }),
    fc.constant({ end: true }),
  );
  fc.assert(fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
    const { clock, turn, placed, gathering, add, addMember } = newGathering();
    const member = addMember(0);
    const added: Batch[] = [];
    for (const step of steps) {
      if ("add" in step) added.push(add(step.add));
      else if ("underWay" in step) {
        member.sent = step.underWay;
        gathering.review();
      } else if ("passMs" in step) clock.advance(step.passMs);
      else turn.end();
    }
    turn.end();
    assert.deepEqual(placed, added.slice(0, placed.length));
    // Nothing is answered any more; only time passes.
    clock.advance(10);
    gathering.review();
    turn.end();
    assert.deepEqual(placed, added);
  }));
});
