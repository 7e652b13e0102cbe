/**
 * The frames between a client and its head: messages, and their answers.
 *
 * @module
 */

import {
  FRAME_MESSAGES_MAX,
  FRAME_PAYLOAD_BYTES_MAX,
  MESSAGE_BYTES_MAX,
} from "../base/limits.ts";
import type { ByteQueue } from "../base/byte_queue.ts";
import type { WireErrorKind } from "./errors.ts";
import {
  beginFrame,
  type FrameBounds,
  FrameType,
  reasonBytes,
} from "./frame.ts";
import {
  readU16,
  readU32,
  readU64,
  writeU16,
  writeU32,
  writeU64,
} from "../base/little_endian.ts";

/** Bytes in front of each message of a payload: its length. */
export const MESSAGE_HEADER_BYTES = 4;

const MESSAGES_FIELDS = 28;
const RECEIPT_FIELDS = 21;
const REFUSAL_FIELDS = 14;

/** Fields of a `messages` frame. */
export interface MessagesFields {
  /** Sequence of the first message, from 1; the others follow one by one. */
  firstSequence: number;
  /** Every sequence below this one has been answered. */
  floor: number;
  /** Highest tick of the receipts so far. */
  after: number;
  /** How many messages the payload holds. */
  count: number;
}

/** Fields of a `messages` frame to fill. */
export function newMessagesFields(): MessagesFields {
  return { firstSequence: 0, floor: 0, after: 0, count: 0 };
}

/** A `messages` frame as it was read. */
export interface ReadMessages extends MessagesFields {
  /** Bytes of the longest message. */
  longest: number;
}

/** Fields of a `messages` frame to read into. */
export function newReadMessages(): ReadMessages {
  return { ...newMessagesFields(), longest: 0 };
}

/**
 * Reads a `messages` frame.
 *
 * @returns Whether everything in it is as docs/protocol.md says; what a peer
 * sends is passed on to others and kept, so nothing else may get in.
 */
export function readMessages(
  bytes: Uint8Array,
  frame: FrameBounds,
  into: ReadMessages,
): boolean {
  const at = frame.fields;
  if (frame.payload - at < MESSAGES_FIELDS) return false;
  into.firstSequence = readU64(bytes, at);
  into.floor = readU64(bytes, at + 8);
  into.after = readU64(bytes, at + 16);
  into.count = readU32(bytes, at + 24);
  into.longest = longestMessage(bytes, frame.payload, frame.end, into.count);
  return isRun(into) && Number.isSafeInteger(into.after) &&
    into.longest >= 0 && frame.end - frame.payload <= FRAME_PAYLOAD_BYTES_MAX;
}

/** Whether these can be the sequences of one frame. */
export function isRun(
  { firstSequence, floor, count }: {
    readonly firstSequence: number;
    readonly floor: number;
    readonly count: number;
  },
): boolean {
  return floor >= 1 && floor <= firstSequence &&
    Number.isSafeInteger(firstSequence + count) &&
    count >= 1 && count <= FRAME_MESSAGES_MAX;
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
 * Looks through the `count` messages that `bytes[from..end)` should be.
 *
 * @returns The length of the longest, or -1 when they are not exactly that, or
 * one is longer than `MESSAGE_BYTES_MAX`.
 */
export function longestMessage(
  bytes: Uint8Array,
  from: number,
  end: number,
  count: number,
): number {
  let longest = 0;
  let at = from;
  for (let i = 0; i < count; i++) {
    if (end - at < MESSAGE_HEADER_BYTES) return -1;
    const length = readU32(bytes, at);
    if (length > longest) longest = length;
    at += MESSAGE_HEADER_BYTES + length;
  }
  return at === end && longest <= MESSAGE_BYTES_MAX ? longest : -1;
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

/** Fields of a `receipt` frame to fill. */
export function newReceiptFields(): ReceiptFields {
  return { firstSequence: 0, count: 0, tick: 0, copies: 0 };
}

/** Whether the fields were there to be read, and can be true. */
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
  return Number.isSafeInteger(into.firstSequence + into.count) &&
    Number.isSafeInteger(into.tick);
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

/** Fields of a `refusal` frame to fill. */
export function newRefusalFields(): RefusalFields {
  return { firstSequence: 0, count: 0, code: 0 };
}

/** Whether the fields were there to be read, and can be true. */
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
  return Number.isSafeInteger(into.firstSequence + into.count);
}

/** Writes a `refusal` frame. */
export function writeRefusal(
  out: ByteQueue,
  firstSequence: number,
  count: number,
  kind: WireErrorKind,
  reason: string,
): void {
  const text = reasonBytes(reason);
  const at = beginFrame(out, FrameType.refusal, REFUSAL_FIELDS, text.length);
  const bytes = out.bytes;
  writeU64(bytes, at, firstSequence);
  writeU32(bytes, at + 8, count);
  writeU16(bytes, at + 12, kind.code);
  bytes.set(text, at + REFUSAL_FIELDS);
}
