import assert from "node:assert/strict";
import fc from "fast-check";
import { MESSAGE_BYTES_MAX, TIME_MS_MAX } from "../../lib/base/limits.ts";
import { bytesOf, textOf } from "../../lib/base/ascii.ts";
import { ByteQueue } from "../../lib/base/byte_queue.ts";
import {
  longestMessage,
  newReceiptFields,
  newRefusalFields,
  readMessages,
  readReceipt,
  readRefusal,
  writeMessage,
  writeMessages,
  writeReceipt,
  writeRefusal,
} from "../../lib/wire/client_frames.ts";
import { WireError } from "../../lib/wire/errors.ts";
import {
  type FrameBounds,
  FrameStatus,
  FrameType,
  newBeatFields,
  readBeat,
  readErrorCode,
  readFrame,
  writeBeat,
  writeDraining,
  writeError,
} from "../../lib/wire/frame.ts";
import {
  newRecalledFields,
  newRecallFields,
  printsIn,
  readPrint,
  readRecall,
  readRecalled,
  writeRecall,
  writeRecalled,
} from "../../lib/wire/recall_frames.ts";
import {
  NodeState,
  readNodes,
  readNodesFields,
} from "../../lib/wire/read_frames.ts";
import {
  newReadStore,
  newStoredFields,
  readNotStored,
  readStore,
  readStored,
  type StoreFields,
  writeNotStored,
  writeStore,
  writeStored,
} from "../../lib/wire/store_frames.ts";

import { payloadOf } from "../support/records.ts";

const newBounds = (): FrameBounds => ({
  type: -1,
  fields: 0,
  payload: 0,
  end: 0,
});
const u53 = fc.maxSafeNat();
const u32 = fc.nat(0xffff_ffff);

/** Writes with `write`, and finds the one frame that it wrote. */
function frameOf(write: (out: ByteQueue) => void) {
  const out = new ByteQueue();
  write(out);
  const bytes = out.view().slice();
  const bounds = newBounds();
  const status = readFrame(bytes, 0, bytes.length, bounds);
  assert.equal(status, FrameStatus.whole);
  assert.equal(bounds.end, bytes.length);
  return { bytes, bounds };
}

/** Sequences that one frame may have. */
const run = fc.record({
  floor: fc.integer({ min: 1, max: 2 ** 52 }),
  past: u32,
})
  .map(({ floor, past }) => ({ floor, firstSequence: floor + past }));
const anyMessages = fc.array(fc.uint8Array({ maxLength: 40 }), {
  minLength: 1,
  maxLength: 8,
});

Deno.test("messages frames are read as they were written", () => {
  fc.assert(fc.property(run, u53, anyMessages, (run, after, messages) => {
    const payload = payloadOf(messages);
    const written = { ...run, after, count: messages.length };
    const { bytes, bounds } = frameOf((out) => {
      const at = writeMessages(out, written, payload.length);
      out.bytes.set(payload, at);
    });
    const read = { ...written, floor: 0, longest: -1 };
    assert.equal(bounds.type, FrameType.messages);
    assert.equal(readMessages(bytes, bounds, read), true);
    const longest = Math.max(...messages.map((message) => message.length));
    assert.deepEqual(read, { ...written, longest });
    assert.deepEqual(bytes.slice(bounds.payload, bounds.end), payload);
  }));
});

Deno.test("receipt frames are read as they were written", () => {
  const fields = fc.record({
    firstSequence: fc.integer({ min: 1, max: 2 ** 52 }),
    count: u32,
    tick: u53,
    copies: fc.nat(255),
  });
  fc.assert(fc.property(fields, fc.uint8Array(), (written, holders) => {
    const { bytes, bounds } = frameOf((out) =>
      writeReceipt(out, written, holders, holders.length)
    );
    const read = newReceiptFields();
    assert.equal(bounds.type, FrameType.receipt);
    assert.equal(readReceipt(bytes, bounds, read), true);
    assert.deepEqual(read, { ...written });
    assert.deepEqual(bytes.slice(bounds.payload, bounds.end), holders);
  }));
});

const c1 = bytesOf("c1");

