/** What a data node answers its heads, and when. */

import assert from "node:assert/strict";
import { ByteQueue } from "../../lib/wire/byte_queue.ts";
import {
  FrameType,
  readBeat,
  readFrame,
  writeBeat,
} from "../../lib/wire/frame.ts";
import {
  answers,
  newData,
  readRequest,
  stored,
  storeFrame,
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
  assert.deepEqual(answers(head), ["not 1..1: Input/output error"]);
  disk.syncs();
  assert.deepEqual(answers(head), ["stored 2"]);
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
  assert.deepEqual(answers(head), ["not 1..1: Input/output error", "stored 2"]);
  assert.deepEqual(answers(other), ["not 1..1: the commit before failed"]);
  // So it is sent again, and stored.
  other.receive(storeFrame(2, 1, ["uno"]));
  turn.end();
  disk.syncs();
  assert.deepEqual(answers(other), ["stored 2"]);
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
  const frame = { type: 0, fields: 0, payload: 0, end: 0 };
  readFrame(bytes, 0, bytes.length, frame);
  assert.equal(frame.type, FrameType.draining);
  readFrame(bytes, frame.end, bytes.length, frame);
  assert.equal(frame.type, FrameType.beat);
  const beat = { stamp: 0, isBusy: false };
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
