/** What is written is whole, and no longer than what is read. */

import assert from "node:assert/strict";
import {
  FRAME_BYTES_MAX,
  RESTORE_FRAME_BYTES_MAX,
} from "../../lib/base/limits.ts";
import { bytesOf, textOf } from "../../lib/base/ascii.ts";
import { ByteQueue } from "../../lib/base/byte_queue.ts";
import {
  writeMessages,
  writeReceipt,
  writeRefusal,
} from "../../lib/wire/client_frames.ts";
import { WireError } from "../../lib/wire/errors.ts";
import {
  beginFrame,
  FrameStatus,
  FrameType,
  newFrameBounds,
  readFrame,
  writeBeat,
  writeDamaged,
  writeDraining,
  writeError,
  writeHealed,
  writeMissing,
  writeUnwell,
} from "../../lib/wire/frame.ts";
import { KnownState, writeRoster } from "../../lib/wire/known_nodes.ts";
import {
  NodeState,
  writeList,
  writeNodes,
  writePiece,
  writeRead,
  writeUnread,
} from "../../lib/wire/read_frames.ts";
import { writeRecall, writeRecalled } from "../../lib/wire/recall_frames.ts";
import {
  RESTORE_OVERHEAD_BYTES,
  writeRestore,
  writeRestored,
} from "../../lib/wire/restore_frames.ts";
import {
  writeNotStored,
  writeStore,
  writeStored,
} from "../../lib/wire/store_frames.ts";

const node = {
  id: "aaaaaaaa",
  address: "h:5000",
  state: NodeState.present,
};
const known = {
  ...node,
  state: KnownState.known,
  version: 1,
  copies: 2,
  isLacking: true,
  end: 7,
};
const messages = { firstSequence: 1, floor: 1, after: 2, count: 3 };
const store = {
  ...messages,
  ticket: 4,
  tick: 5,
  timeMs: 6,
  clientIdLength: 2,
  holders: 1,
};
const read = { ticket: 1, position: 2, bytesMax: 3, tick: 4, lane: 5 };
const piece = { ticket: 1, position: 2, end: 3, tick: 4, lanes: 5 };
const some = bytesOf("uno\n");
const reason = "No space left";

/** One of each type; some leave the payload to their caller. */
const writers: Readonly<
  Record<keyof typeof FrameType, (out: ByteQueue) => unknown>
> = {
  error: (out) => writeError(out, WireError.malformed, reason),
  messages: (out) => writeMessages(out, messages, 0),
  receipt: (out) =>
    writeReceipt(
      out,
      { firstSequence: 1, count: 2, tick: 3, copies: 1 },
      some,
      some.length,
    ),
  refusal: (out) => writeRefusal(out, 1, 2, WireError.notStored, reason),
  store: (out) => writeStore(out, store, 0),
  stored: (out) => writeStored(out, 1, 2, 3),
  notStored: (out) => writeNotStored(out, 1, 2, WireError.notStored, reason),
  beat: (out) => writeBeat(out, FrameType.beat, { stamp: 1, isBusy: false }),
  beatEcho: (out) =>
    writeBeat(out, FrameType.beatEcho, { stamp: 1, isBusy: true }),
  draining: writeDraining,
  list: writeList,
  nodes: (out) => writeNodes(out, [node], { settlesInMs: 1, forgotten: 2 }),
  read: (out) => writeRead(out, read, "aaaaaaaa"),
  piece: (out) => writePiece(out, piece, some, 0, some.length),
  unread: (out) => writeUnread(out, 1, WireError.unread, reason),
  restore: (out) => writeRestore(out, 1, some),
  restored: (out) => writeRestored(out, 1, 2, reason),
  damaged: writeDamaged,
  roster: (out) => writeRoster(out, [known, known]),
  healed: (out) => writeHealed(out, 3),
  unwell: (out) => writeUnwell(out, reason),
  missing: (out) => writeMissing(out, reason),
  recall: (out) =>
    writeRecall(out, { ticket: 1, firstSequence: 2, count: 3 }, some),
  recalled: (out) =>
    writeRecalled(out, { ticket: 1, floor: 2, end: 3 }, Uint32Array.of(4, 5)),
};

Deno.test("every byte of a frame is written, whatever was in its place", () => {
  for (const [name, write] of Object.entries(writers)) {
    const [one, other] = [0x55, 0xaa].map((before) => {
      const out = new ByteQueue();
      out.append(new Uint8Array(4096).fill(before));
      out.clear();
      write(out);
      return out.view().slice();
    });
    assert.deepEqual(one, other, name);
    const frame = newFrameBounds();
    assert.equal(readFrame(one!, 0, one!.length, frame), FrameStatus.whole);
    assert.equal(frame.type, FrameType[name as keyof typeof FrameType], name);
    assert.equal(frame.end, one!.length, name);
  }
});

Deno.test("a frame that no peer takes is not written", () => {
  const out = new ByteQueue();
  const header = 8;
  beginFrame(out, FrameType.store, 8, FRAME_BYTES_MAX - header - 8);
  assert.throws(
    () => beginFrame(out, FrameType.store, 8, FRAME_BYTES_MAX - header - 7),
    /not longer than a peer takes/,
  );
  const room = RESTORE_FRAME_BYTES_MAX - RESTORE_OVERHEAD_BYTES;
  writeRestore(out, 1, new Uint8Array(room));
  assert.throws(
    () => writeRestore(out, 1, new Uint8Array(room + 1)),
    /not longer than a peer takes/,
  );
});

Deno.test("a reason that a peer has made too long is cut, and harms nobody", () => {
  // What is no UTF-8 takes three bytes when it is sent on.
  const long = textOf(new Uint8Array(FRAME_BYTES_MAX - 100).fill(0xff));
  for (
    const write of [
      (out: ByteQueue) => writeError(out, WireError.malformed, long),
      (out: ByteQueue) => writeRefusal(out, 1, 2, WireError.notStored, long),
      (out: ByteQueue) => writeNotStored(out, 1, 2, WireError.notStored, long),
      (out: ByteQueue) => writeUnread(out, 1, WireError.unread, long),
      (out: ByteQueue) => writeRestored(out, 1, 2, long),
      (out: ByteQueue) => writeMissing(out, long),
    ]
  ) {
    const out = new ByteQueue();
    write(out);
    const frame = newFrameBounds();
    const bytes = out.view();
    assert.equal(readFrame(bytes, 0, bytes.length, frame), FrameStatus.whole);
    assert.equal(frame.end, bytes.length);
  }
});
