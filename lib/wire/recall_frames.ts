/**
 * The frames by which a head asks what data nodes know of a client, before it
 * places that client's messages: an id that was used for other messages is
 * noticed by them alone.
 *
 * @module
 */

import { FRAME_MESSAGES_MAX } from "../base/limits.ts";
import type { ByteQueue } from "../base/byte_queue.ts";
import { beginFrame, type FrameBounds, FrameType } from "./frame.ts";
import { readU32, readU64, writeU32, writeU64 } from "../base/little_endian.ts";
import { areClientId } from "../base/names.ts";

/** A data node that answers `recall` says so in its handshake: `recalls=1`. */
export const RECALLS_PROPERTY = "recalls";
/** See {@linkcode RECALLS_PROPERTY}. */
export const RECALLS = "1";

const RECALL_FIELDS = 20;
const RECALLED_FIELDS = 24;
const PRINT_BYTES = 4;

/** Fields of a `recall` frame; the payload is the client id. */
export interface RecallFields {
  /** Numbers the requests of one connection; comes back with the answer. */
  ticket: number;
  /** Of the messages whose prints are wanted. */
  firstSequence: number;
  /** How many they are. */
  count: number;
}

/** Fields of a `recall` frame to fill. */
export function newRecallFields(): RecallFields {
  return { ticket: 0, firstSequence: 0, count: 0 };
}

/** Whether everything in it is as docs/protocol.md says. */
export function readRecall(
  bytes: Uint8Array,
  frame: FrameBounds,
  into: RecallFields,
): boolean {
  const at = frame.fields;
  if (frame.payload - at < RECALL_FIELDS) return false;
  into.ticket = readU64(bytes, at);
  into.firstSequence = readU64(bytes, at + 8);
  into.count = readU32(bytes, at + 16);
  return Number.isSafeInteger(into.ticket) && into.firstSequence >= 1 &&
    Number.isSafeInteger(into.firstSequence + into.count) &&
    into.count >= 1 && into.count <= FRAME_MESSAGES_MAX &&
    areClientId(bytes, frame.payload, frame.end);
}

/** Writes a `recall` frame. */
export function writeRecall(
  out: ByteQueue,
  fields: RecallFields,
  clientId: Uint8Array,
): void {
  const at = beginFrame(
    out,
    FrameType.recall,
    RECALL_FIELDS,
    clientId.length,
  );
  writeU64(out.bytes, at, fields.ticket);
  writeU64(out.bytes, at + 8, fields.firstSequence);
  writeU32(out.bytes, at + 16, fields.count);
  out.bytes.set(clientId, at + RECALL_FIELDS);
}

/** Fields of a `recalled` frame; the payload are prints, a u32 each. */
export interface RecalledFields {
  ticket: number;
  /** Every sequence of this client below this one has been answered; or 0. */
  floor: number;
  /** Past the highest sequence of this client that was heard of; or 0. */
  end: number;
}

/** Fields of a `recalled` frame to fill. */
export function newRecalledFields(): RecalledFields {
  return { ticket: 0, floor: 0, end: 0 };
}

/** Whether the fields were there to be read, and can be true. */
export function readRecalled(
  bytes: Uint8Array,
  frame: FrameBounds,
  into: RecalledFields,
): boolean {
  const at = frame.fields;
  if (frame.payload - at < RECALLED_FIELDS) return false;
  into.ticket = readU64(bytes, at);
  into.floor = readU64(bytes, at + 8);
  into.end = readU64(bytes, at + 16);
  return Number.isSafeInteger(into.ticket) &&
    Number.isSafeInteger(into.floor) && Number.isSafeInteger(into.end) &&
    (frame.end - frame.payload) % PRINT_BYTES === 0;
}

/** How many prints the payload `[from..to)` holds. */
export function printsIn(from: number, to: number): number {
  return (to - from) / PRINT_BYTES;
}

/** A print of a payload that begins at `from`; 0 stands for no message. */
export function readPrint(bytes: Uint8Array, from: number, i: number): number {
  return readU32(bytes, from + i * PRINT_BYTES);
}

/**
 * Writes a `recalled` frame.
 *
 * @param prints By sequence; what is left out at the end is not known.
 */
export function writeRecalled(
  out: ByteQueue,
  fields: RecalledFields,
  prints: Uint32Array,
): void {
  const at = beginFrame(
    out,
    FrameType.recalled,
    RECALLED_FIELDS,
    prints.length * PRINT_BYTES,
  );
  const { bytes } = out;
  writeU64(bytes, at, fields.ticket);
  writeU64(bytes, at + 8, fields.floor);
  writeU64(bytes, at + 16, fields.end);
  let o = at + RECALLED_FIELDS;
  for (const print of prints) {
    writeU32(bytes, o, print);
    o += PRINT_BYTES;
  }
}
