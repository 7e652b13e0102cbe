import assert from "node:assert/strict";
import { QuickSync } from "../../lib/store/quick_sync.ts";

const SMALL = 1_000;

/** One whose disk took so long for so many syncs, in ms. */
function after(...tookMs: readonly number[]): QuickSync {
  const quick = new QuickSync();
  for (const ms of tookMs) quick.took(ms);
  return quick;
}

Deno.test("the loop does not wait for a disk that nothing is known of", () => {
  assert.equal(after().suits(SMALL), false);
});

Deno.test("the loop waits for a small commit on a quick disk", () => {
  const quick = after(...new Array<number>(10).fill(0.2));
  assert.equal(quick.suits(SMALL), true);
  assert.equal(quick.suits(1_000_000), false);
});

Deno.test("the loop never waits for a slow disk", () => {
  const quick = new QuickSync();
  for (let i = 0; i < 1_000; i++) {
    quick.took(8);
    assert.equal(quick.suits(SMALL), false);
  }
});

Deno.test("one long sync ends the waiting, for longer the longer it took", () => {
  const quick = after(...new Array<number>(100).fill(0.2));
  const syncsUntilQuick = () => {
    let syncs = 0;
    for (; !quick.suits(SMALL); syncs++) quick.took(0.2);
    return syncs;
  };
  quick.took(30);
  const afterShort = syncsUntilQuick();
  quick.took(1_000);
  const afterLong = syncsUntilQuick();
  assert.ok(afterShort > 3, `${afterShort}`);
  assert.ok(afterLong > 2 * afterShort, `${afterLong}`);
});
