/**
 * The lines of a stream, as bytes, so that any encoding passes unchanged.
 *
 * @module
 */

import { MESSAGE_BYTES_MAX } from "../lib/base/limits.ts";
import { LineScanner, LineStatus } from "../lib/wire/line.ts";

/** Stands for a line that is too long for a message. */
export const TOO_LONG = "too long";

const CR = 13;

/**
 * The lines of `stream`, without their endings (LF, or CR LF). A last line
 * without an ending counts; an empty stream has none.
 *
 * @param signal Ends the lines early.
 */
export async function* readLines(
  stream: ReadableStream<Uint8Array>,
  signal: AbortSignal,
): AsyncIterable<Uint8Array | typeof TOO_LONG> {
  const reader = stream.getReader();
  signal.addEventListener("abort", () => reader.cancel().catch(() => {}));
  const lines = new LineScanner(MESSAGE_BYTES_MAX);
  let rest = new Uint8Array(0);
  for (;;) {
    const { value, done } = await reader.read();
    if (done || signal.aborted) break;
    const bytes = joined(rest, value);
    let at = 0;
    for (;;) {
      const status = lines.next(bytes, at, bytes.length);
      at = lines.used;
      if (status === LineStatus.partial) break;
      yield status === LineStatus.whole
        ? bytes.slice(lines.start, lines.end)
        : TOO_LONG;
    }
    rest = bytes.slice(at);
  }
  if (rest.length > 0 && !signal.aborted) {
    yield rest.at(-1) === CR ? rest.subarray(0, -1) : rest;
  }
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  if (a.length === 0) return b;
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}
