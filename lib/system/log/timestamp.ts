/**
 * Time as the original's logs have it: `2026-11-23 18:23:45,123`, local time,
 * as Python's logging writes it.
 *
 * @module
 */

/** Bytes of a timestamp. */
export const TIMESTAMP_BYTES = 23;

/** A moment, in ms since 1970, as text. */
export function timestamp(ms: number): string {
  const date = new Date(ms);
  const two = (value: number) => `${value}`.padStart(2, "0");
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-` +
    two(date.getDate());
  const time = `${two(date.getHours())}:${two(date.getMinutes())}:` +
    two(date.getSeconds());
  return `${day} ${time},${`${date.getMilliseconds()}`.padStart(3, "0")}`;
}
