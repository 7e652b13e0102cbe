import assert from "node:assert/strict";
import fc from "fast-check";
import { Merge } from "../../lib/store/merge.ts";
import { RecordStream } from "../../lib/store/record_stream.ts";
import { joined, lineOf } from "../support/records.ts";

/** A stream of records whose ticks are these; `end` bytes, all read or not. */
function newSource(ticks: readonly number[], isAll = true, lane = 0) {
  const stream = new RecordStream("aaaaaaaa", false, assert.fail);
  const lines = joined(ticks.map((tick) => lineOf(tick, "x")));
  const end = lines.length + (isAll ? 0 : 1);
  const fields = { ticket: 1, position: 0, end, tick: 99, lanes: 0 };
  stream.take(fields, lines, 0, lines.length);
  return { stream, lane, isLeftOut: false };
}

/** The ticks of the records that are certain, in the order of the merge. */
function ticksOf(merge: Merge<ReturnType<typeof newSource>>): number[] {
  const ticks: number[] = [];
  for (;;) {
    merge.look();
    const { next } = merge;
    if (next === undefined) return ticks;
    ticks.push(next.stream.record.tick);
    next.stream.pass();
  }
}

Deno.test("Merge brings all records in the order of their ticks", () => {
  const ticks = fc.array(fc.integer({ min: 1, max: 50 }), { maxLength: 9 })
    .map((ticks) => ticks.sort((a, b) => a - b));
  fc.assert(fc.property(fc.array(ticks, { maxLength: 5 }), (streams) => {
    const merge = new Merge<ReturnType<typeof newSource>>();
    for (const ticks of streams) merge.add(newSource(ticks));
    assert.deepEqual(ticksOf(merge), streams.flat().sort((a, b) => a - b));
    assert.equal(merge.isOver, true);
  }));
});

Deno.test("Merge waits for a stream that may bring a lower tick", () => {
  const merge = new Merge<ReturnType<typeof newSource>>();
  const slow = newSource([2], false);
  merge.add(newSource([1, 3]));
  merge.add(slow);
  assert.deepEqual(ticksOf(merge), [1, 2]);
  assert.equal(merge.isOver, false);
  slow.isLeftOut = true;
  assert.deepEqual(ticksOf(merge), [3]);
  assert.equal(merge.isOver, false, "a stream that is left out may return");
});

Deno.test("Merge is complete up to what all segments that are here are past", () => {
  const merge = new Merge<ReturnType<typeof newSource>>();
  const gone = newSource([4], false);
  merge.add(newSource([3]));
  merge.add(newSource([5], true, 1));
  merge.add(gone);
  gone.stream.giveUp();
  assert.deepEqual(ticksOf(merge), [3, 4, 5]);
  assert.equal(merge.isOver, true);
  assert.equal(merge.completeTo, 4, "what the one that is gone has brought");
  gone.isLeftOut = true;
  merge.look();
  assert.equal(merge.completeTo, 99);
});
