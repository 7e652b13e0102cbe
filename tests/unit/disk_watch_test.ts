/** Whether the disk does its work, and who is told. */

import assert from "node:assert/strict";
import { DiskWatch } from "../../lib/data/disk_watch.ts";
import { TICK_MS } from "../../lib/base/limits.ts";
import { Contents } from "../../lib/store/contents.ts";
import { FrameType, newFrameBounds, readFrame } from "../../lib/wire/frame.ts";
import { textOf } from "../../lib/base/ascii.ts";
import { ManualClock } from "../support/manual_clock.ts";
import { MemoryDisk } from "../support/memory_disk.ts";
import { newData, storeFrame } from "../support/new_data.ts";
import type { ScriptedLink } from "../support/scripted_link.ts";

const GONE = "the directory is gone";

/** A watch over one journal, whose look finds what the test says. */
function newWatch() {
  const disk = new MemoryDisk();
  const clock = new ManualClock();
  const contents = new Contents(disk, clock);
  const told: string[] = [];
  const look: { found: string | undefined } = { found: undefined };
  const watch = new DiskWatch(disk, contents, clock, {
    journals: () => [{ check: () => look.found }],
    failed: (reason, wasAsked) =>
      void told.push(`${wasAsked ? "asked" : "idle"}: ${reason}`),
    unwell: (reason) => void told.push(`unwell ${reason}`),
    gone: () => void told.push("gone"),
  });
  const pass = (ms: number) => {
    for (let rest = ms; rest > 0; rest -= TICK_MS) {
      clock.advance(TICK_MS);
      watch.tick(clock.nowMs());
      contents.tick(clock.nowMs());
      for (const done of disk.writes.splice(0)) done();
    }
  };
  return { watch, look, disk, pass, told };
}

Deno.test("DiskWatch tells a failed write, and that one has succeeded again", () => {
  const { watch, told } = newWatch();
  watch.failed("No space");
  watch.failed("No space");
  assert.deepEqual(told, ["asked: No space", "unwell No space"]);
  watch.stored();
  watch.stored();
  assert.deepEqual(told.slice(2), ["unwell "]);
  assert.equal(watch.failing, undefined);
});

Deno.test("DiskWatch tells an idle node's failure within a second, and its end as soon", () => {
  const { watch, look, disk, pass, told } = newWatch();
  pass(2_000);
  assert.deepEqual(told, []);
  look.found = disk.goneBecause = GONE;
  pass(1_000);
  assert.deepEqual(told, [`idle: ${GONE}`, `unwell ${GONE}`]);
  pass(10_000);
  assert.deepEqual(told.slice(2), ["gone"]);
  look.found = disk.goneBecause = undefined;
  pass(1_000);
  assert.deepEqual(told.slice(3), ["unwell "]);
  assert.equal(watch.failing, undefined);
});

Deno.test("DiskWatch does not take a look that finds nothing for a write", () => {
  const { watch, pass, told } = newWatch();
  watch.failed("No space");
  pass(4_000);
  assert.equal(watch.failing, "No space");
  // By then a few bytes of its own were written.
  pass(4_000);
  assert.deepEqual(told.at(-1), "unwell ");
});

Deno.test("DiskWatch tells the doubt of a start until bytes are written", () => {
  const { watch, pass, told } = newWatch();
  watch.doubt("No space");
  assert.equal(watch.failing, "No space");
  pass(8_000);
  assert.deepEqual(told, ["unwell "]);
});

/** What a head was told of how a data node is. */
function unwellTold(link: ScriptedLink): string[] {
  const bytes = link.saidBytes();
  const frame = newFrameBounds();
  const told: string[] = [];
  for (let at = 0; at < bytes.length; at = frame.end) {
    assert.equal(readFrame(bytes, at, bytes.length, frame), 0);
    if (frame.type !== FrameType.unwell) continue;
    told.push(textOf(bytes, frame.payload, frame.end));
  }
  return told;
}

Deno.test("a data node tells every head that it cannot store, also one that comes later", () => {
  const { disk, turn, join, greetings } = newData();
  const heads = [join(), join()];
  heads[0]!.receive(storeFrame(1, 1, ["a"]));
  turn.end();
  disk.fail("No space");
  for (const head of heads) assert.deepEqual(unwellTold(head), ["No space"]);
  const late = join();
  assert.match(greetings[2]!, /No space$/);
  heads[0]!.receive(storeFrame(2, 1, ["a"]));
  turn.end();
  disk.syncs();
  for (const head of [...heads, late]) {
    assert.deepEqual(unwellTold(head), [""]);
  }
  join();
  assert.equal(greetings[3]!.split("\n")[1], greetings[0]!.split("\n")[1]);
});
