/** Messages that were read back, as text, json and csv. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { lineWriter, type ReadFormat } from "../../lib/library/format.ts";
import {
  type BatchHeader,
  newParsedRecord,
  parseRecord,
  writeRecords,
} from "../../lib/store/record.ts";
import { bytesOf } from "../../lib/base/ascii.ts";
import { ByteQueue } from "../../lib/base/byte_queue.ts";
import { headerOf, payloadOf } from "../support/records.ts";

/** A message as it is read back in a format. */
function readBack(
  format: ReadFormat,
  message: string | Uint8Array,
  { isTerminal = false, ...header }:
    & { readonly isTerminal?: boolean }
    & Partial<BatchHeader> = {},
): Uint8Array {
  const out = new ByteQueue();
  const whole = { ...headerOf(17), holders: bytesOf("a1b2c3d4"), ...header };
  writeRecords(out, whole, payloadOf([message]), 0, 1);
  const bytes = out.view().slice();
  const record = newParsedRecord();
  assert.ok(parseRecord(bytes, 0, bytes.length - 1, record));
  const read = new ByteQueue();
  lineWriter(format, isTerminal)(read, { bytes, record });
  return read.view().slice();
}

const textBack = (...args: Parameters<typeof readBack>) =>
  new TextDecoder("utf-8", { ignoreBOM: true }).decode(readBack(...args));

const TIME = "2026-11-23T18:23:45.123Z";

const anyText = fc.oneof(
  fc.string({ unit: "binary", maxLength: 20 }),
  fc.string({ unit: fc.constantFrom(...'a",\\\r\n\t\x00 ñ\ufeff') }),
).map((text) => text.toWellFormed());

Deno.test("json is an object a line, with all that is known of a message", () => {
  assert.equal(
    textBack("json", "hola", { holders: bytesOf("a1b2c3d4e5f6g7h8") }),
    `{"id":"k3v9x2ab-17","time":"${TIME}",` +
      `"nodes":["a1b2c3d4","e5f6g7h8"],"message":"hola"}\n`,
  );
  fc.assert(fc.property(anyText, (message) => {
    const line = textBack("json", message);
    assert.equal(line.indexOf("\n"), line.length - 1);
    assert.deepEqual(JSON.parse(line), {
      id: "k3v9x2ab-17",
      time: TIME,
      nodes: ["a1b2c3d4"],
      message,
    });
  }));
});

Deno.test("json has what is no UTF-8 as base64", () => {
  const { message, base64 } = JSON.parse(
    textBack("json", Uint8Array.of(104, 0xff, 34)),
  );
  assert.equal(message, undefined);
  assert.deepEqual(
    [...Uint8Array.fromBase64(base64)],
    [104, 0xff, 34],
  );
});

Deno.test("csv quotes what RFC 4180 has quoted, and nothing else", () => {
  assert.equal(textBack("csv", "hola"), `${TIME},k3v9x2ab-17,hola\r\n`);
  fc.assert(fc.property(anyText, (message) => {
    const line = textBack("csv", message);
    const start = `${TIME},k3v9x2ab-17,`;
    assert.ok(line.startsWith(start) && line.endsWith("\r\n"));
    const field = line.slice(start.length, -2);
    const isQuoted = field.startsWith('"');
    assert.equal(isQuoted, /[",\r\n]/.test(message));
    assert.equal(
      isQuoted ? field.slice(1, -1).replaceAll('""', '"') : field,
      message,
    );
  }));
});

Deno.test("text is the message alone, byte for byte", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 40 }), (message) => {
    assert.deepEqual([...readBack("text", message)], [...message, 10]);
  }));
});

/** What a terminal obeys, or what turns the direction of text. */
const obeyed = /[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/u;

/** Texts of which many have something that a terminal obeys. */
const hostileText = fc.string({
  unit: fc.constantFrom(
    ...'a",\\ñé–€ب\n\r\t\0\x1b\x7f\x80\x9b\u061c\u200e\u200f\u2028\u202e\u2066\u2069',
    "🙂",
  ),
  maxLength: 20,
});

Deno.test("on a terminal no format has anything that it would obey", () => {
  for (const format of ["text", "json", "csv"] as const) {
    fc.assert(fc.property(hostileText, (message) => {
      const line = textBack(format, message, { isTerminal: true });
      assert.doesNotMatch(line.replace(/\r?\n$/, ""), obeyed);
    }));
  }
  const shown = (format: ReadFormat, message: string) =>
    textBack(format, message, { isTerminal: true }).trimEnd();
  assert.equal(
    shown("text", "a\x1b[2Jb\u202ec\\"),
    "a\\x1b[2Jb\\xe2\\x80\\xaec\\\\",
  );
  assert.ok(shown("csv", 'a\x1b,"\n').endsWith(',"a\\x1b,""\\n"'));
  assert.ok(shown("text", "–€ب🙂") === "–€ب🙂", "what is seen stays");
});

Deno.test("json has nothing that a terminal would obey, wherever it goes", () => {
  fc.assert(fc.property(hostileText, (message) => {
    const line = textBack("json", message);
    assert.doesNotMatch(line.slice(0, -1), obeyed);
    assert.equal(JSON.parse(line).message, message);
  }));
  assert.match(textBack("json", "\u202e\x9b"), /"\\u202e\\u009b"/);
});

Deno.test("csv shows bytes that are no UTF-8, and leaves all else as it was", () => {
  const cell = (...bytes: number[]) =>
    textBack("csv", Uint8Array.from(bytes)).slice(
      `${TIME},k3v9x2ab-17,`.length,
    );
  assert.equal(cell(0x61, 0xff, 0x5c, 0xc3, 0xb1), "a\\xff\\ñ\r\n");
  assert.equal(cell(0xe2, 0x80, 0x0a), '"\\xe2\\x80\n"\r\n');
  assert.equal(cell(0xc2, 0x9b, 0x00, 0xc2), "\x9b\0\\xc2\r\n");
});

Deno.test("a record of somebody else's making breaks no line and no object", () => {
  // Its checksum is right: a data node wrote it.
  const clientId = bytesOf('x","y":"\x1b[2J');
  const holders = bytesOf('a1b2c3d4\x9b"\x1b45678');
  const json = textBack("json", "hola", { clientId, holders });
  assert.doesNotMatch(json.slice(0, -1), obeyed);
  const { id, message } = JSON.parse(json);
  assert.equal(id, 'x","y":"\x1b[2J-17');
  assert.equal(message, "hola");
  for (const isTerminal of [false, true]) {
    const csv = textBack("csv", "hola", { clientId, isTerminal });
    assert.equal(csv, `${TIME},"x"",""y"":""\\x1b[2J-17",hola\r\n`);
  }
});
