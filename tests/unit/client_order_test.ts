import assert from "node:assert/strict";
import fc from "fast-check";
import { ClientOrder } from "../../lib/reader/client_order.ts";

const same = <T>(value: T) => value;

/** Adds records of `[sequence, floor]`, then ends. @returns What was taken. */
function taken(records: readonly (readonly [number, number])[]): number[] {
  const order = new ClientOrder<number>();
  const out: number[] = [];
  const emit = (sequence: number) => out.push(sequence);
  for (const [sequence, floor] of records) {
    order.add(sequence, floor, false, sequence, same, emit);
  }
  order.end(emit);
  return out;
}

Deno.test("ClientOrder puts what was in flight together in order", () => {
  assert.deepEqual(taken([[3, 1], [1, 1], [2, 1], [4, 4]]), [1, 2, 3, 4]);
});

Deno.test("ClientOrder takes each once, however often it comes", () => {
  assert.deepEqual(taken([[1, 1], [3, 1], [1, 1], [3, 1], [2, 2], [3, 3]]), [
    1,
    2,
    3,
  ]);
});

Deno.test("ClientOrder does not wait for what was never stored", () => {
  const order = new ClientOrder<number>();
  const out: number[] = [];
  const emit = (sequence: number) => out.push(sequence);
  order.add(3, 1, false, 3, same, emit);
  assert.deepEqual(out, []);
  order.add(5, 4, false, 5, same, emit);
  assert.deepEqual(out, [3]);
  assert.equal(order.waiting, 1);
});

Deno.test("ClientOrder takes what was passed over late rather than never", () => {
  assert.deepEqual(taken([[5, 5], [2, 1], [2, 1], [4, 1], [1, 1]]), [
    5,
    2,
    4,
    1,
  ]);
});

Deno.test("ClientOrder goes on after holes that were not waited for", () => {
  const order = new ClientOrder<number>();
  const out: number[] = [];
  const emit = (sequence: number) => out.push(sequence);
  const add = (sequence: number) =>
    order.add(sequence, 1, false, sequence, same, emit);
  for (const sequence of [2, 3, 5]) add(sequence);
  order.end(emit);
  assert.deepEqual(out, [2, 3, 5]);
  // What was taken comes again, what was not comes late.
  for (const sequence of [2, 3, 4, 5, 1, 6]) add(sequence);
  assert.deepEqual(out, [2, 3, 5, 4, 1, 6]);
});

Deno.test("ClientOrder knows what was answered and never met", () => {
  const order = new ClientOrder<number>();
  const add = (sequence: number, floor: number, isCertain = true) =>
    order.add(sequence, floor, isCertain, sequence, same, () => {});
  add(2, 1);
  assert.deepEqual(order.lacking(), { count: 0, first: 0 });
  add(6, 6);
  assert.deepEqual(order.lacking(), { count: 4, first: 1 });
  add(4, 1);
  assert.deepEqual(order.lacking(), { count: 3, first: 1 });
  // It may have been stored where nobody has looked yet.
  add(9, 9, false);
  assert.deepEqual(order.lacking(), { count: 3, first: 1 });
  add(12, 8);
  assert.deepEqual(order.lacking(), { count: 4, first: 1 });
});

Deno.test("ClientOrder: any windowed order with duplicates comes out in order, once", () => {
  // A client with `window` in flight: a floor is never past what is taken.
  const run = fc.record({
    count: fc.integer({ min: 1, max: 60 }),
    window: fc.integer({ min: 1, max: 12 }),
    choices: fc.infiniteStream(fc.nat(1_000_000)),
    lost: fc.uniqueArray(fc.integer({ min: 1, max: 60 })),
  });
  fc.assert(fc.property(run, ({ count, window, choices, lost }) => {
    const next = () => choices.next().value as number;
    const isLost = new Set(lost);
    const pending: number[] = [];
    const arrived: [number, number][] = [];
    let sent = 0;
    const floorOf = () =>
      pending.length === 0 ? sent + 1 : Math.min(...pending);
    const floors = new Map<number, number>();
    while (sent < count || pending.length > 0) {
      const canSend = sent < count && sent + 1 < floorOf() + window;
      if (canSend && (pending.length === 0 || next() % 2 === 0)) {
        pending.push(++sent);
        floors.set(sent, floorOf());
      } else {
        const [sequence] = pending.splice(next() % pending.length, 1);
        if (!isLost.has(sequence!)) {
          arrived.push([sequence!, floors.get(sequence!)!]);
          if (next() % 4 === 0) arrived.push(arrived[next() % arrived.length]!);
        }
      }
    }
    const expected = Array.from({ length: count }, (_, i) => i + 1)
      .filter((sequence) => !isLost.has(sequence));
    assert.deepEqual(taken(arrived), expected);
  }));
});
