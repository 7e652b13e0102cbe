/** docs/protocol.md says what the code does. */

import assert from "node:assert/strict";
import { bytesOf } from "../../lib/base/ascii.ts";
import { ByteQueue } from "../../lib/base/byte_queue.ts";
import {
  writeMessage,
  writeMessages,
  writeReceipt,
  writeRefusal,
} from "../../lib/wire/client_frames.ts";
import { WireError } from "../../lib/wire/errors.ts";
import { FrameType } from "../../lib/wire/frame.ts";
import { writeRecall, writeRecalled } from "../../lib/wire/recall_frames.ts";
import { writeStore, writeStored } from "../../lib/wire/store_frames.ts";
import { writeRecords } from "../../lib/store/record.ts";
import {
  GREETING_BYTES_MAX,
  MESSAGE_BYTES_MAX,
} from "../../lib/base/limits.ts";

const document = Deno.readTextFileSync(
  new URL("../../docs/protocol.md", import.meta.url),
);

/** The content of the block that begins with this fence. */
function block(fence: string): string {
  const start = document.indexOf(`\`\`\`${fence}\n`);
  assert.ok(start >= 0, fence);
  const from = document.indexOf("\n", start) + 1;
  return document.slice(from, document.indexOf("\n```", from));
}

/** The rows of the table whose first head cell is `first`, cell by cell. */
function table(first: string): string[][] {
  const lines = document.split("\n");
  const at = lines.findIndex((line) => line.startsWith(`| ${first} `));
  assert.ok(at >= 0, first);
  const rows = lines.slice(at + 2);
  return rows.slice(0, rows.findIndex((line) => !line.startsWith("|")))
    .map((line) => line.slice(1, -1).split("|").map((cell) => cell.trim()));
}

/** The messages `hola` and `a` as frames carry them. */
const payload = new Uint8Array(13);
writeMessage(
  payload,
  writeMessage(payload, 0, bytesOf("hola"), 0, 4),
  bytesOf("a"),
  0,
  1,
);

/** What a writer leaves in a queue. */
function written(write: (out: ByteQueue) => void): Uint8Array<ArrayBuffer> {
  const out = new ByteQueue();
  write(out);
  return out.view().slice();
}

const golden: Readonly<Record<string, (out: ByteQueue) => void>> = {
  messages(out) {
    const fields = { firstSequence: 1, floor: 1, after: 0, count: 2 };
    const at = writeMessages(out, fields, payload.length);
    out.bytes.set(payload, at);
  },
  receipt(out) {
    const holders = bytesOf("k3v9x2ab\x0810.0.0.7");
    const fields = { firstSequence: 1, count: 2, tick: 9, copies: 1 };
    writeReceipt(out, fields, holders, holders.length);
  },
  refusal: (out) => writeRefusal(out, 1, 2, WireError.notStored, "disk full"),
  store(out) {
    const named = bytesOf("c1k3v9x2ab");
    const at = writeStore(out, {
      ticket: 1,
      firstSequence: 1,
      floor: 1,
      tick: 9,
      timeMs: 1000,
      count: 2,
      clientIdLength: 2,
      holders: 1,
    }, named.length + payload.length);
    out.bytes.set(named, at);
    out.bytes.set(payload, at + named.length);
  },
  stored: (out) => writeStored(out, 1, 9, 106),
  recall(out) {
    writeRecall(out, { ticket: 7, firstSequence: 5, count: 3 }, bytesOf("c1"));
  },
  recalled(out) {
    const prints = Uint32Array.of(0, 0x013d7455);
    writeRecalled(out, { ticket: 7, floor: 6, end: 8 }, prints);
  },
};

for (const [name, write] of Object.entries(golden)) {
  Deno.test(`docs/protocol.md has the bytes of a ${name} frame`, () => {
    const told = block(`hex ${name}`).replaceAll(/\s/g, "");
    assert.equal(told, written(write).toHex());
  });
}

Deno.test("docs/protocol.md has a record as it is written", () => {
  const message = new Uint8Array(8);
  writeMessage(message, 0, bytesOf("hola"), 0, 4);
  const line = written((out) =>
    writeRecords(
      out,
      {
        timeMs: Date.UTC(2026, 10, 23, 18, 23, 45, 123),
        clientId: bytesOf("c1"),
        firstSequence: 57,
        floor: 42,
        tick: 1093,
        holders: bytesOf("k3v9x2abm7q2p0zz"),
      },
      message,
      0,
      1,
    )
  );
  assert.equal(`${block("text record")}\n`, new TextDecoder().decode(line));
});

Deno.test("docs/protocol.md lists every type of frame", () => {
  const listed = table("type").map(([type, name]) => [name, Number(type)]);
  assert.deepEqual(
    listed,
    Object.entries(FrameType).map(([name, type]) => [`\`${name}\``, type]),
  );
});

Deno.test("docs/protocol.md lists every error", () => {
  const yes = (is: boolean) => is ? "yes" : "no";
  assert.deepEqual(
    table("code"),
    Object.values(WireError).map((kind) => [
      `${kind.code}`,
      `\`${kind.word}\``,
      yes(kind.fatal),
      yes(kind.retry),
      kind.remedy,
    ]),
  );
});

Deno.test("docs/protocol.md has the limits of messages and handshakes", () => {
  const number = (value: number) => value.toLocaleString("en-US");
  assert.ok(
    document.includes(`at most ${number(MESSAGE_BYTES_MAX)} (256 KiB)`),
  );
  assert.match(
    document,
    new RegExp(`at most ${number(GREETING_BYTES_MAX)}\\s+bytes`),
  );
});
