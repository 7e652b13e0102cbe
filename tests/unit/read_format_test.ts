import assert from "node:assert/strict";
import fc from "fast-check";
import { lineWriter, type ReadFormat } from "../../lib/reader/format.ts";
import {
  newParsedRecord,
  parseRecord,
  writeRecords,
} from "../../lib/store/record.ts";
import { bytesOf } from "../../lib/wire/ascii.ts";
import { ByteQueue } from "../../lib/wire/byte_queue.ts";
import { headerOf, payloadOf } from "../support/records.ts";

/** A message as it is read back in a format. */
function readBack(
  format: ReadFormat,
  message: string | Uint8Array,
  holders = "a1b2c3d4",
): Uint8Array {
  const out = new ByteQueue();
  const header = { ...headerOf(17), holders: bytesOf(holders) };
  writeRecords(out, header, payloadOf([message]), 0, 1);
  const bytes = out.view().slice();
  const record = newParsedRecord();
  assert.ok(parseRecord(bytes, 0, bytes.length - 1, record));
  const read = new ByteQueue();
  lineWriter(format, false)(read, { bytes, record });
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
    textBack("json", "hola", "a1b2c3d4e5f6g7h8"),
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
