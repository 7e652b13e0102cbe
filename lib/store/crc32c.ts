/**
 * CRC-32C (Castagnoli), the checksum of a record: RFC 3720, appendix B.4.
 *
 * It finds every error of up to 32 consecutive bits, so any single byte, and
 * misses one of 2^32 others. Eight bytes a step ("slicing by eight", Kounavis
 * and Berry, 2005), because a node computes it for every record it writes.
 *
 * @module
 */

/** The polynomial of RFC 3720, bits reversed. */
const POLYNOMIAL = 0x82f63b78;

/** Bytes that one step takes. */
const SLICES = 8;

/** `crcTable[256 * n + byte]`: what a byte does that n bytes follow. */
export const crcTable = new Int32Array(SLICES * 256);
for (let i = 0; i < 256; i++) {
  let remainder = i;
  for (let bit = 0; bit < 8; bit++) {
    remainder = (remainder >>> 1) ^ (remainder & 1 ? POLYNOMIAL : 0);
  }
  crcTable[i] = remainder;
}
for (let i = 256; i < crcTable.length; i++) {
  const before = crcTable[i - 256]!;
  crcTable[i] = (before >>> 8) ^ crcTable[before & 255]!;
}

/**
 * The CRC-32C of `bytes[from..to)`.
 *
 * @param before The CRC of what goes in front, to compute one of parts.
 * @returns A signed 32-bit number; `>>> 0` makes it unsigned.
 */
export function crc32c(
  bytes: Uint8Array,
  from = 0,
  to: number = bytes.length,
  before = 0,
): number {
  let crc = ~before;
  let at = from;
  for (const end = to - SLICES + 1; at < end; at += SLICES) {
    crc ^= bytes[at]! | bytes[at + 1]! << 8 | bytes[at + 2]! << 16 |
      bytes[at + 3]! << 24;
    crc = crcTable[7 * 256 + (crc & 255)]! ^
      crcTable[6 * 256 + (crc >>> 8 & 255)]! ^
      crcTable[5 * 256 + (crc >>> 16 & 255)]! ^
      crcTable[4 * 256 + (crc >>> 24)]! ^
      crcTable[3 * 256 + bytes[at + 4]!]! ^
      crcTable[2 * 256 + bytes[at + 5]!]! ^
      crcTable[256 + bytes[at + 6]!]! ^
      crcTable[bytes[at + 7]!]!;
  }
  for (; at < to; at++) {
    crc = (crc >>> 8) ^ crcTable[(crc ^ bytes[at]!) & 255]!;
  }
  return ~crc;
}
