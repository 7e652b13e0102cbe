/** What a data node answers to heads, and when. */

import assert from "node:assert/strict";
import { ByteQueue } from "../../lib/base/byte_queue.ts";
import {
  FrameType,
  newBeatFields,
  newFrameBounds,
  readBeat,
  readFrame,
  writeBeat,
} from "../../lib/wire/frame.ts";
import { MemoryDisk } from "../support/memory_disk.ts";
import {
  answers,
  DAMAGED,
  framesOf,
  newData,
  readRequest,
  stored,
  storeFrame,
  UNWELL,
} from "../support/new_data.ts";

Deno.test("data node answers once messages are synced, and not before", () => {
  const { disk, turn, join } = newData();
  const head = join();
  head.receive(storeFrame(1, 1, ["uno", "dos"]));
  head.receive(storeFrame(2, 3, ["tres"]));
  turn.end();
  assert.deepEqual(answers(head), []);
  head.receive(storeFrame(3, 4, ["cuatro"]));
  turn.end();
  disk.syncs();
  assert.deepEqual(answers(head), ["stored 2"]);
  disk.syncs();
  assert.deepEqual(answers(head), ["stored 3"]);
  assert.deepEqual(stored(disk), ["uno", "dos", "tres", "cuatro"]);
});

Deno.test("data node says which messages a failed sync has cost", () => {
  const { disk, turn, join } = newData();
  const head = join();
  head.receive(storeFrame(1, 1, ["uno"]));
  turn.end();
  head.receive(storeFrame(2, 2, ["dos"]));
  turn.end();
  disk.fail("Input/output error");
  assert.deepEqual(framesOf(head), ["not 1..1: Input/output error", UNWELL]);
  disk.syncs();
  assert.deepEqual(framesOf(head), ["stored 2", UNWELL]);
  assert.deepEqual(stored(disk), ["dos"]);
});

Deno.test("data node answers what it has stored, and does not write it again", () => {
  const { disk, turn, join } = newData();
  const head = join();
  head.receive(storeFrame(1, 1, ["uno", "dos"]));
  turn.end();
  disk.syncs();
  assert.deepEqual(answers(head), ["stored 1"]);
  head.receive(storeFrame(2, 1, ["uno", "dos"]));
  assert.deepEqual(answers(head), ["stored 2"]);
  // Another head, another batch of the same messages.
  const other = join();
  other.receive(storeFrame(1, 2, ["dos"]));
  assert.deepEqual(answers(other), ["stored 1"]);
  turn.end();
  assert.deepEqual(stored(disk), ["uno", "dos"]);
});

Deno.test("data node knows after a restart what it has stored", () => {
  const first = newData();
  first.join().receive(storeFrame(1, 1, ["uno"]));
  first.turn.end();
  first.disk.syncs();
  const second = newData(first.disk);
  const head = second.join();
  head.receive(storeFrame(1, 1, ["uno"]));
  assert.deepEqual(answers(head), ["stored 1"]);
  // Also of the segment that was sealed last.
  first.disk.rename("data.txt", "data-000001.txt");
  const third = newData(first.disk);
  const again = third.join();
  again.receive(storeFrame(1, 1, ["uno"]));
  assert.deepEqual(answers(again), ["stored 1"]);
  assert.deepEqual(stored(first.disk), []);
});

Deno.test("data node does not take for stored what is being synced", () => {
  const { disk, turn, join } = newData();
  const head = join();
  const other = join();
  head.receive(storeFrame(1, 1, ["uno"]));
  turn.end();
  other.receive(storeFrame(1, 1, ["uno"]));
  turn.end();
  assert.deepEqual(answers(other), []);
  disk.syncs();
  assert.deepEqual(answers(other), ["stored 1"]);
  assert.deepEqual(stored(disk), ["uno"]);
});

Deno.test("data node takes back what it thought stored, when the sync fails", () => {
  const { disk, turn, join } = newData();
  const head = join();
  const other = join();
  head.receive(storeFrame(1, 1, ["uno"]));
  turn.end();
  // The client's next message makes the next commit the one to wait for.
  head.receive(storeFrame(2, 2, ["dos"]));
  other.receive(storeFrame(1, 1, ["uno"]));
  turn.end();
  disk.fail("Input/output error");
  disk.syncs();
  assert.deepEqual(framesOf(head), [
    "not 1..1: Input/output error",
    UNWELL,
    "stored 2",
    UNWELL,
  ]);
  assert.deepEqual(framesOf(other), [
    UNWELL,
    "not 1..1: the commit before failed",
    UNWELL,
  ]);
  // So it is sent again, and stored.
  other.receive(storeFrame(2, 1, ["uno"]));
  turn.end();
  disk.syncs();
  assert.deepEqual(framesOf(other), ["stored 2"]);
  assert.deepEqual(stored(disk), ["dos", "uno"]);
});

Deno.test("data node answers tickets in order, known or not", () => {
  const { disk, turn, join } = newData();
  const head = join();
  head.receive(storeFrame(1, 1, ["uno"]));
  turn.end();
  disk.syncs();
  assert.deepEqual(answers(head), ["stored 1"]);
  head.receive(storeFrame(2, 2, ["dos"]));
  head.receive(storeFrame(3, 1, ["uno"]));
  turn.end();
  assert.deepEqual(answers(head), [], "ticket 3 may not pass ticket 2");
  disk.syncs();
  assert.deepEqual(answers(head), ["stored 3"]);
});

Deno.test("data node ends with a head that does not keep to the protocol", () => {
  for (
    const frame of [
      storeFrame(2, 1, ["no ticket 1 before"]),
      storeFrame(1, 1, ["x"], { tick: 2 ** 60 }),
      Uint8Array.of(255, 255, 255, 255, 0, 0, 0, 0),
    ]
  ) {
    const { disk, turn, join } = newData();
    const head = join();
    head.receive(frame);
    turn.end();
    assert.equal(head.isEnding, true);
    assert.equal(disk.appends, 0);
  }
});

