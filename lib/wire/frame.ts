/**
 * sd/2 frames: the header they share, and the frames without messages.
 *
 * A frame is a header of 8 bytes, fields of fixed width, and a payload:
 *
 *     u32 length        of what follows these four bytes
 *     u8  type
 *     u8  flags         by type; a reader ignores bits it does not know
 *     u16 fieldsLength  of the fields that follow
 *     … fields, then payload
 *
 * Numbers are little-endian; a u64 holds a whole number up to 2^53 - 1.
 * Room to grow: a later version appends fields, and a reader of this one finds
 * the payload by `fieldsLength`; a frame of a type it does not know is skipped.
 *
 * Reading fills one object that the caller keeps, writing appends to a queue
 * that the caller keeps: nothing is allocated for a frame.
 *
 * @module
 */

import { assert } from "../base/assert.ts";
import {
  FRAME_BYTES_MAX,
  FRAME_PAYLOAD_BYTES_MAX,
  RESTORE_FRAME_BYTES_MAX,
} from "../base/limits.ts";
import { bytesOf } from "../base/ascii.ts";
import type { ByteQueue } from "../base/byte_queue.ts";
import type { WireErrorKind } from "./errors.ts";
import {
  readU16,
  readU32,
  readU64,
  writeU16,
  writeU32,
  writeU64,
} from "../base/little_endian.ts";

/** The types of frames. A number is never given a new meaning. */
export const FrameType = {
  /** Either way: the connection ends, and why. */
  error: 0,
  /** Client to head: messages with consecutive sequences. */
  messages: 1,
  /** Head to client: those messages are stored, and where. */
  receipt: 2,
  /** Head to client: those messages are not stored, and why. */
  refusal: 3,
  /** Head to data node: store these messages. */
  store: 4,
  /** Data node to head: all up to this ticket are synced. */
  stored: 5,
  /** Data node to head: these tickets are not stored, and why. */
  notStored: 6,
  /** Either way: are you there? */
  beat: 7,
  /** Answer to a beat, with its stamp. */
  beatEcho: 8,
  /** Data node to head: place nothing more here. */
  draining: 9,
  /** Client to head: which data nodes are there? */
  list: 10,
  /** Head to client: these. */
  nodes: 11,
  /** Client to head, and on to a data node: read from your segments. */
  read: 12,
  /** Data node to head, and on to the client: what was read. */
  piece: 13,
  /** Head or data node: it was not read, and why. */
  unread: 14,
  /** Head to data node: keep these records of others, as they are. */
  restore: 15,
  /** Data node to head: they are synced, or not, and why. */
  restored: 16,
  /** Data node to head: records here are damaged. */
  damaged: 17,
  /** Head and data node: what is known of data nodes; see known_nodes.ts. */
  roster: 18,
  /** Head to data node: what it has told to be damaged is elsewhere. */
  healed: 19,
  /** Data node to head: why it cannot store now; empty when it can. */
  unwell: 20,
  /** Head to client, in front of `nodes`: messages may be missing, and why. */
  missing: 21,
  /** Head to data node: what do you know of this client's messages? */
  recall: 22,
  /** Data node to head: this. */
  recalled: 23,
} as const;
/** See {@linkcode FrameType}. */
export type FrameType = typeof FrameType[keyof typeof FrameType];

/** Bytes before the fields. */
export const HEADER_BYTES = 8;

const BEAT_FIELDS = 9;
const ERROR_FIELDS = 2;
const HEALED_FIELDS = 4;

/** Where the next frame of a buffer lies. */
export interface FrameBounds {
  /** One of {@linkcode FrameType}, or a number of a later version. */
  type: number;
  /** Where the fields begin. */
  fields: number;
  /** Where the payload begins. */
  payload: number;
  /** Where the frame ends and the next begins. */
  end: number;
}

/** Bounds to find a frame with. */
export function newFrameBounds(): FrameBounds {
  return { type: 0, fields: 0, payload: 0, end: 0 };
}

/** What {@linkcode readFrame} found. */
export const FrameStatus = {
  /** The bounds are filled in. */
  whole: 0,
  /** More bytes are needed. */
  partial: 1,
  /** These bytes can never become a frame. */
  malformed: 2,
} as const;
/** See {@linkcode FrameStatus}. */
export type FrameStatus = typeof FrameStatus[keyof typeof FrameStatus];

/** Finds the frame that begins at `at` in `bytes[..length)`. */
export function readFrame(
  bytes: Uint8Array,
  at: number,
  length: number,
  into: FrameBounds,
): FrameStatus {
  if (length - at < HEADER_BYTES) return FrameStatus.partial;
  const total = readU32(bytes, at) + 4;
  if (total < HEADER_BYTES || total > FRAME_BYTES_MAX) {
    // One record may be longer, since what is no text takes four bytes a byte.
    const isRestore = bytes[at + 4] === FrameType.restore;
    if (total < HEADER_BYTES || !isRestore || total > RESTORE_FRAME_BYTES_MAX) {
      return FrameStatus.malformed;
    }
  }
  const fields = at + HEADER_BYTES;
  const payload = fields + readU16(bytes, at + 6);
  const end = at + total;
  if (payload > end) return FrameStatus.malformed;
  if (end > length) return FrameStatus.partial;
  into.type = bytes[at + 4]!;
  into.fields = fields;
  into.payload = payload;
  into.end = end;
  return FrameStatus.whole;
}

