import assert from "node:assert/strict";
import { QuickSync } from "../../lib/system/quick_sync.ts";

const SMALL = 1_000;

/** One whose disk took so long for so many syncs, in ms. */
function after(...tookMs: readonly number[]): QuickSync {
  const quick = new QuickSync();
  for (const ms of tookMs) quick.took(ms, 0);
  return quick;
}

Deno.test("the loop does not wait for a disk that nothing is known of", () => {
  assert.equal(after().suits(SMALL, 0), false);
});

Deno.test("the loop waits for a small commit on a quick disk", () => {
  const quick = after(...new Array<number>(10).fill(0.2));
  assert.equal(quick.suits(SMALL, 0), true);
  assert.equal(quick.suits(1_000_000, 0), false);
});

Deno.test("the loop never waits for a slow disk", () => {
  const quick = new QuickSync();
  for (let i = 0; i < 1_000; i++) {
    quick.took(8, 0);
    assert.equal(quick.suits(SMALL, 0), false);
  }
});

Deno.test("one long sync ends the waiting, for longer the longer it took", () => {
  const syncsUntilQuick = (longMs: number) => {
    const quick = after(...new Array<number>(100).fill(0.2), longMs);
    let syncs = 0;
    for (; !quick.suits(SMALL, 0); syncs++) quick.took(0.2, 0);
    return syncs;
  };
  assert.equal(syncsUntilQuick(10), 0);
  assert.ok(syncsUntilQuick(40) > syncsUntilQuick(20));
  assert.ok(syncsUntilQuick(20) > 1);
});

Deno.test("a disk that hung is not waited for until a hundred times as long has passed", () => {
  const quick = after(...new Array<number>(100).fill(0.2));
  quick.took(1_500, 2_000);
  for (let i = 0; i < 1_000; i++) quick.took(0.2, 2_000);
  assert.equal(quick.suits(SMALL, 151_999), false);
  assert.equal(quick.suits(SMALL, 152_000), true);
});
