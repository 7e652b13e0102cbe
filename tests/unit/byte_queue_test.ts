import assert from "node:assert/strict";
import fc from "fast-check";
import { ByteQueue } from "../../lib/base/byte_queue.ts";

Deno.test("ByteQueue gives back what was appended, in order", () => {
  const operation = fc.oneof(
    fc.uint8Array({ maxLength: 600 }).map((bytes) => ({ append: bytes })),
    fc.nat(700).map((count) => ({ consume: count })),
  );
  fc.assert(fc.property(fc.array(operation), (operations) => {
    const queue = new ByteQueue();
    let model: number[] = [];
    for (const operation of operations) {
      if ("append" in operation) {
        queue.append(operation.append);
        model.push(...operation.append);
      } else {
        const count = Math.min(operation.consume, model.length);
        queue.consume(count);
        model = model.slice(count);
      }
      assert.equal(queue.length, model.length);
      assert.deepEqual([...queue.view()], model);
    }
  }));
});

Deno.test("ByteQueue.append takes a part of its source", () => {
  for (const length of [10, 63, 64, 65, 500]) {
    const source = Uint8Array.from({ length }, (_, i) => i);
    const queue = new ByteQueue();
    queue.append(source, 3, length - 2);
    assert.deepEqual(queue.view(), source.subarray(3, length - 2));
  }
});

Deno.test("ByteQueue.reserve gives room that commit makes part of it", () => {
  const queue = new ByteQueue();
  queue.append(Uint8Array.of(1));
  const at = queue.reserve(2);
  queue.bytes[at] = 2;
  queue.bytes[at + 1] = 3;
  assert.deepEqual([...queue.view()], [1]);
  queue.commit(2);
  assert.deepEqual([...queue.view()], [1, 2, 3]);
});

Deno.test("ByteQueue: what was added last can be taken off again", () => {
  const queue = new ByteQueue();
  queue.append(new Uint8Array([1, 2, 3, 4, 5]));
  queue.consume(2);
  const length = queue.length - 1;
  queue.truncate(length);
  assert.deepEqual([...queue.view()], [3, 4]);
  queue.append(new Uint8Array([6]));
  assert.deepEqual([...queue.view()], [3, 4, 6]);
});