/** A store frame whose fields can be spoiled. */
function storeFrame(spoiled: Partial<StoreFields> = {}, named = "c1aaaaaaaa") {
  const payload = payloadOf([bytesOf("hola")]);
  return frameOf((out) => {
    const at = writeStore(out, {
      ticket: 1,
      firstSequence: 1,
      floor: 1,
      tick: 1,
      timeMs: 1,
      count: 1,
      clientIdLength: 2,
      holders: 1,
      ...spoiled,
    }, named.length + payload.length);
    out.bytes.set(bytesOf(named), at);
    out.bytes.set(payload, at + named.length);
  });
}

Deno.test("store frames are read as they were written", () => {
  const fields = fc.record({
    ticket: u53,
    tick: u53,
    timeMs: fc.nat(TIME_MS_MAX),
    clientIdLength: fc.integer({ min: 1, max: 64 }),
    holders: fc.integer({ min: 1, max: 16 }),
    isVerified: fc.boolean(),
  });
  fc.assert(fc.property(run, fields, anyMessages, (run, fields, messages) => {
    const written = { ...run, ...fields, count: messages.length };
    const names = written.clientIdLength + 8 * written.holders;
    const payload = payloadOf(messages);
    const { bytes, bounds } = frameOf((out) => {
      const at = writeStore(out, written, names + payload.length);
      out.bytes.fill(97, at, at + names);
      out.bytes.set(payload, at + names);
    });
    const read = newReadStore();
    assert.equal(readStore(bytes, bounds, read), true);
    assert.deepEqual(read, {
      ...written,
      holdersAt: bounds.payload + written.clientIdLength,
      messagesAt: bounds.payload + names,
    });
    assert.deepEqual(bytes.slice(read.messagesAt), payload);
  }));
});

Deno.test("readStore refuses what could not be read from data.txt again", () => {
  const whole = storeFrame();
  assert.equal(readStore(whole.bytes, whole.bounds, newReadStore()), true);
  const bad = [
    storeFrame({ timeMs: TIME_MS_MAX + 1 }),
    storeFrame({ tick: 2 ** 60 }),
    storeFrame({ floor: 2 }),
    storeFrame({ floor: 0 }),
    storeFrame({ firstSequence: 2 ** 53, floor: 1 }),
    storeFrame({ holders: 0, clientIdLength: 10 }),
    storeFrame({ holders: 200 }),
    storeFrame({ clientIdLength: 0 }),
    storeFrame({ count: 2 }),
    storeFrame({}, "a aaaaaaaa"),
    storeFrame({}, "c1aaaa aaa"),
    storeFrame({}, "c1aaaaAaaa"),
  ];
  for (const [index, { bytes, bounds }] of bad.entries()) {
    assert.equal(readStore(bytes, bounds, newReadStore()), false, `${index}`);
  }
});

Deno.test("answers of data nodes are read as they were written", () => {
  fc.assert(fc.property(u53, u53, u53, fc.string(), (a, b, end, reason) => {
    const yes = frameOf((out) => writeStored(out, a, b, end));
    const stored = { ticket: -1, tick: -1, end: -1 };
    assert.equal(readStored(yes.bytes, yes.bounds, stored), true);
    assert.deepEqual(stored, { ticket: a, tick: b, end });

    const no = frameOf((out) =>
      writeNotStored(out, a, b, WireError.notStored, reason)
    );
    const notStored = { firstTicket: -1, lastTicket: -1, code: -1 };
    assert.equal(readNotStored(no.bytes, no.bounds, notStored), true);
    assert.deepEqual(notStored, {
      firstTicket: a,
      lastTicket: b,
      code: WireError.notStored.code,
    });
    assert.equal(
      textOf(no.bytes, no.bounds.payload, no.bounds.end),
      textOf(bytesOf(reason)),
    );
  }));
});

