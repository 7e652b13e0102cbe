/**
 * The frames between a head and a data node: what to store, and whether it is.
 *
 * @module
 */

import { NODE_ID_BYTES, REPLICAS_MAX, TIME_MS_MAX } from "../base/limits.ts";
import type { ByteQueue } from "../base/byte_queue.ts";
import type { WireErrorKind } from "./errors.ts";
import { isRun, longestMessage } from "./client_frames.ts";
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
import { areClientId, areNodeIds } from "../base/names.ts";

const STORE_FIELDS = 46;
const STORED_FIELDS = 24;
/** Bytes of the fields of a `stored` frame of data nodes before 0.2. */
const STORED_FIELDS_BEFORE_END = 16;
const NOT_STORED_FIELDS = 18;

/** Where the flags of a frame are, counted from its fields. */
const FLAGS_AT = -3;
const VERIFIED = 1;

/** Fields of a `store` frame. The payload: client id, holders, messages. */
export interface StoreFields {
  /** Numbers the frames of one connection, from 1. */
  ticket: number;
  firstSequence: number;
  /** Every sequence of this client below this one has been answered. */
  floor: number;
  /** Logical time of the head; the node's goes past it. */
  tick: number;
  /** When the head received the messages, in ms since 1970. */
  timeMs: number;
  count: number;
  clientIdLength: number;
  /** How many node ids follow the client id. */
  holders: number;
  /**
   * A flag: these were compared with what other data nodes have, and are to be
   * kept although they are below a floor that was heard of.
   */
  isVerified?: boolean;
}

/** Fields of a `store` frame to fill. */
export function newStoreFields(): StoreFields {
  return {
    ticket: 0,
    firstSequence: 0,
    floor: 0,
    tick: 0,
    timeMs: 0,
    count: 0,
    clientIdLength: 0,
    holders: 0,
    isVerified: false,
  };
}

/** A `store` frame as it was read. */
export interface ReadStore extends StoreFields {
  /** Where the client id ends and the holders begin. */
  holdersAt: number;
  /** Where the messages begin. */
  messagesAt: number;
}

/** Fields of a `store` frame to read into. */
export function newReadStore(): ReadStore {
  return { ...newStoreFields(), holdersAt: 0, messagesAt: 0 };
}

/**
 * Reads a `store` frame.
 *
 * @returns Whether everything in it is as docs/protocol.md says: what it holds
 * becomes lines of `data.txt`, which must be readable for ever.
 */
export function readStore(
  bytes: Uint8Array,
  frame: FrameBounds,
  into: ReadStore,
): boolean {
  const at = frame.fields;
  if (frame.payload - at < STORE_FIELDS) return false;
  into.ticket = readU64(bytes, at);
  into.firstSequence = readU64(bytes, at + 8);
  into.floor = readU64(bytes, at + 16);
  into.tick = readU64(bytes, at + 24);
  into.timeMs = readU64(bytes, at + 32);
  into.count = readU32(bytes, at + 40);
  into.clientIdLength = bytes[at + 44]!;
  into.holders = bytes[at + 45]!;
  into.isVerified = (bytes[at + FLAGS_AT]! & VERIFIED) !== 0;
  into.holdersAt = frame.payload + into.clientIdLength;
  into.messagesAt = into.holdersAt + into.holders * NODE_ID_BYTES;
  const { holdersAt, messagesAt } = into;
  return messagesAt <= frame.end && isRun(into) &&
    Number.isSafeInteger(into.ticket) && Number.isSafeInteger(into.tick) &&
    into.timeMs <= TIME_MS_MAX && into.holders >= 1 &&
    into.holders <= REPLICAS_MAX &&
    areClientId(bytes, frame.payload, holdersAt) &&
    areNodeIds(bytes, holdersAt, messagesAt) &&
    longestMessage(bytes, messagesAt, frame.end, into.count) >= 0;
}

/**
 * Begins a `store` frame of `payloadBytes`.
 *
 * @returns Where in `out.bytes` the payload is to be written; it is committed
 * already.
 */
