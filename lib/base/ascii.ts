/**
 * Text as bytes. Encoders are made once here, because the wire is bytes and
 * the rest of the program mostly is not.
 *
 * @module
 */

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** The UTF-8 bytes of `text`. */
export function bytesOf(text: string): Uint8Array {
  return encoder.encode(text);
}

/**
 * The text of `bytes[from..to)` read as UTF-8; what is not UTF-8 becomes
 * U+FFFD.
 */
export function textOf(
  bytes: Uint8Array,
  from = 0,
  to: number = bytes.length,
): string {
  return decoder.decode(bytes.subarray(from, to));
}

/** Whether `bytes[at..to)` begins with `prefix`. */
export function startsWith(
  bytes: Uint8Array,
  prefix: Uint8Array,
  at = 0,
  to: number = bytes.length,
): boolean {
  if (to - at < prefix.length) return false;
  for (let i = 0; i < prefix.length; i++) {
    if (bytes[at + i] !== prefix[i]) return false;
  }
  return true;
}

/** How many decimal digits a whole number from 0 to 2^53 - 1 has. */
export function decimalLength(value: number): number {
  let digits = 1;
  for (let bound = 10; value >= bound; bound *= 10) digits++;
  return digits;
}

/**
 * Writes `value`, a whole number from 0 to 2^53 - 1, in decimal at `at`.
 *
 * @returns Where the number ends.
 */
export function writeDecimal(
  target: Uint8Array,
  at: number,
  value: number,
): number {
  const end = at + decimalLength(value);
  let rest = value;
  for (let i = end - 1; i >= at; i--) {
    const next = Math.floor(rest / 10);
    // In this order: 48 + rest could pass 2^53 and lose its last digit.
    target[i] = rest - next * 10 + 48;
    rest = next;
  }
  return end;
}
