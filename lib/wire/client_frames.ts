/**
 * The frames between a client and its head: messages, and their answers.
 *
 * @module
 */

import { bytesOf } from "./ascii.ts";
import type { ByteQueue } from "./byte_queue.ts";
import type { WireErrorKind } from "./errors.ts";
import { beginFrame, type FrameBounds, FrameType } from "./frame.ts";
import {
  readU16,
  readU32,
  readU64,
  writeU16,
  writeU32,
  writeU64,
} from "./little_endian.ts";

/** Bytes in front of each message of a payload: its length. */
export const MESSAGE_HEADER_BYTES = 4;

const MESSAGES_FIELDS = 28;
const RECEIPT_FIELDS = 21;
const REFUSAL_FIELDS = 14;

/** Fields of a `messages` frame. */
export interface MessagesFields {
  /** Sequence of the first message; the others follow one by one. */
  firstSequence: number;
  /** Every sequence below this one has been answered. */
  floor: number;
  /** Highest tick of the receipts so far. */
  after: number;
  /** How many messages the payload holds. */
  count: number;
}

/** Whether the fields were there to be read. */
export function readMessages(
  bytes: Uint8Array,
  frame: FrameBounds,
  into: MessagesFields,
): boolean {
  const at = frame.fields;
  if (frame.payload - at < MESSAGES_FIELDS) return false;
  into.firstSequence = readU64(bytes, at);
  into.floor = readU64(bytes, at + 8);
  into.after = readU64(bytes, at + 16);
  into.count = readU32(bytes, at + 24);
  return true;
}

/**
 * Begins a `messages` frame of `payloadBytes`.
 *
 * @returns Where in `out.bytes` the payload is to be written; it is committed
 * already.
 */
export function writeMessages(
  out: ByteQueue,
  fields: MessagesFields,
  payloadBytes: number,
): number {
  const at = beginFrame(out, FrameType.messages, MESSAGES_FIELDS, payloadBytes);
  const bytes = out.bytes;
  writeU64(bytes, at, fields.firstSequence);
  writeU64(bytes, at + 8, fields.floor);
  writeU64(bytes, at + 16, fields.after);
  writeU32(bytes, at + 24, fields.count);
  return at + MESSAGES_FIELDS;
}

/** Writes one message of a payload. @returns Where the next one goes. */
export function writeMessage(
  bytes: Uint8Array,
  at: number,
  source: Uint8Array,
  from: number,
  to: number,
): number {
  writeU32(bytes, at, to - from);
  let o = at + MESSAGE_HEADER_BYTES;
  for (let i = from; i < to; i++, o++) bytes[o] = source[i]!;
  return o;
}

/**
 * Checks that `bytes[from..end)` is exactly `count` messages of at most
 * `bytesMax` each.
 */
export function areMessages(
  bytes: Uint8Array,
  from: number,
  end: number,
  count: number,
  bytesMax: number,
): boolean {
  let at = from;
  for (let i = 0; i < count; i++) {
    if (end - at < MESSAGE_HEADER_BYTES) return false;
    const length = readU32(bytes, at);
    if (length > bytesMax) return false;
    at += MESSAGE_HEADER_BYTES + length;
  }
  return at === end;
}

/** Fields of a `receipt` frame. */
export interface ReceiptFields {
  firstSequence: number;
  count: number;
  /** Logical time by which the messages were stored. */
  tick: number;
  /** How many data nodes hold them; the payload names each. */
  copies: number;
}

/** Whether the fields were there to be read. */
export function readReceipt(
  bytes: Uint8Array,
  frame: FrameBounds,
  into: ReceiptFields,
): boolean {
  const at = frame.fields;
  if (frame.payload - at < RECEIPT_FIELDS) return false;
  into.firstSequence = readU64(bytes, at);
  into.count = readU32(bytes, at + 8);
  into.tick = readU64(bytes, at + 12);
  into.copies = bytes[at + 20]!;
  return true;
}

/**
 * Writes a `receipt` frame.
 *
 * @param holders The payload: for each copy a node id, one byte of length, and
 * an address.
 */
export function writeReceipt(
  out: ByteQueue,
  fields: ReceiptFields,
  holders: Uint8Array,
  holdersLength: number,
): void {
  const at = beginFrame(out, FrameType.receipt, RECEIPT_FIELDS, holdersLength);
  const bytes = out.bytes;
  writeU64(bytes, at, fields.firstSequence);
  writeU32(bytes, at + 8, fields.count);
  writeU64(bytes, at + 12, fields.tick);
  bytes[at + 20] = fields.copies;
  bytes.set(holders.subarray(0, holdersLength), at + RECEIPT_FIELDS);
}

/** Fields of a `refusal` frame; the payload is the reason. */
export interface RefusalFields {
  firstSequence: number;
  count: number;
  code: number;
}

/** Whether the fields were there to be read. */
export function readRefusal(
  bytes: Uint8Array,
  frame: FrameBounds,
  into: RefusalFields,
): boolean {
  const at = frame.fields;
  if (frame.payload - at < REFUSAL_FIELDS) return false;
  into.firstSequence = readU64(bytes, at);
  into.count = readU32(bytes, at + 8);
  into.code = readU16(bytes, at + 12);
  return true;
}

/** Writes a `refusal` frame. */
export function writeRefusal(
  out: ByteQueue,
  firstSequence: number,
  count: number,
  kind: WireErrorKind,
  reason: string,
): void {
  const text = bytesOf(reason);
  const at = beginFrame(out, FrameType.refusal, REFUSAL_FIELDS, text.length);
  const bytes = out.bytes;
  writeU64(bytes, at, firstSequence);
  writeU32(bytes, at + 8, count);
  writeU16(bytes, at + 12, kind.code);
  bytes.set(text, at + REFUSAL_FIELDS);
}
