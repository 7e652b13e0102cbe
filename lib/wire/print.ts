/**
 * The print of a message: 32 bits by which two messages under one id are told
 * apart without keeping either.
 *
 * The CRC-32C of the whole message; 1 instead of 0, which stands for no
 * message. The checksum of its record is made from it (record.ts), so that a
 * data node has it for nothing. A sample of a long message would do for others,
 * and two orders that differ in one number would pass for one.
 *
 * @module
 */

import { MESSAGE_HEADER_BYTES } from "./client_frames.ts";
import { crc32c } from "../base/crc32c.ts";
import { readU32 } from "../base/little_endian.ts";

/** The print of the message `bytes[from..to)`: 1 to 2^32 - 1. */
export function printOf(bytes: Uint8Array, from: number, to: number): number {
  return printOfCrc(crc32c(bytes, from, to));
}

/** The print of the message that has this CRC-32C. */
export function printOfCrc(crc: number): number {
  return crc === 0 ? 1 : crc >>> 0;
}

/**
 * The print of each of `count` messages.
 *
 * @param messages As frames have them; the first begins at `from`.
 */
export function printsOf(
  messages: Uint8Array,
  from: number,
  count: number,
): Uint32Array {
  const prints = new Uint32Array(count);
  for (let i = 0, at = from; i < count; i++) {
    const start = at + MESSAGE_HEADER_BYTES;
    at = start + readU32(messages, at);
    prints[i] = printOf(messages, start, at);
  }
  return prints;
}
