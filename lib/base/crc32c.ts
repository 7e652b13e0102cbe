/**
 * CRC-32C (Castagnoli), the checksum of a record and the print of a message:
 * RFC 3720, appendix B.4.
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

/** Bytes that may go behind: fewer than 2 to the power of this. */
const JOINED_BITS = 21;

/** What a table of {@linkcode crcTable}'s kind has for the bytes of a CRC. */
const WORD_ENTRIES = 4 * 256;

/**
 * `shiftTable[1024 * k + 256 * n + byte]`: what byte n of a CRC becomes when
 * 2^k zero bytes follow. Each table is that of half as many bytes, twice.
 */
const shiftTable = new Int32Array(JOINED_BITS * WORD_ENTRIES);
for (let i = 0; i < WORD_ENTRIES; i++) {
  const crc = (i & 255) << (8 * (i >>> 8));
  shiftTable[i] = (crc >>> 8) ^ crcTable[crc & 255]!;
}
for (let i = WORD_ENTRIES; i < shiftTable.length; i++) {
  const half = (i & -WORD_ENTRIES) - WORD_ENTRIES;
  shiftTable[i] = shifted(half, shiftTable[i - WORD_ENTRIES]!);
}

/**
 * The CRC-32C of two parts, one behind the other, from the CRC of each: that of
 * the first moved past as many zero bytes as the second has, and the second's
 * (as `crc32_combine` of zlib). It costs as much as the CRC of a few bytes.
 *
 * @param length Bytes of the second part, fewer than 2^21.
 */
export function crcJoined(
  first: number,
  second: number,
  length: number,
): number {
  let crc = first;
  for (let rest = length, at = 0; rest > 0; rest >>>= 1, at += WORD_ENTRIES) {
    if ((rest & 1) === 1) crc = shifted(at, crc);
  }
  return crc ^ second;
}

/** A CRC past the zero bytes that the table at `at` stands for. */
function shifted(at: number, crc: number): number {
  return shiftTable[at + (crc & 255)]! ^
    shiftTable[at + 256 + (crc >>> 8 & 255)]! ^
    shiftTable[at + 512 + (crc >>> 16 & 255)]! ^
    shiftTable[at + 768 + (crc >>> 24)]!;
}
