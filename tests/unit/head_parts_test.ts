import assert from "node:assert/strict";
import fc from "fast-check";
import { Fifo } from "../../lib/base/fifo.ts";
import { BlockPool } from "../../lib/head/delivery/block_pool.ts";
import type { Member } from "../../lib/head/members/member.ts";
import { placementOf, placements } from "../../lib/head/delivery/placement.ts";
import { newClientId, newNodeId } from "../../lib/base/random_names.ts";
import { GROUP_BYTES } from "../../lib/base/limits.ts";
import { seededRandom } from "../support/seeded_random.ts";

Deno.test("Fifo agrees with an array", () => {
  const operation = fc.oneof(
    fc.nat().map((push) => ({ push })),
    fc.constant({ shift: true }),
    fc.record({ set: fc.nat(30), value: fc.nat() }),
  );
  fc.assert(fc.property(fc.array(operation), (operations) => {
    const fifo = new Fifo<number>();
    const model: number[] = [];
    for (const operation of operations) {
      if ("push" in operation) {
        fifo.push(operation.push);
        model.push(operation.push);
      } else if ("shift" in operation) {
        assert.equal(fifo.shift(), model.shift());
      } else if (operation.set < model.length) {
        fifo.set(operation.set, operation.value);
        model[operation.set] = operation.value;
      }
      assert.equal(fifo.length, model.length);
      assert.deepEqual(model.map((_, i) => fifo.at(i)), model);
      assert.equal(fifo.at(model.length), undefined);
    }
  }));
});

Deno.test("BlockPool gives blocks that are large enough, and reuses them", () => {
  fc.assert(fc.property(fc.integer({ min: 0, max: 600_000 }), (bytes) => {
    const pool = new BlockPool();
    const block = pool.take(bytes);
    assert.ok(block.length >= bytes);
    assert.ok(block.length <= Math.max(64, 2 * bytes));
    pool.give(block);
    assert.equal(pool.take(bytes), block);
    assert.notEqual(pool.take(bytes), block);
  }));
});

/** Candidates of which only the load matters; nothing leaves to them yet. */
const candidatesWith = (...loads: readonly number[]) =>
  loads.map((load) => ({
    load,
    link: { out: { length: 0 } },
  })) as unknown as readonly Member[];

Deno.test("placement random stays with a data node for a group, not for long", () => {
  const place = placementOf("random", seededRandom(7));
  const full = GROUP_BYTES;
  const candidatesToLeave = (...bytes: readonly number[]) =>
    bytes.map((length) => ({
      link: { out: { length } },
    })) as unknown as readonly Member[];
  for (let i = 0; i < 100; i++) {
    assert.equal(place(candidatesToLeave(0, 0, 90, 0)), 2);
    assert.equal(place(candidatesToLeave(full - 1, full)), 0);
  }
  // One that has enough has the same chance as the others.
  const seen = new Set<number>();
  for (let i = 0; i < 100; i++) seen.add(place(candidatesToLeave(0, full, 0)));
  assert.deepEqual([...seen].sort(), [0, 1, 2]);
});

Deno.test("placement random is uniform", () => {
  const candidates = candidatesWith(0, 9, 0, 0, 5);
  const place = placementOf("random", seededRandom(7));
  const counts = new Array<number>(candidates.length).fill(0);
  const draws = 100_000;
  for (let i = 0; i < draws; i++) counts[place(candidates)]!++;
  // Chi-squared with 4 degrees of freedom: 18.5 is passed once in a thousand.
  const expected = draws / candidates.length;
  const chiSquared = counts.reduce(
    (sum, count) => sum + (count - expected) ** 2 / expected,
    0,
  );
  assert.ok(chiSquared < 18.5, `${counts}: ${chiSquared}`);
});

Deno.test("placement round-robin takes turns", () => {
  const place = placementOf("round-robin", seededRandom(7));
  const candidates = candidatesWith(0, 0, 0);
  assert.deepEqual([1, 2, 3, 4].map(() => place(candidates)), [0, 1, 2, 0]);
});

Deno.test("placement least-loaded takes the least, and any of equals", () => {
  const place = placementOf("least-loaded", seededRandom(7));
  assert.equal(place(candidatesWith(5, 2, 9)), 1);
  const seen = new Set<number>();
  for (let i = 0; i < 100; i++) seen.add(place(candidatesWith(3, 1, 1, 1)));
  assert.deepEqual([...seen].sort(), [1, 2, 3]);
});

Deno.test("every placement takes the only candidate", () => {
  for (const name of placements) {
    assert.equal(placementOf(name, seededRandom(7))(candidatesWith(1)), 0);
  }
});

Deno.test("ids have the length and letters that the wire allows", () => {
  const random = seededRandom(7);
  for (let i = 0; i < 100; i++) {
    assert.match(newNodeId(random), /^[0-9a-z]{8}$/);
    assert.match(newClientId(random), /^[0-9a-z]{12}$/);
  }
});