export function writeStore(
  out: ByteQueue,
  fields: StoreFields,
  payloadBytes: number,
): number {
  const at = beginFrame(out, FrameType.store, STORE_FIELDS, payloadBytes);
  const bytes = out.bytes;
  writeU64(bytes, at, fields.ticket);
  writeU64(bytes, at + 8, fields.firstSequence);
  writeU64(bytes, at + 16, fields.floor);
  writeU64(bytes, at + 24, fields.tick);
  writeU64(bytes, at + 32, fields.timeMs);
  writeU32(bytes, at + 40, fields.count);
  bytes[at + 44] = fields.clientIdLength;
  bytes[at + 45] = fields.holders;
  if (fields.isVerified === true) bytes[at + FLAGS_AT]! |= VERIFIED;
  return at + STORE_FIELDS;
}

/** Fields of a `stored` frame. */
export interface StoredFields {
  /** All tickets up to this one, but for those refused, are synced. */
  ticket: number;
  /** The node's logical time. */
  tick: number;
  /** Where its synced bytes end; 0 when a node before 0.2 does not say. */
  end: number;
}

/** Fields of a `stored` frame to fill. */
export function newStoredFields(): StoredFields {
  return { ticket: 0, tick: 0, end: 0 };
}

/** Whether the fields were there to be read, and can be true. */
export function readStored(
  bytes: Uint8Array,
  frame: FrameBounds,
  into: StoredFields,
): boolean {
  const length = frame.payload - frame.fields;
  if (length < STORED_FIELDS_BEFORE_END) return false;
  into.ticket = readU64(bytes, frame.fields);
  into.tick = readU64(bytes, frame.fields + 8);
  into.end = length < STORED_FIELDS ? 0 : readU64(bytes, frame.fields + 16);
  return Number.isSafeInteger(into.ticket) &&
    Number.isSafeInteger(into.tick) && Number.isSafeInteger(into.end);
}

/** Writes a `stored` frame. */
export function writeStored(
  out: ByteQueue,
  ticket: number,
  tick: number,
  end: number,
): void {
  const at = beginFrame(out, FrameType.stored, STORED_FIELDS, 0);
  writeU64(out.bytes, at, ticket);
  writeU64(out.bytes, at + 8, tick);
  writeU64(out.bytes, at + 16, end);
}

/** Fields of a `notStored` frame; the payload is the reason. */
export interface NotStoredFields {
  /** The first ticket that is not stored. */
  firstTicket: number;
  /** The last one; all between them share the fate. */
  lastTicket: number;
  /** See errors.ts. */
  code: number;
}

/** Fields of a `notStored` frame to fill. */
export function newNotStoredFields(): NotStoredFields {
  return { firstTicket: 0, lastTicket: 0, code: 0 };
}

/** Whether the fields were there to be read, and can be true. */
export function readNotStored(
  bytes: Uint8Array,
  frame: FrameBounds,
  into: NotStoredFields,
): boolean {
  if (frame.payload - frame.fields < NOT_STORED_FIELDS) return false;
  into.firstTicket = readU64(bytes, frame.fields);
  into.lastTicket = readU64(bytes, frame.fields + 8);
  into.code = readU16(bytes, frame.fields + 16);
  return Number.isSafeInteger(into.firstTicket) &&
    Number.isSafeInteger(into.lastTicket);
}

/** Writes a `notStored` frame. */
export function writeNotStored(
  out: ByteQueue,
  firstTicket: number,
  lastTicket: number,
  kind: WireErrorKind,
  reason: string,
): void {
  const text = reasonBytes(reason);
  const at = beginFrame(
    out,
    FrameType.notStored,
    NOT_STORED_FIELDS,
    text.length,
  );
  writeU64(out.bytes, at, firstTicket);
  writeU64(out.bytes, at + 8, lastTicket);
  writeU16(out.bytes, at + 16, kind.code);
  out.bytes.set(text, at + NOT_STORED_FIELDS);
}
