/**
 * Names on the wire and in `data.txt`: which bytes an id may have, so that it
 * can be neither mistaken for anything else nor forge a line of a log.
 *
 * @module
 */

import { CLIENT_ID_BYTES_MAX, NODE_ID_BYTES } from "./limits.ts";
import { bytesOf, textOf } from "./ascii.ts";

/** 1 for the bytes that a client id may have. */
const inClientId = tableOf(/[A-Za-z0-9_.-]/);
/** 1 for the bytes that a node id may have. */
const inNodeId = tableOf(/[a-z0-9]/);

/** Whether this is a client id: 1 to 64 of `A-Z a-z 0-9 _ . -`. */
export function isClientId(text: string): boolean {
  const bytes = bytesOf(text);
  return areClientId(bytes, 0, bytes.length);
}

/** Whether `bytes[from..to)` are a client id. */
export function areClientId(
  bytes: Uint8Array,
  from: number,
  to: number,
): boolean {
  return to > from && to - from <= CLIENT_ID_BYTES_MAX &&
    areIn(inClientId, bytes, from, to);
}

/** Whether this is a node id: 8 of `a-z 0-9`. */
export function isNodeId(text: string): boolean {
  const bytes = bytesOf(text);
  return bytes.length === NODE_ID_BYTES &&
    areIn(inNodeId, bytes, 0, NODE_ID_BYTES);
}

/** Whether `bytes[from..to)` are node ids, one behind the other. */
export function areNodeIds(
  bytes: Uint8Array,
  from: number,
  to: number,
): boolean {
  return (to - from) % NODE_ID_BYTES === 0 && areIn(inNodeId, bytes, from, to);
}

/** Names remembered; a power of two. */
const REMEMBERED = 1_024;

interface Name {
  readonly bytes: Uint8Array;
  readonly text: string;
}

/** By the hash of a name, which takes the place of one with the same. */
const remembered = new Array<Name | undefined>(REMEMBERED).fill(undefined);

/**
 * The name `bytes[from..to)` as a string. One that was met
 * lately is not made again: the same clients come in thousands of batches, and
 * making the string costs more than all else that is done with it.
 */
export function nameOf(bytes: Uint8Array, from: number, to: number): string {
  // FNV-1a (Fowler, Noll, Vo), 32 bits.
  let hash = 0x811c9dc5;
  for (let i = from; i < to; i++) {
    hash = Math.imul(hash ^ bytes[i]!, 0x01000193);
  }
  const place = (hash ^ hash >>> 16) & (REMEMBERED - 1);
  const known = remembered[place];
  if (known !== undefined && isAt(known.bytes, bytes, from, to)) {
    return known.text;
  }
  const name = { bytes: bytes.slice(from, to), text: textOf(bytes, from, to) };
  if (to - from <= CLIENT_ID_BYTES_MAX) remembered[place] = name;
  return name.text;
}

function isAt(
  name: Uint8Array,
  bytes: Uint8Array,
  from: number,
  to: number,
): boolean {
  if (name.length !== to - from) return false;
  for (let i = 0; i < name.length; i++) {
    if (name[i] !== bytes[from + i]) return false;
  }
  return true;
}

function areIn(
  table: Uint8Array,
  bytes: Uint8Array,
  from: number,
  to: number,
): boolean {
  for (let i = from; i < to; i++) if (table[bytes[i]!] === 0) return false;
  return true;
}

function tableOf(expected: RegExp): Uint8Array {
  return Uint8Array.from(
    { length: 256 },
    (_, byte) => expected.test(String.fromCharCode(byte)) ? 1 : 0,
  );
}
