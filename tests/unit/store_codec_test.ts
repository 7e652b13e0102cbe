import assert from "node:assert/strict";
import fc from "fast-check";
import { crc32c, crcJoined } from "../../lib/base/crc32c.ts";
import {
  escapedText,
  escapeInto,
  unescapeInto,
} from "../../lib/wire/escape.ts";
import { plainCrc } from "../../lib/store/plain_crc.ts";
import {
  newParsedRecord,
  parseRecord,
  recordTimeMs,
  writeRecords,
} from "../../lib/store/record.ts";
import { bytesOf, textOf } from "../../lib/base/ascii.ts";
import { ByteQueue } from "../../lib/base/byte_queue.ts";
import { printsOf } from "../../lib/wire/print.ts";
import { writeMessage } from "../../lib/wire/client_frames.ts";

const anyPayload = fc.oneof(
  fc.uint8Array({ maxLength: 300 }),
  fc.string({ unit: "grapheme", maxLength: 60 }).map(bytesOf),
  fc.string({ unit: "grapheme-ascii", maxLength: 300 }).map(bytesOf),
);

function escape(payload: Uint8Array): Uint8Array {
  const target = new Uint8Array(payload.length * 4);
  return target.slice(0, escapeInto(target, 0, payload, 0, payload.length));
}

Deno.test("crc32c gives the values of RFC 3720, appendix B.4", () => {
  const hex = (bytes: Uint8Array) => (crc32c(bytes) >>> 0).toString(16);
  const ascending = Uint8Array.from({ length: 32 }, (_, i) => i);
  assert.equal(hex(new Uint8Array(32)), "8a9136aa");
  assert.equal(hex(new Uint8Array(32).fill(0xff)), "62a8ab43");
  assert.equal(hex(ascending), "46dd794e");
  assert.equal(hex(ascending.toReversed()), "113fdb5c");
  assert.equal(hex(bytesOf("123456789")), "e3069283");
});

Deno.test("crc32c of parts is that of the whole", () => {
  fc.assert(fc.property(fc.uint8Array(), fc.nat(), (bytes, cut) => {
    const at = cut % (bytes.length + 1);
    const first = crc32c(bytes, 0, at);
    assert.equal(crc32c(bytes, at, bytes.length, first), crc32c(bytes));
    const second = crc32c(bytes, at);
    const length = bytes.length - at;
    assert.equal(crcJoined(first, second, length), crc32c(bytes));
  }));
  // As long as a part can be.
  const long = new Uint8Array(2 ** 21 - 1).fill(7);
  const joined = crcJoined(crc32c(long), crc32c(long), long.length);
  assert.equal(joined, crc32c(long, 0, long.length, crc32c(long)));
});

Deno.test("plainCrc is the CRC of what is its own escaped form, and of nothing else", () => {
  const almostPlain = fc.tuple(
    fc.string({ unit: "grapheme-ascii", minLength: 1, maxLength: 200 })
      .map(bytesOf),
    fc.nat(),
    fc.nat(255),
  ).map(([bytes, at, byte]) => {
    bytes[at % bytes.length] = byte;
    return bytes;
  });
  fc.assert(
    fc.property(
      fc.oneof(almostPlain, anyPayload),
      fc.nat(9),
      (payload, offset) => {
        // Somewhere in a larger buffer, as messages are.
        const buffer = new Uint8Array(payload.length + 20);
        const bytes = buffer.subarray(3);
        bytes.set(payload, offset);
        const end = offset + payload.length;
        const escaped = escape(payload);
        const isSame = escaped.length === payload.length;
        assert.equal(
          plainCrc(bytes, offset, end),
          isSame && escaped.every((byte) => byte < 0x80)
            ? crc32c(payload)
            : undefined,
        );
      },
    ),
    { numRuns: 2_000 },
  );
});

Deno.test("escaped payloads come back byte for byte", () => {
  fc.assert(fc.property(anyPayload, (payload) => {
    const escaped = escape(payload);
    const end = unescapeInto(escaped, 0, escaped, 0, escaped.length);
    assert.deepEqual(escaped.slice(0, end), payload);
  }));
});

Deno.test("escaped payloads are one line of valid UTF-8", () => {
  const strict = new TextDecoder("utf-8", { fatal: true });
  fc.assert(fc.property(anyPayload, (payload) => {
    const text = strict.decode(escape(payload));
    // deno-lint-ignore no-control-regex -- their absence is the property
    assert.doesNotMatch(text, /[\x00-\x1f\x7f-\x9f]/);
  }));
});

Deno.test("escaping leaves text as a person wrote it", () => {
  for (const text of ["hola", "ñandú €", "👩‍🔬 日本語", "a b; c|d 'e' \"f\""]) {
    assert.equal(escapedText(bytesOf(text)), text);
  }
  assert.equal(
    escapedText(bytesOf("a\nb\r\t\\\x00\x7f")),
    "a\\nb\\r\\t\\\\\\x00\\x7f",
  );
  assert.equal(escapedText(Uint8Array.of(0xff, 0xc3)), "\\xff\\xc3");
  // CSI as one character: a terminal would obey it.
  assert.equal(escapedText(bytesOf("\u009b31m")), "\\xc2\\x9b31m");
  // Overlong, surrogate, beyond Unicode: none is UTF-8 (RFC 3629).
  assert.equal(escapedText(Uint8Array.of(0xc0, 0x80)), "\\xc0\\x80");
  assert.equal(escapedText(Uint8Array.of(0xed, 0xa0, 0x80)), "\\xed\\xa0\\x80");
  assert.equal(
    escapedText(Uint8Array.of(0xf4, 0x90, 0x80, 0x80)),
    "\\xf4\\x90\\x80\\x80",
  );
});

