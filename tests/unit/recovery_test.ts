import assert from "node:assert/strict";
import fc from "fast-check";
import type { Damage } from "../../lib/store/recovery.ts";
import { RECORD_BYTES_MAX, scanSegment } from "../../lib/store/recovery.ts";
import { MemoryDisk } from "../support/memory_disk.ts";
import { joined, lineOf } from "../support/records.ts";

/** Scans a segment with this content. */
function scan(content: Uint8Array) {
  const disk = new MemoryDisk();
  disk.replace("s", content);
  const sequences: number[] = [];
  const damages: Damage[] = [];
  const end = scanSegment(disk, "s", 0, {
    record: (_bytes, record) => sequences.push(record.sequence),
    damage: (damage) => damages.push(damage),
  });
  return { sequences, damages, ...end };
}

const anyPayloads = fc.array(fc.uint8Array({ maxLength: 80 }), {
  minLength: 1,
  maxLength: 6,
});
const linesOf = (payloads: readonly Uint8Array[]) =>
  payloads.map((payload, i) => lineOf(i + 1, payload));
const upTo = (count: number) => Array.from({ length: count }, (_, i) => i + 1);

Deno.test("scanSegment finds every record of a whole segment", () => {
  fc.assert(fc.property(anyPayloads, (payloads) => {
    const content = joined(linesOf(payloads));
    const found = scan(content);
    assert.deepEqual(found.sequences, upTo(payloads.length));
    assert.deepEqual(found.damages, []);
    assert.equal(found.wholeBytes, content.length);
    assert.equal(found.restBytes, 0);
  }));
});

Deno.test("scanSegment: any truncation costs only the record it cuts", () => {
  fc.assert(fc.property(anyPayloads, fc.nat(), (payloads, cut) => {
    const lines = linesOf(payloads);
    const content = joined(lines);
    const length = cut % content.length;
    const found = scan(content.subarray(0, length));
    let whole = 0;
    let end = 0;
    while (end + lines[whole]!.length <= length) end += lines[whole++]!.length;
    // A record without its line ending is still a record.
    const lacksEnding = length === end + lines[whole]!.length - 1;
    assert.deepEqual(found.sequences, upTo(lacksEnding ? whole + 1 : whole));
    assert.deepEqual(found.damages, []);
    assert.equal(found.wholeBytes, end);
    assert.equal(found.restBytes, length - end);
    assert.equal(found.recordBytes, lacksEnding ? length - end : 0);
  }));
});

Deno.test("scanSegment: any changed byte is found, and costs only its record", () => {
  const anyChange = fc.integer({ min: 1, max: 255 });
  fc.assert(
    fc.property(anyPayloads, fc.nat(), anyChange, (payloads, at, change) => {
      const lines = linesOf(payloads);
      const content = joined(lines);
      const place = at % content.length;
      let line = 0;
      let end = lines[0]!.length;
      while (end <= place) end += lines[++line]!.length;
      const wasEnding = place === end - 1;
      content[place] = content[place]! ^ change;

      const found = scan(content);
      const all = upTo(payloads.length);
      if (wasEnding) {
        // Only the ending is lost: the records on both sides are whole.
        assert.deepEqual(found.sequences, all);
        if (line === lines.length - 1) {
          assert.equal(found.restBytes - found.recordBytes, 1);
        } else {
          assert.deepEqual(found.damages, [{ offset: place, length: 1 }]);
        }
        return;
      }
      assert.deepEqual(
        found.sequences,
        all.filter((sequence) => sequence !== line + 1),
      );
      const damaged = found.damages.reduce((sum, d) => sum + d.length, 0);
      assert.equal(damaged, lines[line]!.length);
      for (const { offset, length } of found.damages) {
        assert.ok(offset >= end - lines[line]!.length);
        assert.ok(offset + length <= end);
      }
    }),
    { numRuns: 1_000 },
  );
});

Deno.test("scanSegment passes over a stretch too long for a record", () => {
  const before = lineOf(1, "a");
  const after = lineOf(2, "b");
  const hole = new Uint8Array(3 * RECORD_BYTES_MAX);
  hole[hole.length - 1] = 10;
  const found = scan(joined([before, hole, after]));
  assert.deepEqual(found.sequences, [1, 2]);
  assert.deepEqual(found.damages, [
    { offset: before.length, length: hole.length },
  ]);
});

Deno.test("scanSegment tells three joined lines apart", () => {
  const lines = [lineOf(1, "a"), lineOf(2, "b"), lineOf(3, "c")];
  const content = joined(lines);
  const first = lines[0]!.length - 1;
  const second = first + lines[1]!.length;
  content[first] = 32;
  content[second] = 32;
  const found = scan(content);
  assert.deepEqual(found.sequences, [1, 2, 3]);
  assert.deepEqual(found.damages.map((d) => d.offset), [first, second]);
});

Deno.test("scanSegment takes no message for a record, though it looks like one", () => {
  const inner = lineOf(77, "forged").subarray(0, -1);
  const outer = lineOf(1, inner);
  const content = joined([outer, lineOf(2, "b")]);
  content[3] = content[3]! ^ 1;
  const found = scan(content);
  assert.deepEqual(found.sequences, [2]);
  assert.deepEqual(found.damages, [{ offset: 0, length: outer.length }]);
});

Deno.test("scanSegment reads records longer than one read", () => {
  const long = lineOf(1, new Uint8Array(256 * 1024).fill(1));
  const found = scan(joined([long, long, lineOf(3, "x"), long, long]));
  assert.deepEqual(found.sequences, [1, 1, 3, 1, 1]);
  assert.deepEqual(found.damages, []);
});

Deno.test("scanSegment: damage side by side is one stretch", () => {
  const lines = linesOf(Array.from({ length: 9 }, () => new Uint8Array(20)));
  for (const line of lines.slice(1, 5)) line[30]! ^= 1;
  lines[7]![30]! ^= 1;
  const found = scan(joined(lines));
  assert.deepEqual(found.sequences, [1, 6, 7, 9]);
  const lengths = lines.map(({ length }) => length);
  const sum = (from: number, to: number) =>
    lengths.slice(from, to).reduce((a, b) => a + b, 0);
  assert.deepEqual(found.damages, [
    { offset: sum(0, 1), length: sum(1, 5) },
    { offset: sum(0, 7), length: sum(7, 8) },
  ]);
});

Deno.test("scanSegment serves what an editor has ended with CR and LF", () => {
  fc.assert(fc.property(anyPayloads, (payloads) => {
    const content = joined(
      linesOf(payloads).map((line) =>
        joined([line.subarray(0, -1), new Uint8Array([13, 10])])
      ),
    );
    const found = scan(content);
    assert.deepEqual(found.sequences, upTo(payloads.length));
    assert.deepEqual(found.damages, []);
    assert.equal(found.wholeBytes, content.length);
  }));
});

Deno.test("scanSegment gives a damaged line up that is full of what looks like records", () => {
  const inner = joined(
    Array.from({ length: 2_000 }, (_, i) => lineOf(i + 1, "x").slice(0, -1)),
  );
  const outer = lineOf(1, inner.subarray(0, 256 * 1024));
  outer[3]! ^= 1;
  const beganMs = performance.now();
  const found = scan(joined([outer, lineOf(2, "b")]));
  assert.ok(performance.now() - beganMs < 5_000, "it took too long");
  assert.deepEqual(found.sequences, [2]);
  assert.deepEqual(found.damages, [{ offset: 0, length: outer.length }]);
});
