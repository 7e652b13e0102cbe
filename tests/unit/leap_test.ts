/** A head believes nobody's time that cannot be. */

import assert from "node:assert/strict";
import { textOf } from "../../lib/base/ascii.ts";
import { ByteQueue } from "../../lib/base/byte_queue.ts";
import { newFrameBounds, readFrame } from "../../lib/wire/frame.ts";
import { isLeap, TICK_LEAP_MAX } from "../../lib/wire/leap.ts";
import { writePiece, writeRead } from "../../lib/wire/read_frames.ts";
import { writeStored } from "../../lib/wire/store_frames.ts";
import { messagesFrame, newHead } from "../support/new_head.ts";

/** What a peer says. */
function said(write: (out: ByteQueue) => void): Uint8Array {
  const out = new ByteQueue();
  write(out);
  return out.view().slice();
}

Deno.test("a leap is more than 2^40 past what is known", () => {
  assert.equal(isLeap(TICK_LEAP_MAX, 0), false);
  assert.equal(isLeap(TICK_LEAP_MAX + 1, 0), true);
  assert.equal(isLeap(TICK_LEAP_MAX + 1, 1), false);
  assert.equal(isLeap(1, Number.MAX_SAFE_INTEGER), false);
  assert.equal(isLeap(Number.MAX_SAFE_INTEGER, 10 ** 12), true);
});

Deno.test("head refuses a client that says a time beyond reason", () => {
  const { core, joinAs } = newHead();
  const node = joinAs("dataNode id=aaaaaaaa life=1 tick=5000000000", "frame");
  const client = joinAs("cliente id=c", "frame");
  node.saidBytes();
  client.receive(messagesFrame(["x"], { after: Number.MAX_SAFE_INTEGER }));
  assert.match(
    client.said(),
    /malformed messages frame: its logical time 9007199254740991 is beyond reason: more than 2\^40 past 5000000000, /,
  );
  assert.equal(client.isEnding, true);
  assert.equal(node.saidBytes().length, 0);
  assert.equal(core.heldMessages, 0);
  const honest = joinAs("cliente id=d", "frame");
  honest.receive(messagesFrame(["x"], { after: 10 ** 12 }));
  assert.equal(honest.isEnding, false);
  assert.notEqual(node.saidBytes().length, 0);
});

Deno.test("head does not take in a data node from beyond reason", () => {
  const { core, joinAs, told } = newHead();
  // It knows no time yet: the first data node's records are to be read.
  joinAs("dataNode id=dddddddd life=1 tick=1500000000000", "frame");
  assert.equal(core.members.length, 1);
  for (const tick of ["9007199254740991", "2599511627777", "1".repeat(400)]) {
    const link = joinAs(`dataNode id=aaaaaaaa life=1 tick=${tick}`, "frame");
    assert.match(textOf(link.saidBytes()), /its logical time \S+ is beyond/);
    assert.equal(link.isEnding, true);
  }
  assert.equal(core.members.length, 1);
  assert.equal(
    told.filter((line) => /^refusedPeer .*beyond/.test(line)).length,
    3,
  );
  for (const [i, tick] of ["5000000000", "1000000000000", "x"].entries()) {
    joinAs(`dataNode id=${"abc"[i]!.repeat(8)} life=1 tick=${tick}`, "frame");
  }
  assert.equal(core.members.length, 4);
});

Deno.test("head puts out a data node that stores beyond reason", () => {
  const { core, joinAs, told } = newHead({ placement: "round-robin" });
  const bad = joinAs("dataNode id=aaaaaaaa life=1", "frame");
  const good = joinAs("dataNode id=bbbbbbbb life=1", "frame");
  good.saidBytes();
  const client = joinAs("cliente id=c", "frame");
  client.receive(messagesFrame(["x"]));
  bad.receive(said((out) => writeStored(out, 1, TICK_LEAP_MAX + 1, 0)));
  assert.deepEqual(core.members.map(({ id }) => id), ["bbbbbbbb"]);
  assert.ok(
    told.some((line) =>
      /^memberLeft its logical time 1099511627777 is beyond reason/.test(line)
    ),
    told.join("\n"),
  );
  // Its answer does not count: the message goes to the other.
  assert.equal(client.saidBytes().length, 0);
  assert.notEqual(good.saidBytes().length, 0);
  good.receive(said((out) => writeStored(out, 1, 10 ** 12, 0)));
  assert.notEqual(client.saidBytes().length, 0);
});

Deno.test("head puts out a data node that is read beyond reason", () => {
  const { core, joinAs } = newHead();
  const node = joinAs("dataNode id=aaaaaaaa life=1", "frame");
  const client = joinAs("cliente id=c", "frame");
  const fields = { ticket: 7, position: 0, bytesMax: 10, tick: 0, lane: 0 };
  client.receive(said((out) => writeRead(out, fields, "aaaaaaaa")));
  const none = new Uint8Array();
  const piece = {
    ticket: 1,
    position: 0,
    end: 0,
    tick: Number.MAX_SAFE_INTEGER,
    lanes: 0,
  };
  node.receive(said((out) => writePiece(out, piece, none, 0, 0)));
  assert.equal(core.members.length, 0);
  node.breaks();
  const bytes = client.saidBytes();
  const frame = newFrameBounds();
  assert.equal(readFrame(bytes, 0, bytes.length, frame), 0);
  assert.match(textOf(bytes, frame.payload, frame.end), /aaaaaaaa left/);
});
