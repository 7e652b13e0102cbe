/**
 * Payloads as text that one line of a file can hold, and back, byte for byte.
 *
 * A backslash becomes `\\`, line feed `\n`, carriage return `\r`, tab `\t`.
 * Other control bytes, and bytes that are not part of valid UTF-8 (RFC 3629),
 * become `\xHH`, so that a data file is always text to `grep` and harmless to
 * a terminal. All else, accents and emoji included, stays as it is.
 *
 * @module
 */

const BACKSLASH = 92;
const HEX = "0123456789abcdef";
const LETTER_X = 120;

/** A byte becomes at most this many. */
export const ESCAPED_BYTES_MAX = 4;

/** Escapes of two bytes: the byte and the letter behind its backslash. */
const letters: readonly (readonly [number, number])[] = [
  [BACKSLASH, BACKSLASH],
  [10, 110],
  [13, 114],
  [9, 116],
];
const letterOf = new Uint8Array(256);
const byteOf = new Uint8Array(256);
for (const [byte, letter] of letters) {
  letterOf[byte] = letter;
  byteOf[letter] = byte;
}

/** Bytes from which on copying them together is faster than one by one. */
const COPY_BYTES_MIN = 64;

/** 1 for the bytes that need no look: printable ASCII but the backslash. */
export const isPlain: Uint8Array = new Uint8Array(256);
isPlain.fill(1, 32, 127);
isPlain[BACKSLASH] = 0;

/**
 * Writes `source[from..to)` escaped to `target` at `at`, which has room for
 * {@linkcode ESCAPED_BYTES_MAX} times as much.
 *
 * @returns Where the escaped text ends.
 */
export function escapeInto(
  target: Uint8Array,
  at: number,
  source: Uint8Array,
  from: number,
  to: number,
): number {
  let o = at;
  let i = from;
  while (i < to) {
    const byte = source[i]!;
    if (isPlain[byte] === 1 && to - i < COPY_BYTES_MIN) {
      // Most messages are short: without a loop in the loop, a record is
      // written in two thirds of the time (`deno bench`).
      target[o++] = byte;
      i++;
    } else if (isPlain[byte] === 1) {
      const end = plainEnd(source, i + 1, to);
      // A loop beats the call and the subarray for what is short.
      if (end - i < COPY_BYTES_MIN) {
        while (i < end) target[o++] = source[i++]!;
      } else {
        target.set(source.subarray(i, end), o);
        o += end - i;
        i = end;
      }
    } else if (byte >= 0x80) {
      const length = utf8Length(source, i, to);
      if (length === 0) {
        o = writeHex(target, o, byte);
        i++;
      } else {
        for (const end = i + length; i < end; i++) target[o++] = source[i]!;
      }
    } else if (letterOf[byte] !== 0) {
      target[o++] = BACKSLASH;
      target[o++] = letterOf[byte]!;
      i++;
    } else {
      o = writeHex(target, o, byte);
      i++;
    }
  }
  return o;
}

/**
 * Writes the bytes that the escaped text `source[from..to)` stands for to
 * `target` at `at`. The text never gets longer, so it may be done in place.
 *
 * @returns Where the bytes end, or -1 when the text is no escaped payload.
 */
export function unescapeInto(
  target: Uint8Array,
  at: number,
  source: Uint8Array,
  from: number,
  to: number,
): number {
  let o = at;
  let i = from;
  while (i < to) {
    const byte = source[i]!;
    if (byte !== BACKSLASH) {
      target[o++] = byte;
      i++;
      continue;
    }
    const letter = i + 1 < to ? source[i + 1]! : 0;
    if (letter === LETTER_X) {
      const value = i + 3 < to ? readHex(source, i + 2) : -1;
      if (value < 0) return -1;
      target[o++] = value;
      i += 4;
    } else {
      if (byteOf[letter] === 0) return -1;
      target[o++] = byteOf[letter]!;
      i += 2;
    }
  }
  return o;
}

/** `payload` escaped, as a string for a log or a terminal. */
export function escapedText(
  payload: Uint8Array,
  from = 0,
  to: number = payload.length,
): string {
  const room = new Uint8Array((to - from) * ESCAPED_BYTES_MAX);
  const end = escapeInto(room, 0, payload, from, to);
  return new TextDecoder().decode(room.subarray(0, end));
}

/** Where the plain bytes end that `i` is among, or behind. */
function plainEnd(source: Uint8Array, i: number, to: number): number {
  let end = i;
  while (end < to && isPlain[source[end]!] === 1) end++;
  return end;
}

/**
 * Length of the UTF-8 sequence that begins at `i`, by the table of RFC 3629,
 * section 4; 0 when there is no valid one.
 */
function utf8Length(bytes: Uint8Array, i: number, to: number): number {
  const first = bytes[i]!;
  const second = i + 1 < to ? bytes[i + 1]! : 0;
  if (first < 0xc2 || first > 0xf4) return 0;
  // U+0080 to U+009F are control characters too; one begins a CSI sequence.
  if (first === 0xc2 && second < 0xa0) return 0;
  if (first < 0xe0) return isTail(second) ? 2 : 0;
  const third = i + 2 < to ? bytes[i + 2]! : 0;
  if (first < 0xf0) {
    const low = first === 0xe0 ? 0xa0 : 0x80;
    const high = first === 0xed ? 0x9f : 0xbf;
    return second >= low && second <= high && isTail(third) ? 3 : 0;
  }
  const low = first === 0xf0 ? 0x90 : 0x80;
  const high = first === 0xf4 ? 0x8f : 0xbf;
  const fourth = i + 3 < to ? bytes[i + 3]! : 0;
  return second >= low && second <= high && isTail(third) && isTail(fourth)
    ? 4
    : 0;
}

function isTail(byte: number): boolean {
  return byte >= 0x80 && byte <= 0xbf;
}

function writeHex(target: Uint8Array, at: number, byte: number): number {
  target[at] = BACKSLASH;
  target[at + 1] = LETTER_X;
  target[at + 2] = HEX.charCodeAt(byte >>> 4);
  target[at + 3] = HEX.charCodeAt(byte & 15);
  return at + 4;
}

function readHex(bytes: Uint8Array, at: number): number {
  const high = HEX.indexOf(String.fromCharCode(bytes[at]!));
  const low = HEX.indexOf(String.fromCharCode(bytes[at + 1]!));
  return high < 0 || low < 0 ? -1 : high * 16 + low;
}
