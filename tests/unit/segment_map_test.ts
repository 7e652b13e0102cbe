import assert from "node:assert/strict";
import { SegmentMap } from "../../lib/store/segment_map.ts";

Deno.test("SegmentMap finds every position in its segment", () => {
  const map = new SegmentMap();
  assert.equal(map.activeStart, 0);
  map.seal("a", 10, true);
  map.seal("b", 5, true);
  map.seal("c", 7, true);
  assert.equal(map.activeStart, 22);
  const places = [
    [0, { segment: "a", offset: 0, length: 10 }],
    [9, { segment: "a", offset: 9, length: 1 }],
    [10, { segment: "b", offset: 0, length: 5 }],
    [14, { segment: "b", offset: 4, length: 1 }],
    [21, { segment: "c", offset: 6, length: 1 }],
  ] as const;
  for (const [position, place] of places) {
    assert.deepEqual(map.locate(position), place);
  }
});

Deno.test("SegmentMap fills the place of what was lost, whatever pieces are asked for", () => {
  const map = new SegmentMap();
  map.seal("a", 10, false, 200_000, true);
  map.lose(3);
  map.seal("b", 5, true, 1);
  assert.equal(map.activeStart, 200_019);
  const read = (sizeMax: number) => {
    let text = "";
    for (let position = 10; position < 200_013;) {
      const into = new Uint8Array(sizeMax);
      const count = map.fill(position, into);
      text += new TextDecoder().decode(into.subarray(0, count));
      position += count;
    }
    return text;
  };
  const text = read(1_000_000);
  assert.equal(text.length, 200_003);
  assert.match(text, /^\n[ \n]*\n {2}\n$/);
  assert.ok(text.split("\n").every((line) => line.length < 64 * 1024));
  for (const size of [1_000, 777, 65_536]) assert.ok(read(size) === text);
});

Deno.test("SegmentMap counts the ending that a segment lacks", () => {
  const map = new SegmentMap();
  map.seal("a", 10, false);
  map.seal("b", 5, true);
  assert.deepEqual(map.locate(10), { segment: "a", offset: 10, length: 0 });
  assert.deepEqual(map.locate(11), { segment: "b", offset: 0, length: 5 });
});

Deno.test("SegmentMap knows no position that is not in it, or not in a filler", () => {
  const map = new SegmentMap();
  assert.throws(() => map.locate(0));
  map.seal("a", 10, true, 5);
  assert.throws(() => map.locate(-1));
  assert.throws(() => map.locate(15));
  assert.throws(() => map.fill(9, new Uint8Array(1)));
  assert.equal(map.fill(10, new Uint8Array(9)), 5);
});
