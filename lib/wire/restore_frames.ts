/**
 * The frames of repair: records that a data node is to keep as they are, in
 * place of one that lost them, and whether it does.
 *
 * @module
 */

import type { ByteQueue } from "../base/byte_queue.ts";
import {
  beginFrame,
  type FrameBounds,
  FrameType,
  HEADER_BYTES,
  reasonBytes,
} from "./frame.ts";
import { readU16, readU64, writeU16, writeU64 } from "../base/little_endian.ts";

const RESTORE_FIELDS = 8;
const RESTORED_FIELDS = 10;

/**
 * The property of a data node that says how many bytes of a `restore` frame it
 * takes; one before 0.2 takes no more than of any other frame.
 */
export const RESTORE_PROPERTY = "restore-bytes-max";

/** Bytes of a `restore` frame before its lines. */
export const RESTORE_OVERHEAD_BYTES: number = HEADER_BYTES + RESTORE_FIELDS;

/** Code of a `restored` frame when the records are synced. */
export const RESTORED_OK = 0;

/** The ticket of a `restore` frame, whose payload is lines; -1 if it has none. */
export function readRestore(bytes: Uint8Array, frame: FrameBounds): number {
  if (frame.payload - frame.fields < RESTORE_FIELDS) return -1;
  return readU64(bytes, frame.fields);
}

/** Writes a `restore` frame. */
export function writeRestore(
  out: ByteQueue,
  ticket: number,
  lines: Uint8Array,
): void {
  const at = beginFrame(out, FrameType.restore, RESTORE_FIELDS, lines.length);
  writeU64(out.bytes, at, ticket);
  out.bytes.set(lines, at + RESTORE_FIELDS);
}

/** Fields of a `restored` frame; the payload is the reason, if any. */
export interface RestoredFields {
  ticket: number;
  /** {@linkcode RESTORED_OK}, or see errors.ts. */
  code: number;
}

/** Fields of a `restored` frame to fill. */
export function newRestoredFields(): RestoredFields {
  return { ticket: 0, code: 0 };
}

/** Whether the fields were there to be read, and can be true. */
export function readRestored(
  bytes: Uint8Array,
  frame: FrameBounds,
  into: RestoredFields,
): boolean {
  if (frame.payload - frame.fields < RESTORED_FIELDS) return false;
  into.ticket = readU64(bytes, frame.fields);
  into.code = readU16(bytes, frame.fields + 8);
  return Number.isSafeInteger(into.ticket);
}

/** Writes a `restored` frame. */
export function writeRestored(
  out: ByteQueue,
  ticket: number,
  code: number,
  reason: string,
): void {
  const text = reasonBytes(reason);
  const at = beginFrame(out, FrameType.restored, RESTORED_FIELDS, text.length);
  writeU64(out.bytes, at, ticket);
  writeU16(out.bytes, at + 8, code);
  out.bytes.set(text, at + RESTORED_FIELDS);
}
