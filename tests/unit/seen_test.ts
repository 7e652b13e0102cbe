import assert from "node:assert/strict";
import fc from "fast-check";
import { Seen } from "../../lib/data/seen.ts";
import { CLIENT_WINDOW_MESSAGES } from "../../lib/limits.ts";
import { bytesOf } from "../../lib/wire/ascii.ts";

const a = bytesOf("a");
const b = bytesOf("b");

Deno.test("Seen knows what was added, and the commit to wait for", () => {
  const seen = new Seen();
  assert.equal(seen.commitOf(a, 1, 1), undefined);
  seen.add(a, 1, 1, 3, 7);
  assert.equal(seen.commitOf(a, 1, 3), 7);
  assert.equal(seen.commitOf(a, 2, 1), 7);
  assert.equal(seen.commitOf(a, 3, 2), undefined);
  assert.equal(seen.commitOf(b, 1, 1), undefined);
  seen.add(a, 2, 9, 1, 8);
  assert.equal(seen.commitOf(a, 1, 1), 8, "below the floor all was answered");
  assert.equal(seen.commitOf(a, 5, 1), undefined);
  seen.clear();
  assert.equal(seen.commitOf(a, 1, 1), undefined);
});

Deno.test("Seen agrees with a plain model, over any sequences", () => {
  const step = fc.record({
    rise: fc.nat(40),
    ahead: fc.nat(300),
    count: fc.integer({ min: 1, max: 80 }),
  });
  const run = fc.record({
    start: fc.constantFrom(1, 4_294_967_200, Number.MAX_SAFE_INTEGER - 90_000),
    steps: fc.array(step, { maxLength: 40 }),
  });
  fc.assert(fc.property(run, ({ start, steps }) => {
    const seen = new Seen();
    const model = new Set<number>();
    let floor = start;
    for (const { rise, ahead, count } of steps) {
      floor += rise;
      seen.add(a, floor, floor + ahead, count, 1);
      for (let i = 0; i < count; i++) model.add(floor + ahead + i);
      for (let sequence = floor; sequence < floor + 400; sequence++) {
        const isKnown = seen.commitOf(a, sequence, 1) !== undefined;
        assert.equal(isKnown, model.has(sequence), `${sequence} of ${floor}`);
      }
    }
  }));
});

Deno.test("Seen takes any run of a client's window, and no more", () => {
  const seen = new Seen();
  seen.add(a, 1, 1, CLIENT_WINDOW_MESSAGES, 1);
  assert.equal(seen.commitOf(a, 1, CLIENT_WINDOW_MESSAGES), 1);
  // Past a window is past what any client of ours has in flight.
  seen.add(a, 1, CLIENT_WINDOW_MESSAGES + 1, 1, 1);
  assert.equal(seen.commitOf(a, CLIENT_WINDOW_MESSAGES + 1, 1), undefined);
});

Deno.test("Seen forgets the client it has heard of least lately", () => {
  const seen = new Seen(2);
  seen.add(a, 1, 1, 1, 1);
  seen.add(b, 1, 1, 1, 1);
  seen.add(a, 1, 2, 1, 1);
  seen.add(bytesOf("c"), 1, 1, 1, 1);
  assert.equal(seen.size, 2);
  assert.equal(seen.commitOf(a, 1, 2), 1);
  assert.equal(seen.commitOf(b, 1, 1), undefined);
});
