/**
 * Names on the wire and in `data.txt`: which bytes an id may have, so that it
 * can be neither mistaken for anything else nor forge a line of a log.
 *
 * @module
 */

import { CLIENT_ID_BYTES_MAX, NODE_ID_BYTES } from "../limits.ts";
import { bytesOf } from "./ascii.ts";

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