Deno.test("recalls are read as they were written, and nothing else", () => {
  const fields = fc.record({
    ticket: u53,
    firstSequence: fc.integer({ min: 1, max: 2 ** 40 }),
    count: fc.integer({ min: 1, max: 4_096 }),
  });
  const anyPrints = fc.uint32Array({ maxLength: 50 });
  fc.assert(fc.property(fields, u53, u53, anyPrints, (asked, a, b, prints) => {
    const question = frameOf((out) => writeRecall(out, asked, bytesOf("c1")));
    const recall = newRecallFields();
    assert.ok(readRecall(question.bytes, question.bounds, recall));
    assert.deepEqual(recall, { ...asked });

    const told = { ticket: asked.ticket, floor: a, end: b };
    const answer = frameOf((out) => writeRecalled(out, told, prints));
    const recalled = newRecalledFields();
    assert.ok(readRecalled(answer.bytes, answer.bounds, recalled));
    assert.deepEqual(recalled, told);
    const { payload, end } = answer.bounds;
    assert.equal(printsIn(payload, end), prints.length);
    for (const [i, print] of prints.entries()) {
      assert.equal(readPrint(answer.bytes, payload, i), print);
    }
  }));
  const ask = { ticket: 1, firstSequence: 1, count: 1 };
  const bad = [
    frameOf((out) => writeRecall(out, { ...ask, count: 0 }, bytesOf("c1"))),
    frameOf((out) => writeRecall(out, { ...ask, count: 4_097 }, bytesOf("c"))),
    frameOf((out) => writeRecall(out, { ...ask, firstSequence: 0 }, c1)),
    frameOf((out) => writeRecall(out, { ...ask, firstSequence: 2 ** 53 }, c1)),
    frameOf((out) => writeRecall(out, ask, bytesOf("c 1"))),
    frameOf((out) => writeRecall(out, ask, bytesOf(""))),
  ];
  for (const [index, { bytes, bounds }] of bad.entries()) {
    const recall = newRecallFields();
    assert.equal(readRecall(bytes, bounds, recall), false, `${index}`);
  }
});

Deno.test("refusals, beats and errors are read as they were written", () => {
  const refusal = frameOf((out) =>
    writeRefusal(out, 7, 3, WireError.tooLong, "demasiado")
  );
  const fields = newRefusalFields();
  assert.equal(readRefusal(refusal.bytes, refusal.bounds, fields), true);
  assert.deepEqual(fields, { firstSequence: 7, count: 3, code: 3 });

  const beat = frameOf((out) =>
    writeBeat(out, FrameType.beat, { stamp: 123_456_789, isBusy: true })
  );
  const readBack = newBeatFields();
  assert.ok(readBeat(beat.bytes, beat.bounds, readBack));
  assert.deepEqual(readBack, { stamp: 123_456_789, isBusy: true });

  const error = frameOf((out) => writeError(out, WireError.full, "full"));
  assert.equal(readErrorCode(error.bytes, error.bounds), WireError.full.code);
  assert.equal(frameOf(writeDraining).bounds.type, FrameType.draining);
});

Deno.test("readFrame passes over fields of a later version", () => {
  const { bytes } = frameOf((out) => writeStored(out, 5, 6, 7));
  // Four more bytes of fields, and a payload.
  const later = new Uint8Array(bytes.length + 4 + 3);
  later.set(bytes);
  later[0] = bytes[0]! + 7;
  later[6] = bytes[6]! + 4;
  later.set([9, 9, 9, 9, 1, 2, 3], bytes.length);
  const bounds = newBounds();
  assert.equal(
    readFrame(later, 0, later.length, bounds),
    FrameStatus.whole,
  );
  const stored = newStoredFields();
  assert.equal(readStored(later, bounds, stored), true);
  assert.deepEqual(stored, { ticket: 5, tick: 6, end: 7 });
  assert.deepEqual([...later.subarray(bounds.payload, bounds.end)], [1, 2, 3]);
});

Deno.test("readFrame waits for every byte of a frame", () => {
  const { bytes } = frameOf((out) => writeStored(out, 5, 6, 7));
  for (let length = 0; length < bytes.length; length++) {
    assert.equal(
      readFrame(bytes, 0, length, newBounds()),
      FrameStatus.partial,
      `${length}`,
    );
  }
});

Deno.test("readFrame refuses lengths that no frame has", () => {
  const tooLong = Uint8Array.of(255, 255, 255, 255, 1, 0, 0, 0);
  const tooShort = Uint8Array.of(2, 0, 0, 0, 1, 0, 0, 0);
  const fieldsPastEnd = Uint8Array.of(4, 0, 0, 0, 1, 0, 9, 0);
  for (const bytes of [tooLong, tooShort, fieldsPastEnd]) {
    assert.equal(
      readFrame(bytes, 0, bytes.length, newBounds()),
      FrameStatus.malformed,
    );
  }
});

