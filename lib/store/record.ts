/**
 * A record: one message as one line of `data.txt`.
 *
 *     2026-11-23T18:23:45.123Z a1b2c3d4,e5f6g7h8 1093/42 k3v9x2ab-57 9a3f01bc mensaje: hola
 *     time                     holders           order   id          checksum payload
 *
 * - time: when the head received the message, UTC.
 * - holders: ids of the data nodes it was placed on.
 * - order: the node's logical time (tick), and the floor: every sequence of
 *   this client below it had been answered when this message was sent. The two
 *   let read-back put each client's messages in order, in bounded memory.
 * - id: client id and sequence.
 * - checksum: CRC-32C of the line without its ending, the checksum itself and
 *   the word in front of the payload; eight hexadecimal digits.
 * - payload: escaped, see escape.ts.
 *
 * What all messages of a batch share stands first, so that it is formatted and
 * checksummed once for all of them.
 *
 * Changing this format: give the new line another start than a year, keep
 * {@linkcode parseRecord} reading both, and add golden lines to its test; those
 * of released versions stay there for ever.
 *
 * @module
 */

import { bytesOf, startsWith, writeDecimal } from "../base/ascii.ts";
import type { ByteQueue } from "../base/byte_queue.ts";
import { MESSAGE_HEADER_BYTES } from "../wire/client_frames.ts";
import { readU32 } from "../base/little_endian.ts";
import { printOfCrc } from "../wire/print.ts";
import { MESSAGE_PREFIX } from "../wire/words.ts";
import { NODE_ID_BYTES } from "../base/limits.ts";
import { crc32c, crcJoined } from "../base/crc32c.ts";
import { ESCAPED_BYTES_MAX, escapeInto } from "../wire/escape.ts";
import { PLAIN_CRC_BYTES_MIN, plainCrc } from "./plain_crc.ts";

const LF = 10;
const SPACE = 32;
const COMMA = 44;
const DASH = 45;
const SLASH = 47;

/** Bytes of `2026-11-23T18:23:45.123Z`. */
export const TIME_BYTES = 24;

/** Bytes of the checksum. */
const CHECKSUM_BYTES = 8;

/** A table, because what has no pattern is no question for a processor to guess. */
const hexDigits = bytesOf("0123456789abcdef");

/** What stands between checksum and payload. */
const payloadMark = bytesOf(` ${MESSAGE_PREFIX}`);

/** Bytes of a sequence, at most: 2^53 - 1. */
const SEQUENCE_BYTES_MAX = 16;

/** What the messages of one batch have in common. */
export interface BatchHeader {
  readonly timeMs: number;
  readonly clientId: Uint8Array;
  readonly firstSequence: number;
  readonly floor: number;
  readonly tick: number;
  /** Node ids, one behind the other without separators. */
  readonly holders: Uint8Array;
}

/** The part of a line that a batch shares; grown when a client id needs it. */
const shared = new Uint8Array(1024);

/** Prints of the batch that was written last; grown when one has more messages. */
let prints = new Uint32Array(1024);

/** The last time that was formatted; batches of one moment are many. */
let formattedMs = NaN;
const formattedTime = new Uint8Array(TIME_BYTES);

/**
 * Appends one record for each message of a batch.
 *
 * @param messages A payload as frames carry it: for each message a u32 length
 * and its bytes; checked already.
 * @param from Where in `messages` the first message begins.
 * @returns The print of each message, and older ones behind; valid until the
 * next call.
 */
export function writeRecords(
  out: ByteQueue,
  header: BatchHeader,
  messages: Uint8Array,
  from: number,
  count: number,
): Readonly<Uint32Array> {
  if (count > prints.length) prints = new Uint32Array(2 * count);
  const sharedLength = writeShared(header);
  const prefix = shared.subarray(0, sharedLength);
  const prefixCrc = crc32c(shared, 0, sharedLength);
  const fixed = sharedLength + SEQUENCE_BYTES_MAX + 1 + CHECKSUM_BYTES +
    payloadMark.length + 1;
  let at = from;
  let sequence = header.firstSequence;
  for (let i = 0; i < count; i++, sequence++) {
    const length = readU32(messages, at);
    at += MESSAGE_HEADER_BYTES;
    const start = out.reserve(fixed + length * ESCAPED_BYTES_MAX);
    const bytes = out.bytes;
    bytes.set(prefix, start);
    let o = writeDecimal(bytes, start + sharedLength, sequence);
    bytes[o++] = SPACE;
    const checksumAt = o;
    const before = crc32c(bytes, start + sharedLength, o, prefixCrc);
    o += CHECKSUM_BYTES;
    for (let m = 0; m < payloadMark.length; m++) bytes[o++] = payloadMark[m]!;
    let end = o + length;
    // Of the payload by itself: mostly that of the message too.
    let crc = length < PLAIN_CRC_BYTES_MIN
      ? undefined
      : plainCrc(messages, at, at + length);
    if (crc === undefined) {
      end = escapeInto(bytes, o, messages, at, at + length);
      crc = crc32c(bytes, o, end);
    } else {
      bytes.set(messages.subarray(at, at + length), o);
    }
    const isPlain = end - o === length;
    prints[i] = printOfCrc(isPlain ? crc : crc32c(messages, at, at + length));
    writeHex32(bytes, checksumAt, crcJoined(before, crc, end - o));
    bytes[end] = LF;
    out.commit(end + 1 - start);
    at += length;
  }
  return prints;
}

