/**
 * CRC-32C (Castagnoli), the checksum of a record: RFC 3720, appendix B.4.
 *
 * It finds every error of up to 32 consecutive bits, so any single byte, and
 * misses one of 2^32 others. Four bytes a step ("slicing by four", Kounavis and
 * Berry, 2005), because a node computes it for every record it writes.
 *
 * @module
 */

/** The polynomial of RFC 3720, bits reversed. */
const POLYNOMIAL = 0x82f63b78;

const table0 = new Int32Array(256);
const table1 = new Int32Array(256);
const table2 = new Int32Array(256);
const table3 = new Int32Array(256);
for (let i = 0; i < 256; i++) {
  let remainder = i;
  for (let bit = 0; bit < 8; bit++) {
    remainder = (remainder >>> 1) ^ (remainder & 1 ? POLYNOMIAL : 0);
  }
  table0[i] = remainder;
}
for (let i = 0; i < 256; i++) {
  table1[i] = (table0[i]! >>> 8) ^ table0[table0[i]! & 255]!;
  table2[i] = (table1[i]! >>> 8) ^ table0[table1[i]! & 255]!;
  table3[i] = (table2[i]! >>> 8) ^ table0[table2[i]! & 255]!;
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
  for (const four = to - 3; at < four; at += 4) {
    crc ^= bytes[at]! | bytes[at + 1]! << 8 | bytes[at + 2]! << 16 |
      bytes[at + 3]! << 24;
    crc = table3[crc & 255]! ^ table2[(crc >>> 8) & 255]! ^
      table1[(crc >>> 16) & 255]! ^ table0[crc >>> 24]!;
  }
  for (; at < to; at++) {
    crc = (crc >>> 8) ^ table0[(crc ^ bytes[at]!) & 255]!;
  }
  return ~crc;
}
