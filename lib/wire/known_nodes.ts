/**
 * Known nodes: what is remembered of every data node that was ever told to have
 * stored a message, so that nobody takes an answer for whole that lacks one.
 *
 * Heads share nothing, so each remembers by itself, and tells what it knows to
 * its data nodes, which keep it in their directories and pass it on. A head
 * that has lost its memory, or is new, has it again with the first data node
 * that joins. Whatever way two memories meet, {@linkcode merged} makes the same
 * of them, in any order and however often: of two versions the later one
 * counts, and of one version the more cautious statement.
 *
 * @module
 */

import { ADDRESS_BYTES_MAX, NODE_ID_BYTES } from "../base/limits.ts";
import { bytesOf, textOf } from "../base/ascii.ts";
import type { ByteQueue } from "../base/byte_queue.ts";
import { beginFrame, type FrameBounds, FrameType } from "./frame.ts";
import { readU32, readU64, writeU32, writeU64 } from "../base/little_endian.ts";
import { areNodeIds } from "../base/names.ts";

/** What became of a data node. A number is never given a new meaning. */
export const KnownState = {
  /** It is a member somewhere, or away. */
  known: 0,
  /** It is away, and all that it had is elsewhere. */
  repaired: 1,
  /** It is away, and an operator has let it go. */
  forgotten: 2,
  /**
   * No data node: stands for what a head acknowledged on the word of data
   * nodes that cannot be read back. `end` is how many messages that was.
   */
  unreadable: 3,
} as const;
/** See {@linkcode KnownState}. */
export type KnownState = typeof KnownState[keyof typeof KnownState];

/**
 * Stands in {@linkcode KnownNode.copies} for a data node that no acknowledged
 * message is on.
 */
export const NO_MESSAGES = 255;

/** A data node as it is remembered. */
export interface KnownNode {
  readonly id: string;
  /** Its last address. */
  readonly address: string;
  readonly state: KnownState;
  /** Grows with each statement that takes an earlier one back. */
  readonly version: number;
  /**
   * Each acknowledged message that this data node has was then on so many disks
   * that can be read, at least; {@linkcode NO_MESSAGES} when it has none.
   */
  readonly copies: number;
  /**
   * Whether some of its records may be gone: it has said so, or has fewer bytes
   * than it once had. Of a forgotten one: whether others may rely on it.
   */
  readonly isLacking: boolean;
  /** Bytes that it had synced when it was last heard of. */
  readonly end: number;
}

/** Whether messages may be missing when it is away. */
export function isMissable({ state, copies }: KnownNode): boolean {
  return state === KnownState.known && copies !== NO_MESSAGES;
}

/** Whether it was let go. */
export function isForgotten({ state }: KnownNode): boolean {
  return state === KnownState.forgotten;
}

/**
 * Whether it is to be remembered. One that joined and was never given a message
 * is not: it costs nobody anything.
 */
export function isLasting({ version, copies }: KnownNode): boolean {
  return version > 0 || copies !== NO_MESSAGES;
}

/** More data nodes than this are not remembered. */
export const KNOWN_NODES_MAX = 4_096;

/** Of two memories of one data node, what both together know. */
export function merged(a: KnownNode, b: KnownNode): KnownNode {
  if (a.version !== b.version) return a.version > b.version ? a : b;
  return {
    ...a,
    state: Math.max(a.state, b.state) as KnownState,
    copies: Math.min(a.copies, b.copies),
    isLacking: a.isLacking || b.isLacking,
    end: Math.max(a.end, b.end),
  };
}

/** Whether two memories say the same, apart from the address. */
export function areAlike(a: KnownNode, b: KnownNode): boolean {
  return a.version === b.version && a.state === b.state &&
    a.copies === b.copies && a.isLacking === b.isLacking && a.end === b.end;
}

/** Bytes of one node in a `roster` frame before its address. */
const ENTRY_BYTES = NODE_ID_BYTES + 16;

const IS_LACKING = 1;

/**
 * The highest version that is believed: with ten changes a second it takes
 * seven years, and one more must always fit in 32 bits.
 */
const VERSION_MAX = 2 ** 31;

/** Writes a `roster` frame: what the sender knows of these data nodes. */
export function writeRoster(
  out: ByteQueue,
  nodes: readonly KnownNode[],
): void {
  const addresses = nodes.map(({ address }) => bytesOf(address));
  const length = addresses.reduce(
    (sum, address) => sum + ENTRY_BYTES + address.length,
    0,
  );
  let at = beginFrame(out, FrameType.roster, 0, length);
  const { bytes } = out;
  for (const [index, node] of nodes.entries()) {
    const address = addresses[index]!;
    bytes.set(bytesOf(node.id), at);
    bytes[at + 8] = node.state;
    bytes[at + 9] = node.copies;
    bytes[at + 10] = node.isLacking ? IS_LACKING : 0;
    writeU32(bytes, at + 11, node.version);
    writeU64(bytes, at + 15, node.end);
    bytes[at + 23] = address.length;
    bytes.set(address, at + ENTRY_BYTES);
    at += ENTRY_BYTES + address.length;
  }
}

/** The data nodes of a `roster` frame, or undefined when it is malformed. */
export function readRoster(
  bytes: Uint8Array,
  frame: FrameBounds,
): KnownNode[] | undefined {
  const nodes: KnownNode[] = [];
  for (let at = frame.payload; at < frame.end;) {
    const addressAt = at + ENTRY_BYTES;
    if (addressAt > frame.end) return undefined;
    const addressEnd = addressAt + bytes[at + 23]!;
    const version = readU32(bytes, at + 11);
    const state = stateOf(bytes[at + 8]!);
    const end = readU64(bytes, at + 15);
    if (
      addressEnd > frame.end || addressEnd - addressAt > ADDRESS_BYTES_MAX ||
      state === undefined || !Number.isSafeInteger(end) ||
      version > VERSION_MAX || !isAddress(bytes, addressAt, addressEnd) ||
      !areNodeIds(bytes, at, at + NODE_ID_BYTES)
    ) return undefined;
    nodes.push({
      id: textOf(bytes, at, at + NODE_ID_BYTES),
      address: textOf(bytes, addressAt, addressEnd),
      state,
      version,
      copies: bytes[at + 9]!,
      isLacking: (bytes[at + 10]! & IS_LACKING) !== 0,
      end,
    });
    at = addressEnd;
  }
  return nodes;
}

/** Whether these bytes can stand as one word in a file: visible ASCII. */
function isAddress(bytes: Uint8Array, from: number, to: number): boolean {
  if (from >= to) return false;
  for (let i = from; i < to; i++) {
    if (bytes[i]! <= 0x20 || bytes[i]! >= 0x7f) return false;
  }
  return true;
}

/** The state with this number, or undefined. */
export function stateOf(number: number): KnownState | undefined {
  return Object.values(KnownState).find((state) => state === number);
}