Deno.test("unescapeInto refuses what escaping never makes", () => {
  for (const text of ["\\", "\\q", "\\x", "\\x0", "\\xG0", "\\xFF"]) {
    const bytes = bytesOf(text);
    assert.equal(unescapeInto(bytes, 0, bytes, 0, bytes.length), -1, text);
  }
});

interface Written {
  readonly timeMs: number;
  readonly clientId: string;
  readonly firstSequence: number;
  readonly floor: number;
  readonly tick: number;
  readonly holders: readonly string[];
  readonly payloads: readonly Uint8Array[];
}

const anyId = fc.stringMatching(/^[\w.-]{1,64}$/);
const anyBatch: fc.Arbitrary<Written> = fc.record({
  timeMs: fc.integer({ min: 0, max: 253_402_300_799_999 }),
  clientId: anyId,
  firstSequence: fc.maxSafeNat().map((n) => Math.min(n, 2 ** 53 - 100)),
  floor: fc.maxSafeNat(),
  tick: fc.maxSafeNat(),
  holders: fc.array(fc.stringMatching(/^[0-9a-z]{8}$/), {
    minLength: 1,
    maxLength: 16,
  }),
  payloads: fc.array(anyPayload, { minLength: 1, maxLength: 5 }),
});

function write(batch: Written): Uint8Array {
  const size = batch.payloads.reduce((sum, p) => sum + 4 + p.length, 0);
  const messages = new Uint8Array(size);
  let at = 0;
  for (const p of batch.payloads) {
    at = writeMessage(messages, at, p, 0, p.length);
  }
  const out = new ByteQueue();
  const prints = writeRecords(
    out,
    {
      timeMs: batch.timeMs,
      clientId: bytesOf(batch.clientId),
      firstSequence: batch.firstSequence,
      floor: batch.floor,
      tick: batch.tick,
      holders: bytesOf(batch.holders.join("")),
    },
    messages,
    0,
    batch.payloads.length,
  );
  assert.deepEqual(
    prints.subarray(0, batch.payloads.length),
    printsOf(messages, 0, batch.payloads.length),
  );
  return out.view().slice();
}

Deno.test("records are read as they were written", () => {
  fc.assert(fc.property(anyBatch, (batch) => {
    const bytes = write(batch);
    const record = newParsedRecord();
    let at = 0;
    batch.payloads.forEach((payload, i) => {
      const lf = bytes.indexOf(10, at);
      assert.equal(parseRecord(bytes, at, lf, record), true);
      assert.equal(recordTimeMs(bytes, record), batch.timeMs);
      const part = (from: number, to: number) => textOf(bytes, from, to);
      assert.equal(
        part(record.holdersStart, record.holdersEnd),
        batch.holders.join(","),
      );
      assert.equal(part(record.clientStart, record.clientEnd), batch.clientId);
      assert.equal(record.tick, batch.tick);
      assert.equal(record.floor, batch.floor);
      assert.equal(record.sequence, batch.firstSequence + i);
      const stored = bytes.slice(record.payloadStart, record.payloadEnd);
      const end = unescapeInto(stored, 0, stored, 0, stored.length);
      assert.deepEqual(stored.slice(0, end), payload);
      at = lf + 1;
    });
    assert.equal(at, bytes.length);
  }));
});

Deno.test("parseRecord refuses a record with any one byte changed", () => {
  fc.assert(
    fc.property(anyBatch, fc.integer({ min: 1, max: 255 }), (batch, change) => {
      const bytes = write({ ...batch, payloads: batch.payloads.slice(0, 1) });
      const end = bytes.length - 1;
      const record = newParsedRecord();
      for (let i = 0; i < end; i++) {
        bytes[i] = bytes[i]! ^ change;
        assert.equal(
          parseRecord(bytes, 0, end, record),
          false,
          `byte ${i} of ${textOf(bytes)}`,
        );
        bytes[i] = bytes[i]! ^ change;
      }
      assert.equal(parseRecord(bytes, 0, end, record), true);
    }),
    { numRuns: 60 },
  );
});

Deno.test("records of format 1 keep their bytes", () => {
  // Lines that are on disks. Never edit one; add new ones.
  const golden = [
    "2026-11-23T18:23:45.123Z a1b2c3d4 1093/42 k3v9x2ab-57 76f810b9 " +
    "mensaje: hola",
    "2026-11-23T18:23:45.123Z a1b2c3d4,e5f6g7h8 0/1 h.1-1 11b47829 " +
    "mensaje: ñ\\n\\xff\\\\",
  ];
  const written = [
    write({
      timeMs: 1_795_458_225_123,
      clientId: "k3v9x2ab",
      firstSequence: 57,
      floor: 42,
      tick: 1093,
      holders: ["a1b2c3d4"],
      payloads: [bytesOf("hola")],
    }),
    write({
      timeMs: 1_795_458_225_123,
      clientId: "h.1",
      firstSequence: 1,
      floor: 1,
      tick: 0,
      holders: ["a1b2c3d4", "e5f6g7h8"],
      payloads: [Uint8Array.of(0xc3, 0xb1, 10, 255, 92)],
    }),
  ];
  assert.deepEqual(written.map((bytes) => textOf(bytes).trimEnd()), golden);
  for (const line of golden) {
    const bytes = bytesOf(line);
    assert.equal(parseRecord(bytes, 0, bytes.length, newParsedRecord()), true);
  }
});