/** Where the parts of a parsed record are, in the bytes it was parsed from. */
export interface ParsedRecord {
  /** The line begins here, with its time. */
  start: number;
  /** The ids of its data nodes begin here. */
  holdersStart: number;
  /** They end here. */
  holdersEnd: number;
  /** Logical time of the data node when it stored the message. */
  tick: number;
  /** Every sequence of the client below this one had been answered. */
  floor: number;
  /** The client id begins here. */
  clientStart: number;
  /** It ends here. */
  clientEnd: number;
  /** The client's number for the message. */
  sequence: number;
  /** The payload as it stands in the line, escaped. */
  payloadStart: number;
  /** The line ends here; its LF follows. */
  payloadEnd: number;
}

/** A record to parse into. */
export function newParsedRecord(): ParsedRecord {
  return {
    start: 0,
    holdersStart: 0,
    holdersEnd: 0,
    tick: 0,
    floor: 0,
    clientStart: 0,
    clientEnd: 0,
    sequence: 0,
    payloadStart: 0,
    payloadEnd: 0,
  };
}

/**
 * Parses and checks the line `bytes[start..end)`, its LF left out.
 *
 * @returns Whether it is a whole, undamaged record; `into` holds its parts.
 */
export function parseRecord(
  bytes: Uint8Array,
  start: number,
  end: number,
  into: ParsedRecord,
): boolean {
  if (bytes[start + TIME_BYTES] !== SPACE) return false;
  into.start = start;
  into.holdersStart = start + TIME_BYTES + 1;
  into.holdersEnd = indexOf(bytes, SPACE, into.holdersStart, end);
  if (into.holdersEnd < 0) return false;
  const slash = indexOf(bytes, SLASH, into.holdersEnd + 1, end);
  if (slash < 0) return false;
  into.tick = readDecimal(bytes, into.holdersEnd + 1, slash);
  into.clientStart = indexOf(bytes, SPACE, slash + 1, end) + 1;
  if (into.clientStart === 0) return false;
  into.floor = readDecimal(bytes, slash + 1, into.clientStart - 1);
  const idEnd = indexOf(bytes, SPACE, into.clientStart, end);
  if (idEnd < 0) return false;
  into.clientEnd = lastIndexOf(bytes, DASH, into.clientStart, idEnd);
  if (into.clientEnd <= into.clientStart) return false;
  into.sequence = readDecimal(bytes, into.clientEnd + 1, idEnd);
  const checksumEnd = idEnd + 1 + CHECKSUM_BYTES;
  if (!startsWith(bytes, payloadMark, checksumEnd, end)) return false;
  into.payloadStart = checksumEnd + payloadMark.length;
  into.payloadEnd = end;
  if (into.tick < 0 || into.floor < 0 || into.sequence < 0) return false;
  const crc = crc32c(bytes, start, idEnd + 1);
  return readHex32(bytes, idEnd + 1) ===
    crc32c(bytes, into.payloadStart, end, crc) >>> 0;
}

/** When the head received a parsed record, in ms since 1970. */
export function recordTimeMs(bytes: Uint8Array, record: ParsedRecord): number {
  const text = String.fromCharCode(
    ...bytes.subarray(record.start, record.start + TIME_BYTES),
  );
  return Date.parse(text);
}

/** Formats what a batch shares. @returns Its length. */
function writeShared(header: BatchHeader): number {
  if (header.timeMs !== formattedMs) {
    formattedMs = header.timeMs;
    formattedTime.set(bytesOf(new Date(header.timeMs).toISOString()));
  }
  shared.set(formattedTime);
  let o = TIME_BYTES;
  shared[o++] = SPACE;
  const holders = header.holders;
  for (let i = 0; i < holders.length; i++) {
    if (i > 0 && i % NODE_ID_BYTES === 0) shared[o++] = COMMA;
    shared[o++] = holders[i]!;
  }
  shared[o++] = SPACE;
  o = writeDecimal(shared, o, header.tick);
  shared[o++] = SLASH;
  o = writeDecimal(shared, o, header.floor);
  shared[o++] = SPACE;
  shared.set(header.clientId, o);
  o += header.clientId.length;
  shared[o++] = DASH;
  return o;
}

function indexOf(
  bytes: Uint8Array,
  byte: number,
  from: number,
  to: number,
): number {
  for (let i = from; i < to; i++) if (bytes[i] === byte) return i;
  return -1;
}

function lastIndexOf(
  bytes: Uint8Array,
  byte: number,
  from: number,
  to: number,
): number {
  for (let i = to - 1; i >= from; i--) if (bytes[i] === byte) return i;
  return -1;
}

/** The whole number at `[from..to)`, or -1 when there is none. */
function readDecimal(bytes: Uint8Array, from: number, to: number): number {
  if (from >= to || to - from > SEQUENCE_BYTES_MAX) return -1;
  let value = 0;
  for (let i = from; i < to; i++) {
    const digit = bytes[i]! - 48;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value;
}

function writeHex32(bytes: Uint8Array, at: number, value: number): void {
  for (let i = 0, shift = 28; i < CHECKSUM_BYTES; i++, shift -= 4) {
    bytes[at + i] = hexDigits[(value >>> shift) & 15]!;
  }
}

/** The number of eight lower-case hexadecimal digits, or -1. */
function readHex32(bytes: Uint8Array, at: number): number {
  let value = 0;
  for (let i = at; i < at + CHECKSUM_BYTES; i++) {
    const byte = bytes[i]!;
    const digit = byte >= 48 && byte <= 57
      ? byte - 48
      : byte >= 97 && byte <= 102
      ? byte - 87
      : -1;
    if (digit < 0) return -1;
    value = value * 16 + digit;
  }
  return value;
}