/**
 * Appends a header, and room for fields and payload.
 *
 * @returns Where in `out.bytes` the fields are to be written.
 */
export function beginFrame(
  out: ByteQueue,
  type: FrameType,
  fieldsLength: number,
  payloadLength: number,
): number {
  const total = HEADER_BYTES + fieldsLength + payloadLength;
  if (total > FRAME_BYTES_MAX) mindLength(type, total);
  const at = out.reserve(total);
  const bytes = out.bytes;
  writeU32(bytes, at, total - 4);
  bytes[at + 4] = type;
  bytes[at + 5] = 0;
  writeU16(bytes, at + 6, fieldsLength);
  out.commit(total);
  return at + HEADER_BYTES;
}

/** Ends the process where it would write what nobody can read. */
function mindLength(type: FrameType, total: number): void {
  // How many data nodes there are is the doing of others.
  if (type === FrameType.nodes || type === FrameType.roster) return;
  assert(
    type === FrameType.restore && total <= RESTORE_FRAME_BYTES_MAX,
    "a frame is not longer than a peer takes",
  );
}

/**
 * The bytes of a reason, as far as a frame has room for them: it may be what a
 * peer has said.
 */
export function reasonBytes(reason: string): Uint8Array {
  const bytes = bytesOf(reason);
  return bytes.length <= FRAME_PAYLOAD_BYTES_MAX
    ? bytes
    : bytes.subarray(0, FRAME_PAYLOAD_BYTES_MAX);
}

/** Fields of a `beat` and its `beatEcho`. */
export interface BeatFields {
  /** A number of the sender's; comes back with the echo. */
  stamp: number;
  /** Whether the sender takes no more for now, and reads no beats either. */
  isBusy: boolean;
}

/** Fields of a beat, to read into or to write. */
export function newBeatFields(): BeatFields {
  return { stamp: 0, isBusy: false };
}

/** Whether the fields were there to be read, and can be true. */
export function readBeat(
  bytes: Uint8Array,
  frame: FrameBounds,
  into: BeatFields,
): boolean {
  if (frame.payload - frame.fields < BEAT_FIELDS) return false;
  into.stamp = readU64(bytes, frame.fields);
  into.isBusy = bytes[frame.fields + 8] !== 0;
  return Number.isSafeInteger(into.stamp);
}

/** Writes a `beat` or its echo. */
export function writeBeat(
  out: ByteQueue,
  type: typeof FrameType.beat | typeof FrameType.beatEcho,
  fields: BeatFields,
): void {
  // In two steps: beginning a frame may move the bytes.
  const at = beginFrame(out, type, BEAT_FIELDS, 0);
  writeU64(out.bytes, at, fields.stamp);
  out.bytes[at + 8] = fields.isBusy ? 1 : 0;
}

/** Writes a `draining` frame: this end wants no more messages. */
export function writeDraining(out: ByteQueue): void {
  beginFrame(out, FrameType.draining, 0, 0);
}

/** Writes a `damaged` frame: records here cannot be read, or are lost. */
export function writeDamaged(out: ByteQueue): void {
  beginFrame(out, FrameType.damaged, 0, 0);
}

/**
 * Writes a `healed` frame.
 *
 * @param damages How many `damaged` frames had come on this connection before
 * the records were looked for.
 */
export function writeHealed(out: ByteQueue, damages: number): void {
  const at = beginFrame(out, FrameType.healed, HEALED_FIELDS, 0);
  writeU32(out.bytes, at, damages);
}

/** What a `healed` frame says, or -1 when it says nothing. */
export function readHealed(bytes: Uint8Array, frame: FrameBounds): number {
  if (frame.payload - frame.fields < HEALED_FIELDS) return -1;
  return readU32(bytes, frame.fields);
}

/** Writes an `unwell` frame; an empty reason says that all is well again. */
export function writeUnwell(out: ByteQueue, reason: string): void {
  writeText(out, FrameType.unwell, reason);
}

/** Writes a `missing` frame. */
export function writeMissing(out: ByteQueue, reason: string): void {
  writeText(out, FrameType.missing, reason);
}

function writeText(out: ByteQueue, type: FrameType, text: string): void {
  const bytes = reasonBytes(text);
  const at = beginFrame(out, type, 0, bytes.length);
  out.bytes.set(bytes, at);
}

/** The code of an `error` frame, or -1 when it has none. */
export function readErrorCode(bytes: Uint8Array, frame: FrameBounds): number {
  if (frame.payload - frame.fields < ERROR_FIELDS) return -1;
  return readU16(bytes, frame.fields);
}

/** Writes an `error` frame. */
export function writeError(
  out: ByteQueue,
  kind: WireErrorKind,
  reason: string,
): void {
  const text = reasonBytes(reason);
  const at = beginFrame(out, FrameType.error, ERROR_FIELDS, text.length);
  writeU16(out.bytes, at, kind.code);
  out.bytes.set(text, at + ERROR_FIELDS);
}
