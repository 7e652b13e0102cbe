/** A data node believes neither an id that was used nor a time that cannot be. */

import assert from "node:assert/strict";
import { writeRecords } from "../../lib/store/record.ts";
import { bytesOf } from "../../lib/base/ascii.ts";
import { ByteQueue } from "../../lib/base/byte_queue.ts";
import { TICK_LEAP_MAX } from "../../lib/wire/leap.ts";
import { printOf } from "../../lib/wire/print.ts";
import { writeRecall } from "../../lib/wire/recall_frames.ts";
import { MemoryDisk } from "../support/memory_disk.ts";
import {
  answers,
  newData,
  readRequest,
  stored,
  storeFrame,
} from "../support/new_data.ts";
import { headerOf, joined, payloadOf } from "../support/records.ts";

Deno.test("data node waits for no commit that is done, though it has failed", () => {
  const { disk, turn, join } = newData();
  const head = join();
  const other = join();
  head.receive(storeFrame(1, 1, ["uno"]));
  turn.end();
  head.receive(storeFrame(2, 2, ["dos"]));
  turn.end();
  disk.fail("Input/output error");
  // What is being written now was not lost with the commit before.
  other.receive(storeFrame(1, 2, ["dos"]));
  disk.syncs();
  assert.deepEqual(answers(other), ["stored 1"]);
  assert.deepEqual(stored(disk), ["dos"]);
});

Deno.test("data node refuses another message under an id that it has", () => {
  const { disk, turn, join } = newData();
  const head = join();
  head.receive(storeFrame(1, 1, ["uno", "dos"]));
  turn.end();
  disk.syncs();
  assert.deepEqual(answers(head), ["stored 1"]);
  const other = join();
  other.receive(storeFrame(1, 1, ["uno", "DOS"]));
  assert.deepEqual(answers(other), [
    "not 1..1: c1-1..2: another message is stored under this id (11)",
  ]);
  other.receive(storeFrame(2, 2, ["dos"]));
  other.receive(storeFrame(3, 2, ["tres"]));
  assert.deepEqual(answers(other), [
    "stored 2",
    "not 3..3: c1-2: another message is stored under this id (11)",
  ]);
  turn.end();
  assert.deepEqual(stored(disk), ["uno", "dos"]);
});

Deno.test("data node knows after a restart what the messages were", () => {
  const text = "tab\t, acción \\ and \u0001";
  const first = newData();
  first.join().receive(storeFrame(1, 1, [text]));
  first.turn.end();
  first.disk.syncs();
  const head = newData(first.disk).join();
  head.receive(storeFrame(1, 1, [text]));
  head.receive(storeFrame(2, 1, [`${text} `]));
  assert.deepEqual(answers(head), [
    "stored 1",
    "not 2..2: c1-1: another message is stored under this id (11)",
  ]);
});

Deno.test("data node does not answer for messages that others have", () => {
  const { disk, turn, join } = newData();
  const head = join();
  head.receive(storeFrame(1, 3, ["tres"], { floor: 3 }));
  turn.end();
  disk.syncs();
  assert.deepEqual(answers(head), ["stored 1"]);
  head.receive(storeFrame(2, 1, ["uno"]));
  assert.deepEqual(answers(head), [
    "not 2..2: c1-1: answered before, and not here (12)",
  ]);
  // The head has asked all others.
  head.receive(storeFrame(3, 1, ["uno"], { isVerified: true }));
  turn.end();
  disk.syncs();
  head.receive(storeFrame(4, 1, ["dos"], { isVerified: true }));
  assert.deepEqual(answers(head), [
    "stored 3",
    "not 4..4: c1-1: another message is stored under this id (11)",
  ]);
  assert.deepEqual(stored(disk), ["tres", "uno"]);
});

