/** Reading around what a disk cannot give any more. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { loadAround } from "../../lib/store/block_load.ts";
import { BadBlocksDisk } from "../support/bad_blocks.ts";

const SIZE = 40_000;
const content = Uint8Array.from({ length: SIZE }, (_, i) => 97 + i % 26);

/** Reads a file in pieces. @returns Its bytes, or why they cannot be read. */
function readAll(disk: BadBlocksDisk, from: number, pieceBytes: number) {
  const read = new Uint8Array(SIZE - from);
  let missing = 0;
  for (let at = from; at < SIZE;) {
    const into = new Uint8Array(Math.min(pieceBytes, SIZE - at));
    const file = { name: "f", size: SIZE, isStill: () => true };
    const told: [number, string | undefined][] = [];
    loadAround(disk, file, at, into, (count, failure, unreadable) => {
      told.push([count, failure]);
      missing += unreadable;
    });
    while (disk.loads.length > 0) disk.loads.shift()!();
    assert.equal(told.length, 1);
    const [count, failure] = told[0]!;
    if (failure !== undefined) return failure;
    assert.ok(count > 0);
    read.set(into.subarray(0, count), at - from);
    at += count;
  }
  return { read, missing };
}

Deno.test("loadAround gives all but the blocks that cannot be read", () => {
  const cases = fc.record({
    bad: fc.uniqueArray(fc.nat(9), { maxLength: 4 }),
    from: fc.nat(SIZE - 1),
    pieceBytes: fc.integer({ min: 100, max: SIZE }),
  });
  fc.assert(fc.property(cases, ({ bad, from, pieceBytes }) => {
    const disk = new BadBlocksDisk(new Map([["f", content]]));
    for (const block of bad) disk.bad.add(`f@${block}`);
    const result = readAll(disk, from, pieceBytes);
    // Where both ends are bad, it is not known to be about blocks.
    if (typeof result === "string") {
      assert.ok(bad.includes(0) || bad.includes(9));
      return;
    }
    const { read, missing } = result;
    let expected = 0;
    for (let at = from; at < SIZE; at++) {
      const isBad = bad.includes(Math.floor(at / 4_096));
      if (isBad) expected++;
      const byte = read[at - from]!;
      if (isBad) assert.ok(byte === 45 || byte === 10);
      else assert.equal(byte, content[at]);
    }
    assert.equal(missing, expected);
  }));
});

Deno.test("loadAround makes no damage of a file that cannot be read at all", () => {
  const disk = new BadBlocksDisk(new Map([["f", content]]));
  disk.bad.add("f");
  assert.match(`${readAll(disk, 0, SIZE)}`, /Input\/output error/);
});

Deno.test("loadAround does not read on in another file of that name", () => {
  const disk = new BadBlocksDisk(new Map([["f", content]]));
  disk.bad.add("f@1");
  const told: unknown[] = [];
  const file = { name: "f", size: SIZE, isStill: () => false };
  loadAround(disk, file, 0, new Uint8Array(SIZE), (...loaded) => {
    told.push(loaded);
  });
  while (disk.loads.length > 0) disk.loads.shift()!();
  assert.deepEqual(told, [[0, "Input/output error (os error 5)", 0]]);
});
