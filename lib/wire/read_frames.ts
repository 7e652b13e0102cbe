/**
 * The frames of read-back: a client asks a head which data nodes there are,
 * and reads the bytes of their segments through it, piece by piece.
 *
 * Every piece is asked for, so whoever reads sets the pace, and neither the
 * head nor the data node keeps anything for it.
 *
 * @module
 */

import {
  ADDRESS_BYTES_MAX,
  LANE_NUMBER_MAX,
  NODE_ID_BYTES,
} from "../base/limits.ts";
import { bytesOf, textOf } from "../base/ascii.ts";
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
import { areNodeIds } from "../base/names.ts";

const NODES_FIELDS = 8;
const READ_FIELDS = 32;
const PIECE_FIELDS = 36;
const UNREAD_FIELDS = 10;

/** What a head knows of a data node. */
export const NodeState = {
  /** It is a member, and can be read. */
  present: 0,
  /** It was a member, and is not now. */
  away: 1,
  /** It is a member that cannot be read: an original program. */
  unreadable: 2,
  /** It is away, and all that it had has as many copies as it should. */
  repaired: 3,
} as const;
/** See {@linkcode NodeState}. */
export type NodeState = typeof NodeState[keyof typeof NodeState];

/** A data node as a head tells of it. */
export interface ListedNode {
  readonly id: string;
  readonly address: string;
  readonly state: NodeState;
}

/** Writes a `list` frame: which data nodes are there? */
export function writeList(out: ByteQueue): void {
  beginFrame(out, FrameType.list, 0, 0);
}

/** What a `nodes` frame says beside the data nodes. */
export interface NodesFields {
  /**
   * Time until every data node that runs must have called this head, in ms; 0
   * when it knows all that there are.
   */
  readonly settlesInMs: number;
  /** Data nodes that were let go, with whatever only they had. */
  readonly forgotten: number;
}

/** Writes a `nodes` frame, the answer to `list`. */
export function writeNodes(
  out: ByteQueue,
  nodes: readonly ListedNode[],
  { settlesInMs, forgotten }: NodesFields,
): void {
  const addresses = nodes.map(({ address }) => bytesOf(address));
  const length = addresses.reduce(
    (sum, address) => sum + NODE_ID_BYTES + 2 + address.length,
    0,
  );
  let at = beginFrame(out, FrameType.nodes, NODES_FIELDS, length);
  const bytes = out.bytes;
  writeU32(bytes, at, Math.ceil(settlesInMs));
  writeU32(bytes, at + 4, forgotten);
  at += NODES_FIELDS;
  for (const [index, { id, state }] of nodes.entries()) {
    const address = addresses[index]!;
    bytes.set(bytesOf(id), at);
    at += NODE_ID_BYTES;
    bytes[at++] = state;
    bytes[at++] = address.length;
    bytes.set(address, at);
    at += address.length;
  }
}

/** The data nodes of a `nodes` frame, or undefined when it is malformed. */
export function readNodes(
  bytes: Uint8Array,
  frame: FrameBounds,
): ListedNode[] | undefined {
  const nodes: ListedNode[] = [];
  for (let at = frame.payload; at < frame.end;) {
    const stateAt = at + NODE_ID_BYTES;
    const addressAt = stateAt + 2;
    const addressEnd = addressAt + (bytes[stateAt + 1] ?? 0);
    const state = Object.values(NodeState).find((s) => s === bytes[stateAt]);
    if (
      addressAt > frame.end || addressEnd > frame.end || state === undefined ||
      addressEnd - addressAt > ADDRESS_BYTES_MAX ||
      !areNodeIds(bytes, at, stateAt)
    ) return undefined;
    nodes.push({
      id: textOf(bytes, at, stateAt),
      address: textOf(bytes, addressAt, addressEnd),
      state,
    });
    at = addressEnd;
  }
  return nodes;
}

/** What a `nodes` frame says beside them; a head before 0.2 says nothing. */
export function readNodesFields(
  bytes: Uint8Array,
  frame: FrameBounds,
): NodesFields {
  if (frame.payload - frame.fields < NODES_FIELDS) {
    return { settlesInMs: 0, forgotten: 0 };
  }
  return {
    settlesInMs: readU32(bytes, frame.fields),
    forgotten: readU32(bytes, frame.fields + 4),
  };
}

/** Fields of a `read` frame; a client's names the data node behind them. */
export interface ReadFields {
  /** Numbers the requests of one connection; comes back with the answer. */
  ticket: number;
  /** Of the first byte to read, counted over all segments from 0. */
  position: number;
  /** Bytes to read at most. */
  bytesMax: number;
  /**
   * Logical time of the head: what the data node stores after it has answered
   * comes after this.
   */
  tick: number;
  /** Which lane to read (lanes.ts), from 1; 0 are the segments. */
  lane: number;
}

/** Fields of a `read` frame to fill. */
export function newReadFields(): ReadFields {
  return { ticket: 0, position: 0, bytesMax: 0, tick: 0, lane: 0 };
}