Deno.test("data node refuses in the order of tickets, whatever the disk does", () => {
  for (const isFailing of [false, true]) {
    const { disk, turn, join } = newData();
    const head = join();
    head.receive(storeFrame(1, 1, ["uno"]));
    turn.end();
    disk.syncs();
    answers(head);
    head.receive(storeFrame(2, 2, ["dos"]));
    head.receive(storeFrame(3, 1, ["another"]));
    head.receive(storeFrame(4, 3, ["tres"]));
    head.receive(storeFrame(5, 1, ["another"]));
    turn.end();
    head.receive(storeFrame(6, 4, ["cuatro"]));
    head.receive(storeFrame(7, 1, ["another"]));
    turn.end();
    assert.deepEqual(answers(head), []);
    const another = "c1-1: another message is stored under this id (11)";
    if (isFailing) disk.fail("EIO");
    else disk.syncs();
    assert.deepEqual(answers(head), [
      isFailing ? "not 2..2: EIO" : "stored 2",
      `not 3..3: ${another}`,
      isFailing ? "not 4..4: EIO" : "stored 4",
      `not 5..5: ${another}`,
    ]);
    disk.syncs();
    assert.deepEqual(answers(head), ["stored 6", `not 7..7: ${another}`]);
  }
});

Deno.test("data node tells a head what it knows of a client", () => {
  const { turn, join } = newData();
  const head = join();
  const ask = (ticket: number, firstSequence: number, clientId = "c1") => {
    const out = new ByteQueue();
    const fields = { ticket, firstSequence, count: 4 };
    writeRecall(out, fields, bytesOf(clientId));
    head.receive(out.view().slice());
    return answers(head);
  };
  assert.deepEqual(ask(1, 1), ["recalled 1 0/0: "]);
  head.receive(storeFrame(1, 2, ["dos"], { floor: 2 }));
  turn.end();
  const dos = printOf(bytesOf("dos"), 0, 3);
  assert.deepEqual(ask(2, 1), [`recalled 2 2/3: 0,${dos}`]);
  assert.deepEqual(ask(3, 7), ["recalled 3 2/3: "]);
  assert.deepEqual(ask(4, 1, "c2"), ["recalled 4 0/0: "]);
  assert.deepEqual(ask(5, 1, "c 2"), ["error: malformed frame"]);
});

Deno.test("data node believes no head that is beyond reason ahead of it", () => {
  const leap = TICK_LEAP_MAX + 1;
  for (
    const frame of [
      storeFrame(1, 1, ["uno"], { tick: leap }),
      readRequest(1, 0, 1_000, Number.MAX_SAFE_INTEGER),
    ]
  ) {
    const { core, disk, turn, join } = newData();
    const head = join();
    head.receive(frame);
    turn.end();
    const [told, ...more] = answers(head);
    assert.match(told!, /^error: its logical time \d+ is beyond reason: .* 0,/);
    assert.deepEqual(more, []);
    assert.equal(head.isEnding, true);
    assert.equal(disk.appends, 0);
    assert.equal(core.tick, 0);
  }
  const { core, turn, join } = newData();
  const head = join();
  head.receive(storeFrame(1, 1, ["uno"], { tick: 10 ** 12 }));
  head.receive(readRequest(1, 0, 1_000, leap));
  turn.end();
  assert.equal(head.isEnding, false);
  assert.equal(core.tick, leap);
});

Deno.test("data node starts with the time of its records, as far as it can be", () => {
  const lineAt = (tick: number) => {
    const out = new ByteQueue();
    const header = { ...headerOf(tick), firstSequence: 1, tick };
    writeRecords(out, header, payloadOf(["x"]), 0, 1);
    return out.view().slice();
  };
  const tickAfter = (...ticks: readonly number[]) => {
    const disk = new MemoryDisk();
    disk.files.set("data.txt", joined(ticks.map(lineAt)));
    return newData(disk).core.tick;
  };
  assert.equal(tickAfter(5 * 10 ** 9, 10 ** 12), 10 ** 12);
  // An older version believed a client that said so.
  const poison = Number.MAX_SAFE_INTEGER;
  assert.equal(tickAfter(7, poison, poison), 7);
  assert.equal(tickAfter(poison), 0);
});