Deno.test("data node takes the lines of a line head as they are", () => {
  const { disk, turn, join } = newData();
  const head = join("confirmacion\n");
  head.receive("mensaje: a\\tb\nmensaje: a\\tb C:\\q end\n");
  turn.end();
  assert.equal(head.said(), "");
  disk.syncs();
  assert.equal(head.said(), "recibido\nrecibido\n");
  // The first is escaped; in the second a backslash is only a backslash.
  assert.deepEqual(stored(disk), ["a\\tb", "a\\\\tb C:\\\\q end"]);
});

Deno.test("data node gives pieces of what is synced, and nothing else", () => {
  const { core, disk, turn, join } = newData();
  const head = join();
  head.receive(readRequest(1, 0));
  assert.deepEqual(answers(head), ["piece 1 0/0: "]);
  head.receive(storeFrame(1, 1, ["uno"]));
  turn.end();
  head.receive(readRequest(2, 0));
  assert.deepEqual(answers(head), ["piece 2 0/0: "], "not synced yet");
  disk.syncs();
  assert.deepEqual(answers(head), ["stored 1"]);
  const content = disk.text("data.txt");
  head.receive(readRequest(3, 0));
  head.receive(readRequest(4, content.length - 5, 4));
  disk.loads.shift()!();
  disk.loads.shift()!();
  assert.deepEqual(answers(head), [
    `piece 3 0/${content.length}: ${content}`,
    `piece 4 ${content.length - 5}/${content.length}: uno`.replace(
      "uno",
      " uno",
    ),
  ]);
  assert.ok(core.tick >= 40, "what comes later has a later tick");
});

Deno.test("data node drains once the head has heard of it, and not before", () => {
  const { core, disk, turn, join } = newData();
  const head = join();
  core.drain();
  const bytes = head.saidBytes();
  const frame = newFrameBounds();
  readFrame(bytes, 0, bytes.length, frame);
  assert.equal(frame.type, FrameType.draining);
  readFrame(bytes, frame.end, bytes.length, frame);
  assert.equal(frame.type, FrameType.beat);
  const beat = newBeatFields();
  readBeat(bytes, frame, beat);
  assert.equal(core.idle, false, "something may be under way");
  // It was: the head sent it before it heard.
  head.receive(storeFrame(1, 1, ["uno"]));
  const out = new ByteQueue();
  writeBeat(out, FrameType.beatEcho, beat);
  head.receive(out.view().slice());
  turn.end();
  assert.equal(core.idle, false, "it is not on disk");
  disk.syncs();
  assert.equal(core.idle, true);
  assert.deepEqual(answers(head), ["stored 1"]);
});

Deno.test("data node tells heads what others take away, and stores it again", () => {
  const { core, disk, turn, join, told, pass } = newData();
  const head = join();
  head.receive(storeFrame(1, 1, ["uno"]));
  turn.end();
  disk.syncs();
  assert.deepEqual(answers(head), ["stored 1"]);
  assert.equal(core.isDamaged, false);
  disk.replaceUnder("data.txt", new Uint8Array());
  pass(1_100);
  assert.deepEqual(told, ["short data.txt"]);
  assert.equal(answers(head).at(-1), DAMAGED);
  assert.equal(core.isDamaged, true);
  assert.ok(core.lostBytes > 0);
  // What is gone is not taken for stored.
  head.receive(storeFrame(2, 1, ["uno"]));
  turn.end();
  disk.syncs();
  assert.deepEqual(answers(head), ["stored 2"]);
  assert.deepEqual(stored(disk), ["uno"]);
  // In each life, until a head has found all of it elsewhere.
  const second = newData(new MemoryDisk(disk.files));
  // At once: before anybody can read from it through this head.
  second.join();
  assert.ok(
    second.greetings[0]!.includes(String.fromCharCode(FrameType.damaged)),
  );
  second.core.healed();
  assert.equal(second.core.isDamaged, false);
  assert.equal(second.core.lostBytes, 0);
  assert.equal(newData(new MemoryDisk(disk.files)).core.isDamaged, false);
});

Deno.test("data node says why it cannot store, once, until it can", () => {
  const { core, disk, turn, join, told, pass } = newData();
  const head = join();
  const store = (n: number, failure?: string) => {
    head.receive(storeFrame(n, n, ["x"]));
    turn.end();
    if (failure === undefined) disk.syncs();
    else disk.fail(failure);
  };
  store(1, "No space left");
  store(2, "No space left");
  assert.equal(core.failing, "No space left");
  store(3);
  assert.equal(core.failing, undefined);
  store(4, "No space left");
  assert.deepEqual(told, ["No space left", "No space left"]);

  // An idle one tries itself; the disk takes nothing.
  const { replace } = disk;
  disk.replace = () => {
    throw new Error("No space left");
  };
  pass(20_000);
  assert.equal(core.failing, "No space left");
  disk.replace = replace;
  pass(20_000);
  assert.equal(core.failing, undefined);
});

Deno.test("data node notes that it ends in order, if it does", () => {
  const { core, disk, turn, join } = newData();
  const end = () => /end (\w+)/.exec(disk.text("node.contents"))![1];
  assert.equal(end(), "open");
  const head = join();
  head.receive(storeFrame(1, 1, ["uno"]));
  turn.end();
  core.noteEnd();
  assert.equal(end(), "open");
  disk.syncs();
  core.noteEnd();
  assert.equal(end(), "clean");
  newData(new MemoryDisk(disk.files));
  assert.equal(end(), "open");
});
