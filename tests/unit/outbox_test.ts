import assert from "node:assert/strict";
import fc from "fast-check";
import { Outbox } from "../../lib/client/outbox.ts";
import { bytesOf, textOf } from "../../lib/base/ascii.ts";
import { ByteQueue } from "../../lib/base/byte_queue.ts";
import { newReadMessages, readMessages } from "../../lib/wire/client_frames.ts";
import { newFrameBounds, readFrame } from "../../lib/wire/frame.ts";
import { readU32 } from "../../lib/base/little_endian.ts";

/** The frame that an outbox writes: its fields and messages. */
function takeFrame(outbox: Outbox) {
  const out = new ByteQueue();
  outbox.writeFrame(out, 9);
  const bytes = out.view();
  const bounds = newFrameBounds();
  assert.equal(readFrame(bytes, 0, bytes.length, bounds), 0);
  const fields = newReadMessages();
  assert.equal(readMessages(bytes, bounds, fields), true);
  const texts: string[] = [];
  for (let at = bounds.payload; at < bounds.end;) {
    const length = readU32(bytes, at);
    texts.push(textOf(bytes, at + 4, at + 4 + length));
    at += 4 + length;
  }
  assert.equal(texts.length, fields.count);
  const { firstSequence, floor, after, count } = fields;
  return { firstSequence, floor, after, count, texts };
}

const add = (outbox: Outbox, text: string) => {
  const bytes = bytesOf(text);
  return outbox.add(bytes, 0, bytes.length);
};

Deno.test("Outbox numbers messages from 1 and sends them in order", () => {
  const outbox = new Outbox();
  assert.deepEqual(["a", "b", "c"].map((text) => add(outbox, text)), [1, 2, 3]);
  assert.deepEqual(takeFrame(outbox), {
    firstSequence: 1,
    floor: 1,
    after: 9,
    count: 3,
    texts: ["a", "b", "c"],
  });
  assert.equal(outbox.hasUnsent, false);
});

Deno.test("Outbox sends again only what has no answer", () => {
  const outbox = new Outbox();
  for (const text of ["a", "b", "c", "d"]) add(outbox, text);
  takeFrame(outbox);
  outbox.answer(1);
  outbox.answer(3);
  outbox.resendAll();
  const first = takeFrame(outbox);
  assert.deepEqual([first.firstSequence, first.floor, first.texts], [2, 2, [
    "b",
  ]]);
  const second = takeFrame(outbox);
  assert.deepEqual([second.firstSequence, second.texts], [4, ["d"]]);
  assert.equal(outbox.hasUnsent, false);
});

Deno.test("Outbox agrees with a plain model, whatever happens", () => {
  const operation = fc.oneof(
    {
      weight: 4,
      arbitrary: fc.string({ maxLength: 300 }).map((add) => ({ add })),
    },
    { weight: 2, arbitrary: fc.constant({ frame: true }) },
    { weight: 3, arbitrary: fc.nat(40).map((answer) => ({ answer })) },
    { weight: 1, arbitrary: fc.nat(40).map((resend) => ({ resend })) },
    { weight: 1, arbitrary: fc.constant({ resendAll: true }) },
  );
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 120 }), (operations) => {
      const outbox = new Outbox();
      /** Message by sequence, with what is known of it. */
      const model: { text: string; state: "unsent" | "sent" | "answered" }[] =
        [];
      const firstUnanswered = () => {
        const index = model.findIndex((m) => m.state !== "answered");
        return index < 0 ? model.length + 1 : index + 1;
      };
      for (const operation of operations) {
        if ("add" in operation) {
          model.push({ text: operation.add, state: "unsent" });
          assert.equal(add(outbox, operation.add), model.length);
        } else if ("frame" in operation) {
          const start = model.findIndex((m) => m.state === "unsent");
          assert.equal(outbox.hasUnsent, start >= 0);
          if (start < 0) continue;
          const { firstSequence, floor, texts } = takeFrame(outbox);
          assert.equal(firstSequence, start + 1);
          assert.equal(floor, firstUnanswered());
          texts.forEach((text, i) => {
            assert.equal(model[start + i]!.state, "unsent");
            assert.equal(textOf(bytesOf(model[start + i]!.text)), text);
            model[start + i]!.state = "sent";
          });
          const next = model[start + texts.length];
          assert.ok(next === undefined || next.state !== "unsent");
        } else if ("answer" in operation) {
          outbox.answer(operation.answer);
          const message = model[operation.answer - 1];
          if (message !== undefined) message.state = "answered";
        } else if ("resend" in operation) {
          outbox.resend(operation.resend);
          const message = model[operation.resend - 1];
          if (message?.state === "sent") message.state = "unsent";
        } else {
          outbox.resendAll();
          for (const m of model) if (m.state === "sent") m.state = "unsent";
        }
        assert.equal(outbox.firstUnanswered, firstUnanswered());
        assert.equal(outbox.length, model.length + 1 - firstUnanswered());
        model.forEach((m, i) => {
          const isUnanswered = m.state !== "answered";
          assert.equal(outbox.isUnanswered(i + 1), isUnanswered);
          if (isUnanswered) {
            assert.equal(
              textOf(outbox.message(i + 1)),
              textOf(bytesOf(m.text)),
            );
          }
        });
      }
    }),
  );
});

Deno.test("Outbox holds a bounded number of messages and bytes", () => {
  const small = new Outbox();
  while (small.hasRoom) add(small, "");
  assert.equal(small.length, 16_384);
  const large = new Outbox();
  const message = new Uint8Array(256 * 1024);
  while (large.hasRoom) large.add(message, 0, message.length);
  assert.ok(large.length <= 17, `${large.length}`);
});

Deno.test("Outbox.writeFrame keeps to the size of a frame", () => {
  const outbox = new Outbox();
  const message = new Uint8Array(200 * 1024);
  for (let i = 0; i < 4; i++) outbox.add(message, 0, message.length);
  assert.equal(takeFrame(outbox).count, 2);
  assert.equal(takeFrame(outbox).count, 2);
});