/** Whether the fields were there to be read, and can be true. */
export function readRead(
  bytes: Uint8Array,
  frame: FrameBounds,
  into: ReadFields,
): boolean {
  const at = frame.fields;
  if (frame.payload - at < READ_FIELDS) return false;
  into.ticket = readU64(bytes, at);
  into.position = readU64(bytes, at + 8);
  into.bytesMax = readU32(bytes, at + 16);
  into.tick = readU64(bytes, at + 20);
  into.lane = readU32(bytes, at + 28);
  return Number.isSafeInteger(into.ticket) &&
    Number.isSafeInteger(into.position) && into.bytesMax > 0 &&
    Number.isSafeInteger(into.tick);
}

/** The data node that a client's `read` frame names, or undefined. */
export function readTarget(
  bytes: Uint8Array,
  { payload, end }: FrameBounds,
): string | undefined {
  return end - payload === NODE_ID_BYTES && areNodeIds(bytes, payload, end)
    ? textOf(bytes, payload, end)
    : undefined;
}

/** Writes a `read` frame. @param nodeId Empty on the way to the data node. */
export function writeRead(
  out: ByteQueue,
  fields: ReadFields,
  nodeId = "",
): void {
  const at = beginFrame(out, FrameType.read, READ_FIELDS, nodeId.length);
  const bytes = out.bytes;
  writeU64(bytes, at, fields.ticket);
  writeU64(bytes, at + 8, fields.position);
  writeU32(bytes, at + 16, fields.bytesMax);
  writeU64(bytes, at + 20, fields.tick);
  writeU32(bytes, at + 28, fields.lane);
  bytes.set(bytesOf(nodeId), at + READ_FIELDS);
}

/** Fields of a `piece` frame; the payload is the bytes. */
export interface PieceFields {
  ticket: number;
  position: number;
  /** Where the synced bytes of the data node end, counted as `position`. */
  end: number;
  /** Its logical time: what it stores from now on has a later tick. */
  tick: number;
  /** The highest number of a lane that it has; they are numbered from 1. */
  lanes: number;
}

/** Fields of a `piece` frame to fill. */
export function newPieceFields(): PieceFields {
  return { ticket: 0, position: 0, end: 0, tick: 0, lanes: 0 };
}

/** Whether the fields were there to be read, and can be true. */
export function readPiece(
  bytes: Uint8Array,
  frame: FrameBounds,
  into: PieceFields,
): boolean {
  const at = frame.fields;
  if (frame.payload - at < PIECE_FIELDS) return false;
  into.ticket = readU64(bytes, at);
  into.position = readU64(bytes, at + 8);
  into.end = readU64(bytes, at + 16);
  into.tick = readU64(bytes, at + 24);
  into.lanes = readU32(bytes, at + 32);
  return Number.isSafeInteger(into.ticket) &&
    Number.isSafeInteger(into.position) && Number.isSafeInteger(into.end) &&
    Number.isSafeInteger(into.tick) && into.lanes <= LANE_NUMBER_MAX;
}

/** Writes a `piece` frame of `bytes[from..to)`. */
export function writePiece(
  out: ByteQueue,
  fields: PieceFields,
  bytes: Uint8Array,
  from: number,
  to: number,
): void {
  const at = beginFrame(out, FrameType.piece, PIECE_FIELDS, to - from);
  const target = out.bytes;
  writeU64(target, at, fields.ticket);
  writeU64(target, at + 8, fields.position);
  writeU64(target, at + 16, fields.end);
  writeU64(target, at + 24, fields.tick);
  writeU32(target, at + 32, fields.lanes);
  target.set(bytes.subarray(from, to), at + PIECE_FIELDS);
}

/** Fields of an `unread` frame; the payload is the reason. */
export interface UnreadFields {
  ticket: number;
  /** See errors.ts. */
  code: number;
}

/** Fields of an `unread` frame to fill. */
export function newUnreadFields(): UnreadFields {
  return { ticket: 0, code: 0 };
}

/** Whether the fields were there to be read, and can be true. */
export function readUnread(
  bytes: Uint8Array,
  frame: FrameBounds,
  into: UnreadFields,
): boolean {
  if (frame.payload - frame.fields < UNREAD_FIELDS) return false;
  into.ticket = readU64(bytes, frame.fields);
  into.code = readU16(bytes, frame.fields + 8);
  return Number.isSafeInteger(into.ticket);
}

/** Writes an `unread` frame. */
export function writeUnread(
  out: ByteQueue,
  ticket: number,
  kind: WireErrorKind,
  reason: string,
): void {
  const text = reasonBytes(reason);
  const at = beginFrame(out, FrameType.unread, UNREAD_FIELDS, text.length);
  writeU64(out.bytes, at, ticket);
  writeU16(out.bytes, at + 8, kind.code);
  out.bytes.set(text, at + UNREAD_FIELDS);
}
