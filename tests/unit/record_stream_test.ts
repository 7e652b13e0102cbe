import assert from "node:assert/strict";
import fc from "fast-check";
import { Front, RecordStream } from "../../lib/store/record_stream.ts";
import { writeRecords } from "../../lib/store/record.ts";
import { bytesOf } from "../../lib/base/ascii.ts";
import { ByteQueue } from "../../lib/base/byte_queue.ts";
import { headerOf, joined, lineOf, payloadOf } from "../support/records.ts";

/** Reads `content` in pieces of these sizes. */
function readAll(content: Uint8Array, sizes: readonly number[]) {
  const damages: [number, number][] = [];
  const stream = new RecordStream("aaaaaaaa", false, (position, length) => {
    const last = damages.at(-1);
    // A long stretch is told piece by piece.
    if (last !== undefined && last[0] + last[1] === position) last[1] += length;
    else damages.push([position, length]);
  });
  const sequences: number[] = [];
  const end = content.length;
  for (let turn = 0;; turn++) {
    let front = stream.front();
    while (front === Front.record) {
      sequences.push(stream.record.sequence);
      stream.pass();
      front = stream.front();
    }
    if (front === Front.end) return { sequences, damages };
    assert.equal(stream.wants, true);
    const from = stream.position;
    const to = Math.min(end, from + sizes[turn % sizes.length]!);
    const fields = { ticket: 1, position: from, end, tick: 9, lanes: 0 };
    stream.take(fields, content, from, to);
    // A piece that was asked for twice changes nothing.
    if (to > from) stream.take(fields, content, from, to);
  }
}

const content = joined(
  [1, 2, 3, 4, 5].map((n) => lineOf(n, "x".repeat(n * 9))),
);
const sizes = fc.array(fc.integer({ min: 1, max: 400 }), {
  minLength: 1,
  maxLength: 5,
});

Deno.test("RecordStream gives every record, whatever the pieces", () => {
  fc.assert(fc.property(sizes, (sizes) => {
    const { sequences, damages } = readAll(content, sizes);
    assert.deepEqual(sequences, [1, 2, 3, 4, 5]);
    assert.deepEqual(damages, []);
  }));
});

Deno.test("RecordStream tells of damage, and goes on behind it", () => {
  const change = fc.record({ at: fc.nat(content.length - 1), sizes });
  fc.assert(fc.property(change, ({ at, sizes }) => {
    const spoiled = content.slice();
    spoiled[at] = spoiled[at]! ^ 64;
    const { sequences, damages } = readAll(spoiled, sizes);
    if (sequences.length === 5) {
      assert.equal(content[at], 10, "only an ending costs no record");
      return;
    }
    assert.equal(sequences.length, 4);
    const [first] = damages;
    assert.ok(first![0] <= at && damages.at(-1)![0] + damages.at(-1)![1] > at);
  }));
});

Deno.test("RecordStream passes over blanks: the head tells what they stand for", () => {
  const lines = [1, 2, 3].map((n) => lineOf(n, "x"));
  const blanks = bytesOf(`\n${" ".repeat(500)}\n\n  \n`);
  const content = joined([
    blanks,
    lines[0]!,
    blanks,
    ...lines.slice(1),
    blanks,
  ]);
  fc.assert(fc.property(sizes, (sizes) => {
    const { sequences, damages } = readAll(content, sizes);
    assert.deepEqual(sequences, [1, 2, 3]);
    assert.deepEqual(damages, []);
  }));
});

Deno.test("RecordStream is at its end when the node has less than was read", () => {
  for (const now of [0, 20]) {
    const damages: string[] = [];
    const stream = new RecordStream("aaaaaaaa", false, (position, length) => {
      damages.push(`${length} at ${position}`);
    });
    const end = content.length;
    const fields = { ticket: 1, position: 0, end, tick: 9, lanes: 0 };
    stream.take(fields, content, 0, 30);
    assert.equal(stream.front(), Front.nothing);
    stream.take({ ...fields, position: 30, end: now }, content, 0, 0);
    assert.equal(stream.front(), Front.end);
    assert.equal(stream.isRead, true);
    assert.equal(stream.wants, false);
    // A lane that is gone is elsewhere.
    assert.deepEqual(damages, now === 0 ? [] : [`${end - 30} at 30`]);
  }
});

Deno.test("RecordStream: an empty data node is at its end at once", () => {
  assert.deepEqual(readAll(new Uint8Array(), [1]), {
    sequences: [],
    damages: [],
  });
});

Deno.test("RecordStream takes a time that cannot be for that of the record before", () => {
  const poison = Number.MAX_SAFE_INTEGER;
  const ticks = [7, poison, poison, 8, 10 ** 12];
  const lines = ticks.map((tick) => {
    const out = new ByteQueue();
    writeRecords(out, { ...headerOf(1), tick }, payloadOf(["x"]), 0, 1);
    return out.view().slice();
  });
  const content = joined(lines);
  const stream = new RecordStream("aaaaaaaa", true, () => {});
  const end = content.length;
  const fields = { ticket: 1, position: 0, end, tick: 10 ** 12, lanes: 0 };
  stream.take(fields, content, 0, end);
  const told: number[] = [];
  for (; stream.front() === Front.record; stream.pass()) {
    assert.equal(stream.front(), Front.record);
    told.push(stream.record.tick);
  }
  assert.deepEqual(told, [7, 7, 7, 8, 10 ** 12]);
});