Deno.test("a frame with too few fields is not read", () => {
  const beat = frameOf((out) =>
    writeBeat(out, FrameType.beat, { stamp: 1, isBusy: false })
  );
  const stored = { ticket: 0, tick: 0 };
  assert.equal(
    readStored(beat.bytes, beat.bounds, { ...stored, end: 0 }),
    false,
  );
});

Deno.test("longestMessage accepts exactly the messages that were written", () => {
  fc.assert(fc.property(anyMessages, fc.nat(400), (messages, cut) => {
    const payload = payloadOf(messages);
    const count = messages.length;
    const longest = Math.max(...messages.map((m) => m.length));
    const look = (end: number, count: number) =>
      longestMessage(payload, 0, end, count);
    assert.equal(look(payload.length, count), longest);
    assert.equal(look(payload.length, count + 1), -1);
    if (count > 1) assert.equal(look(payload.length, count - 1), -1);
    if (cut < payload.length) assert.equal(look(cut, count), -1);
  }));
  const tooLong = payloadOf([new Uint8Array(MESSAGE_BYTES_MAX + 1)]);
  assert.equal(longestMessage(tooLong, 0, tooLong.length, 1), -1);
});

Deno.test("frames of version sd/2 keep their bytes", () => {
  // What released programs send. A line that a later version writes otherwise
  // stays below, among those that must be read for ever.
  const golden: readonly (readonly [string, (out: ByteQueue) => void])[] = [
    [
      "2500000001001c00" + "0700000000000000" + "0500000000000000" +
      "0900000000000000" + "01000000" + "01000000" + "61",
      (out) => {
        const fields = { firstSequence: 7, floor: 5, after: 9, count: 1 };
        const at = writeMessages(out, fields, 5);
        writeMessage(out.bytes, at, bytesOf("a"), 0, 1);
      },
    ],
    [
      "1900000002001500" + "0700000000000000" + "01000000" +
      "0b00000000000000" + "00",
      (out) =>
        writeReceipt(
          out,
          { firstSequence: 7, count: 1, tick: 11, copies: 0 },
          new Uint8Array(0),
          0,
        ),
    ],
    [
      "1c00000005001800" + "0500000000000000" + "0600000000000000" +
      "0700000000000000",
      (out) => writeStored(out, 5, 6, 7),
    ],
    [
      "0d00000007000900" + "0100000000000000" + "00",
      (out) => writeBeat(out, FrameType.beat, { stamp: 1, isBusy: false }),
    ],
    ["0400000009000000", writeDraining],
    [
      "1a00000016001400" + "0700000000000000" + "0500000000000000" +
      "03000000" + "6331",
      (out) => writeRecall(out, { ticket: 7, firstSequence: 5, count: 3 }, c1),
    ],
    [
      "2400000017001800" + "0700000000000000" + "0600000000000000" +
      "0800000000000000" + "00000000" + "55743d01",
      (out) =>
        writeRecalled(
          out,
          { ticket: 7, floor: 6, end: 8 },
          Uint32Array.of(0, 0x013d7455),
        ),
    ],
  ];
  for (const [expected, write] of golden) {
    assert.equal(frameOf(write).bytes.toHex(), expected);
  }
});

Deno.test("frames of version 0.1 are read by this one", () => {
  const stored = Uint8Array.fromHex(
    "1400000005001000" + "0500000000000000" + "0600000000000000",
  );
  const bounds = newBounds();
  assert.equal(readFrame(stored, 0, stored.length, bounds), FrameStatus.whole);
  const fields = { ticket: 0, tick: 0, end: -1 };
  assert.equal(readStored(stored, bounds, fields), true);
  assert.deepEqual(fields, { ticket: 5, tick: 6, end: 0 });

  const nodes = Uint8Array.fromHex(
    "160000000b000000" + "6b33763978326162" + "01" + "08" + "31302e302e302e37",
  );
  assert.equal(readFrame(nodes, 0, nodes.length, bounds), FrameStatus.whole);
  assert.deepEqual(readNodes(nodes, bounds), [
    { id: "k3v9x2ab", address: "10.0.0.7", state: NodeState.away },
  ]);
  assert.deepEqual(readNodesFields(nodes, bounds), {
    settlesInMs: 0,
    forgotten: 0,
  });
});
