import assert from "node:assert/strict";
import {
  type Batch,
  BatchPool,
  newOrigin,
  noPast,
  type Sender,
} from "../../lib/head/delivery/batch.ts";
import { HeldBudget } from "../../lib/head/delivery/held_budget.ts";
import { pieceOf, piecesOf } from "../../lib/head/delivery/pieces.ts";
import { bytesOf } from "../../lib/base/ascii.ts";
import { payloadOf } from "../support/records.ts";

const sender: Sender = {
  clientId: bytesOf("c"),
  past: noPast(),
  label: "c",
  stored() {},
  refused() {},
  unblocked() {},
};

function batchOf(pool: BatchPool, ...texts: string[]): Batch {
  const payload = payloadOf(texts);
  const origin = { ...newOrigin(sender), count: texts.length };
  return pool.take(origin, payload, 0, payload.length);
}

Deno.test("pieces of pieces are held for as much as the whole was", () => {
  const pool = new BatchPool();
  const held = new HeldBudget(1_000_000);
  const batch = batchOf(pool, "uno", "dos", "tres", "cuatro", "cinco");
  held.add(batch);
  const first = pieceOf(batch, pool, 0, 2, 0);
  const second = pieceOf(batch, pool, 2, 3, first.length);
  for (const piece of [...piecesOf(first, pool), ...piecesOf(second, pool)]) {
    held.remove(piece);
  }
  assert.equal(held.bytes, 0);
  assert.equal(held.messages, 0);
  assert.throws(() => held.remove(first), /more was let go of than was held/);
});

Deno.test("a batch goes back to its pool with its last reference, answered", () => {
  const pool = new BatchPool();
  const batch = batchOf(pool, "uno");
  batch.references++;
  pool.release(batch);
  assert.notEqual(batchOf(pool, "dos"), batch);
  assert.throws(() => pool.release(batch), /let go of without an answer/);
  const other = batchOf(pool, "uno");
  other.answered = true;
  pool.release(other);
  assert.equal(batchOf(pool, "dos"), other);
  pool.release(Object.assign(other, { answered: true }));
  assert.throws(() => pool.release(other), /released too often/);
});
